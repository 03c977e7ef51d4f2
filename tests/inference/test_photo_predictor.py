"""From photos to answers, whatever computes the logits: here, a photo's mean colour does."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.inference.answering import Looked, Outputs
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.photo_predictor import PhotoPredictor
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.described import DescribedModel
from geoguess_cli.photos.ahead import batches_ahead
from geoguess_cli.photos.images import ImageSpec


class ColorModel(DescribedModel):
    """A model without a network."""

    config, metrics, familiarity, memory = ModelConfig(), {}, None, None
    spec = ImageSpec(size=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    decision = Decision(temperature=2.0)
    fingerprint, parameters, licence = "c0105", 0, ""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition


class ColorPredictor(PhotoPredictor):
    """Logits by the mean of red, green, blue, and their sum."""

    def look(self, images: Any) -> Looked:
        mean = np.asarray(images).mean(axis=(2, 3))
        logits = 10 * np.concatenate([mean, mean.sum(axis=1, keepdims=True) / 6], axis=1)
        return Looked(logits.astype(np.float32), None, mean)

    def outputs(
        self, files: Sequence[Any], *, batch_size: int = 32, workers: int = 0
    ) -> Iterator[Outputs]:
        for batch in batches_ahead(files, self.read, batch_size=batch_size, workers=workers):
            yield self.outputs_of(batch.rows, batch.images, batch.failures)


@pytest.fixture
def predictor(partition: Partition) -> ColorPredictor:
    return ColorPredictor(ColorModel(partition), device="paper", precision="fp32", max_pixels=10**6)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{name}.png" for name in ("red", "broken", "blue")]
    for path, color in ((paths[0], "red"), (paths[2], "blue")):
        Image.new("RGB", (20, 10), color).save(path)
    paths[1].write_text("no picture")
    return paths


def test_a_colour_is_a_cell(predictor: ColorPredictor, files: list[Path]) -> None:
    red, broken, blue = predictor.predict(files, batch_size=2)
    assert isinstance(red, Answer)
    assert isinstance(broken, Unanswered)
    assert isinstance(blue, Answer)
    expected = np.exp([5.0, 0.0, 0.0, 5 / 6])
    np.testing.assert_allclose(red.probabilities, expected / expected.sum(), rtol=1e-4)
    assert int(blue.probabilities.argmax()) == 2
    assert "broken.png" in broken.error


def test_a_photo_in_any_form_gets_the_same_answer(
    predictor: ColorPredictor, files: list[Path]
) -> None:
    with Image.open(files[0]) as image:
        forms = [files[0], str(files[0]), files[0].read_bytes(), image, np.asarray(image)]
        forms.append(predictor.read(files[0]))
        answers = [predictor.answer(form) for form in forms]
    for answer in answers:
        np.testing.assert_array_equal(answer.probabilities, answers[0].probabilities)
    assert [answer.photo for answer in answers] == [str(files[0])] * 2 + [""] * 4


def test_a_region_limits_the_answers_and_not_the_logits(predictor: ColorPredictor) -> None:
    texas = predictor.within(find_region("Texas"))
    assert type(texas) is ColorPredictor
    assert len(texas.partition) < len(predictor.partition) == len(texas.trained.partition)
    image = np.ones((1, 3, 8, 8), np.float32)
    assert texas.logits(image).shape == (1, 4)
    assert texas.for_windows(image).shape == (1, len(texas.partition))


def test_a_record_names_model_and_device(predictor: ColorPredictor) -> None:
    record = predictor.identity()
    assert (record["device"], record["fingerprint"]) == ("paper", "c0105")
    assert (record["cells"], record["temperature"], record["image_size"]) == (4, 2.0, 8)


def test_without_memory_no_training_photo_is_named(
    predictor: ColorPredictor, files: list[Path]
) -> None:
    with pytest.raises(ModelError, match="memory"):
        list(predictor.predict(files, neighbours=1))
