"""The predictor, with a small real geolocator and real files."""

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import scipy.special
import torch
from PIL import Image

from geoguess_cli.choices import OF_PROBABILITIES
from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.errors import ModelError, PhotoError
from geoguess_cli.evaluation.evaluation import evaluate
from geoguess_cli.geo.cells import cell_children
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.inference.answers import Answer, Unanswered
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.inference.probabilities import softmax
from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.geolocator import build_geolocator, image_spec
from geoguess_cli.photos.images import decode_photo

SIZE = 64


@pytest.fixture(scope="module")
def trained(partition: Partition) -> TrainedModel:
    """Random weights, far from 0 in the head so that answers differ from photo to photo."""
    config = ModelConfig(backbone="test_resnet", vit="test_vit", grid=2, dropout=0.9)
    torch.manual_seed(1)
    geolocator = build_geolocator(config, cells=len(partition), image_size=SIZE)
    torch.nn.init.normal_(geolocator.head.linear.weight, std=2.0)
    return TrainedModel(
        geolocator=geolocator,  # in training mode: the predictor must not drop anything
        partition=partition,
        config=config,
        spec=image_spec(config, ImagesConfig(size=SIZE)),
        metrics={},
    )


@pytest.fixture
def predictor(trained: TrainedModel) -> Predictor:
    return Predictor(copy.deepcopy(trained), device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Eight paths: 2 is damaged, 5 and 6 (a batch of two) are no pictures, 7 is not there."""
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    found = [folder / f"{i}.jpg" for i in range(8)]
    for path in found[:5]:
        colors = rng.integers(0, 255, size=(4, 6, 3), dtype=np.uint8)
        Image.fromarray(colors).resize((96, 72)).save(path)
    found[2].write_bytes(found[2].read_bytes()[:200])
    for path in found[5:7]:
        path.write_text("no picture")
    return found


def test_probabilities_sum_to_one_and_differ_from_photo_to_photo(
    predictor: Predictor, paths: list[Path]
) -> None:
    images = np.stack([predictor.transform(decode_photo(paths[i])) for i in (0, 1, 3, 4)])
    probabilities = predictor.probabilities(images)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert np.ptp(probabilities, axis=0).max() > 0.01
    np.testing.assert_array_equal(probabilities, softmax(predictor.logits(images)))


def test_probabilities_are_calibrated_and_logits_are_not(
    predictor: Predictor, trained: TrainedModel, paths: list[Path]
) -> None:
    own = dataclasses.replace(
        copy.deepcopy(trained), decision=Decision(temperature=2.5, point="distance")
    )
    cooled = Predictor(own, device="cpu", precision="fp32")
    assert (cooled.temperature, cooled.point) == (2.5, "distance")
    images = np.stack([predictor.transform(decode_photo(paths[i])) for i in (0, 1)])
    logits = cooled.logits(images)
    np.testing.assert_array_equal(logits, predictor.logits(images))
    expected = scipy.special.softmax(logits.astype(np.float64) / 2.5, axis=1)
    np.testing.assert_allclose(cooled.probabilities(images), expected, rtol=1e-5)
    for output, plain in zip(cooled.outputs(paths), predictor.outputs(paths), strict=True):
        np.testing.assert_array_equal(output.logits, plain.logits)
    answers = list(cooled.predict(paths[:2]))
    found = np.stack([answer.probabilities for answer in answers])
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_a_tensor_and_a_read_only_array_answer_as_an_array_does(predictor: Predictor) -> None:
    images = np.random.default_rng(0).random((2, 3, SIZE, SIZE), dtype=np.float32)
    expected = predictor.logits(images)
    np.testing.assert_array_equal(predictor.logits(torch.from_numpy(images)), expected)
    np.testing.assert_array_equal(predictor.logits(np.broadcast_to(images, images.shape)), expected)


def test_nothing_is_dropped_in_prediction(trained: TrainedModel) -> None:
    model = copy.deepcopy(trained)
    model.geolocator.train()
    predictor = Predictor(model, device="cpu", precision="fp32")
    images = torch.rand(2, 3, SIZE, SIZE)
    np.testing.assert_array_equal(predictor.logits(images), predictor.logits(images))


def test_every_photo_gets_an_answer_in_order(predictor: Predictor, paths: list[Path]) -> None:
    answers = list(predictor.predict(paths, batch_size=2))
    assert [answer.row for answer in answers] == list(range(8))
    assert [answer.photo for answer in answers] == [str(path) for path in paths]
    assert [isinstance(answer, Answer) for answer in answers] == [1, 1, 0, 1, 1, 0, 0, 0]
    for answer in answers:
        if isinstance(answer, Answer):
            assert answer.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert str(paths[2]) in answers[2].error
    assert "no picture" in answers[5].error or "not a picture" in answers[5].error


def test_an_answer_is_that_of_the_photo_alone(predictor: Predictor, paths: list[Path]) -> None:
    for answer in predictor.predict(paths, batch_size=3):
        if isinstance(answer, Answer):
            image = predictor.transform(decode_photo(Path(answer.photo), at_least=SIZE))
            alone = predictor.probabilities(image[None])[0]
            np.testing.assert_allclose(answer.probabilities, alone, atol=1e-5)


def test_a_photo_is_answered_in_any_form(predictor: Predictor, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    colors = np.random.default_rng(3).integers(0, 255, size=(SIZE, SIZE, 3), dtype=np.uint8)
    Image.fromarray(colors).save(path)
    (expected,) = predictor.predict([path])
    image = predictor.read(path)
    for photo in (path, str(path), path.read_bytes(), Image.open(path), colors, image):
        answer = predictor.answer(photo)
        assert answer.photo == (str(path) if isinstance(photo, Path | str) else "")
        np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-6)
        assert (answer.row, answer.estimate, answer.place) == (
            0,
            expected.estimate,
            expected.place,
        )
        assert answer.expected_km == pytest.approx(expected.expected_km, rel=1e-5)
        assert answer.radius_90_km == pytest.approx(expected.radius_90_km, rel=1e-5)
    assert predictor.answer(colors, name="mine").photo == "mine"
    assert not predictor.answer(colors, min_confidence=1.0).sure


def test_a_picture_is_turned_upright(predictor: Predictor, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    colors = np.random.default_rng(3).integers(0, 255, size=(SIZE, SIZE, 3), dtype=np.uint8)
    Image.fromarray(colors).save(tmp_path / "turned.png", exif=exif)
    turned = predictor.answer(Image.open(tmp_path / "turned.png"))
    upright = predictor.answer(np.rot90(colors, -1).copy())
    np.testing.assert_array_equal(turned.probabilities, upright.probabilities)


def test_an_unreadable_photo_has_no_answer(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="does not exist"):
        predictor.answer(tmp_path / "nowhere.jpg")


@pytest.mark.parametrize("workers", [0, 2])
def test_workers_change_nothing(predictor: Predictor, paths: list[Path], workers: int) -> None:
    here = list(predictor.predict(paths, batch_size=3))
    there = list(predictor.predict(paths, batch_size=3, workers=workers))
    for one, other in zip(here, there, strict=True):
        assert type(one) is type(other)
        assert one.row == other.row
        if isinstance(one, Unanswered):
            assert one == other
        else:
            np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_each_answer_has_a_point_estimate_and_how_far_to_believe_it(
    predictor: Predictor, paths: list[Path]
) -> None:
    partition = predictor.partition
    centroids = partition.centroids
    apart = np.stack([great_circle_km(one[None], centroids) for one in centroids])
    radius = np.sqrt(partition.area_km2 / np.pi)
    for point in OF_PROBABILITIES:
        for answer in predictor.predict(paths, batch_size=3, point=point):
            if isinstance(answer, Unanswered):
                continue
            p = answer.probabilities.astype(np.float64)
            cell = {
                "centroid": p.argmax(),
                "distance": (apart @ p).argmin(),
                "geoscore": (np.exp(-apart / 1492.7) @ p).argmax(),
            }.get(point)
            if cell is not None:
                assert answer.estimate == tuple(partition.centroids[cell].tolist())
            away = great_circle_km(np.array([answer.estimate]), partition.centroids)
            expected = p @ np.sqrt(away**2 + radius**2 / 2)
            assert answer.expected_km == pytest.approx(expected, rel=1e-4)
            reach = away + radius
            enough = [r for r in sorted(reach) if p[reach <= r].sum() >= 0.9 - 1e-6]
            assert answer.radius_90_km == pytest.approx(enough[0], rel=1e-4)
            assert answer.place == locate(np.array([answer.estimate]))[0]
            assert answer.sure


def test_the_models_own_method_is_the_default(trained: TrainedModel, paths: list[Path]) -> None:
    decided = dataclasses.replace(copy.deepcopy(trained), decision=Decision(point="distance"))
    predictor = Predictor(decided, device="cpu", precision="fp32")
    own, asked, other = (
        [answer.estimate for answer in predictor.predict(paths[:2], point=point)]
        for point in (None, "distance", "centroid")
    )
    assert own == asked
    probabilities = np.stack([a.probabilities for a in predictor.predict(paths[:2])])
    assert own == [tuple(place) for place in predictor.answering.estimates(probabilities).tolist()]
    assert other == [
        tuple(place) for place in predictor.answering.estimates(probabilities, "centroid").tolist()
    ]


@pytest.mark.parametrize("least", [0.0, 0.3, 0.5, 0.9, 1.0])
def test_below_the_least_confidence_an_answer_is_not_sure(predictor, paths, least: float) -> None:
    for answer in predictor.predict([paths[0], paths[1]], min_confidence=least):
        assert answer.sure == (answer.probabilities.max() >= least)
        assert answer.estimate is not None


def test_of_no_photos_there_are_no_answers(predictor: Predictor) -> None:
    assert list(predictor.predict([])) == []


def test_bf16_answers_nearly_the_same(trained: TrainedModel) -> None:
    images = torch.rand(4, 3, SIZE, SIZE)
    full = Predictor(copy.deepcopy(trained), device="cpu", precision="fp32").probabilities(images)
    half = Predictor(copy.deepcopy(trained), device="cpu", precision="bf16").probabilities(images)
    assert half.dtype == np.float32
    np.testing.assert_allclose(half.sum(axis=1), 1, atol=1e-5)
    assert not np.array_equal(half, full)
    np.testing.assert_allclose(half, full, atol=0.1)


def test_logits_that_are_not_finite_are_refused(trained: TrainedModel) -> None:
    model = copy.deepcopy(trained)
    torch.nn.init.constant_(model.geolocator.head.linear.bias, torch.nan)
    predictor = Predictor(model, device="cpu", precision="fp32")
    with pytest.raises(ModelError, match="not finite"):
        predictor.probabilities(torch.zeros(1, 3, SIZE, SIZE))


def test_a_model_folder_answers_the_same(
    predictor: Predictor, trained: TrainedModel, tmp_path: Path
) -> None:
    save_model(tmp_path / "model", trained)
    loaded = Predictor.load(tmp_path / "model", device="cpu", precision="fp32")
    images = torch.rand(2, 3, SIZE, SIZE)
    np.testing.assert_array_equal(loaded.logits(images), predictor.logits(images))
    assert loaded.identity() == predictor.identity()


def test_the_fingerprint_is_of_cells_and_weights(
    predictor: Predictor, trained: TrainedModel
) -> None:
    identity = predictor.identity()
    assert (identity["backbone"], identity["vit"]) == ("test_resnet", "test_vit")
    assert (identity["image_size"], identity["cells"]) == (SIZE, 4)
    assert (identity["device"], identity["precision"]) == ("cpu", "fp32")
    assert identity["parameters"] == sum(p.numel() for p in trained.geolocator.parameters())

    nudged = copy.deepcopy(trained)
    with torch.no_grad():
        nudged.geolocator.head.linear.bias[0] += 1e-6
    other = Predictor(nudged, device="cpu", precision="fp32").identity()
    assert {key for key in identity if identity[key] != other[key]} == {"fingerprint"}

    warmed = dataclasses.replace(copy.deepcopy(trained), decision=Decision(temperature=3.0))
    other = Predictor(warmed, device="cpu", precision="fp32").identity()
    assert {key for key in identity if identity[key] != other[key]} == {"temperature"}

    moved = copy.deepcopy(trained)
    known = trained.partition
    smaller = Partition(cell_children(known.cells)[:, 0], known.photos, known.centroids)
    object.__setattr__(moved, "partition", smaller)
    other = Predictor(moved, device="cpu", precision="fp32").identity()
    assert {key for key in identity if identity[key] != other[key]} == {"fingerprint"}


def test_an_evaluation_of_a_real_model(predictor: Predictor, paths, table_of, towns) -> None:
    table = table_of(list(towns.values()) * 2)
    table = type(table)(table.frame, paths[0].parent)
    found = evaluate(predictor, table, batch_size=3)
    counts = {"photos": 4, "covered": 4, "skipped": 4, "cells": 4, "sequences": 4}
    assert found.report.record()["counts"] == counts
    answers = [a for a in predictor.predict(paths, batch_size=3) if isinstance(a, Answer)]
    own = predictor.partition.assign(table.latlng)
    expected = [a.probabilities.argmax() == own[a.row] for a in answers]
    assert found.report.record()["all"]["top_1"]["value"] == np.mean(expected)
    losses = [-np.log(a.probabilities[own[a.row]]) for a in answers]
    assert found.report.record()["loss"]["value"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert found.report.record()["model"] == predictor.identity()
