"""A model answers, maps and explains a photo in any form."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import geoguess_cli as gg
from geoguess_cli import api


def test_a_photo_comes_in_any_form(model: api.Model, photo: str) -> None:
    content = Path(photo).read_bytes()
    with Image.open(photo) as image:
        pixels = np.asarray(image)
        picture = image.copy()
    photos = [photo, Path(photo), content, picture, pixels, model.predictor.read(Path(photo))]
    expected = model.answer(photo)
    for answer in model.answers(photos):
        np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-5)
        assert answer.estimate == pytest.approx(expected.estimate, abs=1e-3)
    assert model.map(content).estimate == pytest.approx(expected.estimate)


def test_answers_come_in_order_with_the_unreadable_ones(
    model: api.Model, photo: str, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    answers = list(model.answers([photo, broken], min_confidence=0.999))
    assert [answer.photo for answer in answers] == [photo, str(broken)]
    assert not answers[0].sure
    with pytest.raises(gg.GeoguessError, match=r"broken\.jpg"):
        model.answer(broken)


def test_a_map_and_an_occlusion_map_are_of_the_answer(model: api.Model, photo: str) -> None:
    answer = model.answer(photo)
    drawn = model.map(photo, truth=(32.8, -96.8), top_k=2)
    np.testing.assert_allclose(drawn.probabilities, answer.probabilities, atol=1e-6)
    assert len(drawn.guesses) == 2
    assert drawn.truth.tolist() == [32.8, -96.8]
    explanation = model.occlusion(photo, window=16, stride=16, judged=False)
    assert explanation.occlusion.value == pytest.approx(answer.confidence, abs=1e-5)
    assert explanation.faithfulness is None


def test_nothing_to_answer_is_a_plain_error(model: api.Model, tmp_path: Path) -> None:
    with pytest.raises(gg.GeoguessError, match="no photo was given; name at least one"):
        model.together([])
    with pytest.raises(gg.GeoguessError, match=r"nothing to write to .*a\.csv: the list is empty"):
        gg.save([], tmp_path / "a.csv", partition=model.partition)
    assert list(model.answers([])) == []
    photos = gg.read_photos("sample_data/photos.csv")
    with pytest.raises(gg.GeoguessError, match="no photo to evaluate"):
        gg.evaluate(model, photos.take(np.arange(0)), split="all")
