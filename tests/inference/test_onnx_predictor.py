"""The predictor of a file beside the predictor of the network that was exported."""

from pathlib import Path

import numpy as np
import pytest
from answer_worlds import PHOTOS, write_noise
from onnx_worlds import Exchange

from geoguess_cli.choices import OF_PROBABILITIES
from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.evaluation.evaluation import evaluate
from geoguess_cli.geo.regions import find_region
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.groups import predict_groups, together
from geoguess_cli.inference.onnx_predictor import OnnxPredictor
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.onnx_model import read_onnx
from geoguess_cli.occlusion.explanation import Plan, explain_photo
from geoguess_cli.occlusion.targets import Question


@pytest.fixture(scope="module")
def network(exchange: Exchange) -> Predictor:
    return Predictor.load(exchange.folder, device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def file(exchange: Exchange) -> OnnxPredictor:
    return OnnxPredictor(read_onnx(exchange.file, device="cpu"))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_noise(tmp_path_factory.mktemp("noise") / "photos")


def assert_alike(one: Answer | Unanswered, other: Answer | Unanswered) -> None:
    assert type(one) is type(other)
    assert (one.row, one.photo, one.photos) == (other.row, other.photo, other.photos)
    if isinstance(one, Unanswered) or isinstance(other, Unanswered):
        assert one == other
        return
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
    np.testing.assert_allclose(one.estimate, other.estimate, atol=1e-3)
    np.testing.assert_allclose(one.inside, other.inside, atol=1e-4)
    assert one.sure == other.sure
    assert one.expected_km == pytest.approx(other.expected_km, rel=1e-3)
    if one.likeness is None or other.likeness is None:
        assert one.likeness is other.likeness
    else:
        assert one.likeness.distance == pytest.approx(other.likeness.distance, rel=1e-3)


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("point", [None, *OF_PROBABILITIES])
def test_a_file_answers_as_its_network(
    network: Predictor, file: OnnxPredictor, photos: list[Path], point: str | None, workers: int
) -> None:
    how = {"batch_size": 4, "point": point, "min_confidence": 0.5}
    answers = list(file.predict(photos, workers=workers, **how))
    expected = list(network.predict(photos, **how))
    assert len(answers) == PHOTOS
    for one, other in zip(answers, expected, strict=True):
        assert_alike(one, other)
    confident = [one.confidence for one in answers if isinstance(one, Answer)]
    assert max(confident) - min(confident) > 0.1


def test_groups_and_regions_need_no_network(
    network: Predictor, file: OnnxPredictor, photos: list[Path]
) -> None:
    texas = find_region("Texas")
    for one, other in zip(
        file.within(texas).predict(photos), network.within(texas).predict(photos), strict=True
    ):
        assert_alike(one, other)
    (group,), (expected,) = (
        list(predict_groups(own, photos, together(photos))) for own in (file, network)
    )
    assert_alike(group, expected)


def test_an_occlusion_map_of_a_file_is_that_of_its_network(
    network: Predictor, file: OnnxPredictor, photos: list[Path]
) -> None:
    plan = Plan(window=16, stride=16, steps=2, random_orders=1)
    maps = [explain_photo(own, photos[0], Question("top"), plan) for own in (file, network)]
    np.testing.assert_allclose(maps[0].occlusion.drop, maps[1].occlusion.drop, atol=1e-4)
    assert np.ptp(maps[1].occlusion.drop) > 1e-3


def test_a_file_is_evaluated_as_its_network(
    network: Predictor, file: OnnxPredictor, table_of, photos: list[Path], towns
) -> None:
    table = table_of([towns["Austin"], towns["Salem"]] * 2, photo=[str(p) for p in photos[4:8]])
    rows = [evaluate(own, table).predictions for own in (file, network)]
    assert rows[0]["top_tokens"].to_list() == rows[1]["top_tokens"].to_list()
    for column in ("probability", "distance_km"):
        np.testing.assert_allclose(rows[0][column], rows[1][column], rtol=1e-3, atol=1e-4)


def test_a_file_knows_neither_other_numbers_nor_its_training_photos(
    exchange: Exchange, file: OnnxPredictor, photos: list[Path]
) -> None:
    with pytest.raises(ConfigError, match="computes in fp32"):
        OnnxPredictor(read_onnx(exchange.file), precision="bf16")
    with pytest.raises(ModelError):
        list(file.predict(photos, neighbours=2))
    assert file.identity()["fingerprint"] == exchange.trained.fingerprint
