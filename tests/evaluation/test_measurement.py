"""A whole evaluation of made-up logits against independent implementations of its statistics."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import binom
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from geoguess_cli.evaluation.evaluation import Evaluation, evaluate
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.photos.table import PhotoTable

PHOTOS, TEMPERATURE = 3000, 1.7


@pytest.fixture(scope="module")
def world() -> tuple[Partition, np.ndarray, np.ndarray]:
    """About forty cells, photos and training photos. Truths are drawn from the probabilities of
    the logits, so the logits are calibrated once they are divided by the temperature.
    """
    rng = np.random.default_rng(11)
    towns = rng.uniform((30, -120), (48, -95), (40, 2))
    training = np.repeat(towns, 20, axis=0) + rng.normal(0, 0.05, (800, 2))
    partition = build_partition(training, max_photos=30, min_photos=10)
    return partition, training, rng.normal(0, 2.5, (PHOTOS, len(partition)))


@pytest.fixture(scope="module")
def truths(world) -> np.ndarray:
    """The true cell of each photo; every tenth lies in none."""
    _, _, calm = world
    p = np.exp(calm) / np.exp(calm).sum(axis=1, keepdims=True)
    drawn = (p.cumsum(axis=1) > np.random.default_rng(12).random((PHOTOS, 1))).argmax(axis=1)
    drawn[::10] = -1
    return drawn


class Calm:
    """Gives logits that must be divided by the temperature."""

    temperature, point, familiarity, memory = TEMPERATURE, "geoscore", None, None

    def __init__(self, partition: Partition, calm: np.ndarray) -> None:
        self.partition, self._logits = partition, (calm * TEMPERATURE).astype(np.float32)

    def outputs(self, paths, *, batch_size: int, workers: int):
        del workers
        for start in range(0, len(paths), batch_size):
            rows = np.arange(start, min(start + batch_size, len(paths)))
            yield Outputs(rows, self._logits[rows], [])

    def identity(self) -> dict:
        return {}


@pytest.fixture(scope="module")
def record(found: Evaluation) -> dict[str, Any]:
    """What the report holds, as JSON."""
    return found.report.record()


@pytest.fixture(scope="module")
def found(world, truths) -> Evaluation:
    partition, training, calm = world
    latlng = np.where(truths[:, None] >= 0, partition.centroids[truths], (0.0, -30.0))
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(PHOTOS)],
            "latitude": latlng[:, 0],
            "longitude": latlng[:, 1],
        }
    )
    table = PhotoTable(frame, Path("photos"))
    return evaluate(Calm(partition, calm), table, training=training, batch_size=700)


def calibration_error_metric(**options: Any) -> Any:
    """Calibration error of torchmetrics; it imports torchvision, which `_timm` mends first."""
    importlib.import_module("geoguess_cli.model._timm")
    from torchmetrics.classification import MulticlassCalibrationError

    return MulticlassCalibrationError(**options)


def softmax(logits: np.ndarray) -> np.ndarray:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


@pytest.fixture(params=["before", "after"])
def side(request, world, truths) -> tuple[str, np.ndarray, np.ndarray]:
    """Before or after: the probabilities and true cells of the covered photos."""
    covered = truths >= 0
    scale = TEMPERATURE if request.param == "before" else 1.0
    return request.param, softmax(world[2][covered] * scale), truths[covered]


def test_log_loss_and_brier_are_those_of_scikit_learn(record, side) -> None:
    name, p, cells = side
    result = record["calibration"][name]
    labels = np.arange(p.shape[1])
    assert result["nll"]["value"] == pytest.approx(log_loss(cells, p, labels=labels), abs=1e-5)
    brier = sum(brier_score_loss(cells == cell, p[:, cell]) for cell in labels)
    assert result["brier"]["value"] == pytest.approx(brier, abs=1e-5)


def test_calibration_error_is_that_of_torchmetrics(record, side) -> None:
    name, p, cells = side
    metric = calibration_error_metric(num_classes=p.shape[1], n_bins=15, norm="l1")
    theirs = float(metric(torch.tensor(p), torch.tensor(cells)))
    assert record["calibration"][name]["ece"]["value"] == pytest.approx(theirs, abs=1e-4)


def test_reliability_is_that_of_scikit_learn(record, side) -> None:
    name, p, cells = side
    share, mean = calibration_curve(p.argmax(axis=1) == cells, p.max(axis=1), n_bins=15)
    rows = [row for row in record["calibration"]["reliability"][name] if row["photos"]]
    assert [row["accuracy"]["value"] for row in rows] == pytest.approx(share.tolist(), abs=1e-6)
    assert [row["confidence"] for row in rows] == pytest.approx(mean.tolist(), abs=1e-6)
    assert sum(row["photos"] for row in rows) == len(cells)


def test_over_all_photos_an_uncovered_one_misses_a_further_class(record, world, truths) -> None:
    p = softmax(world[2])
    y = np.zeros((PHOTOS, p.shape[1] + 1))
    y[np.arange(PHOTOS), np.where(truths < 0, p.shape[1], truths)] = 1
    wider = np.hstack([p, np.zeros((PHOTOS, 1))])
    result = record["calibration"]["after"]["all"]
    assert result["brier"]["value"] == pytest.approx(
        ((wider - y) ** 2).sum(axis=1).mean(), abs=1e-5
    )
    metric = calibration_error_metric(num_classes=wider.shape[1], n_bins=15, norm="l1")
    theirs = float(metric(torch.tensor(wider), torch.tensor(y.argmax(axis=1))))
    assert result["ece"]["value"] == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize("mass", [0.5, 0.9])
def test_calibrated_sets_hold_the_truth_as_often_as_they_say(
    record, world, truths, mass: float
) -> None:
    name, covered = f"{100 * mass:g}", truths >= 0
    held = round(record["credible"][name]["covered"]["coverage"]["value"] * covered.sum())
    # A set holds a little more than its mass, because of its last cell; the excess is known.
    p = -np.sort(-softmax(world[2][covered]), axis=1)
    count = 1 + (p.cumsum(axis=1) < mass - 1e-6).sum(axis=1)
    masses = np.take_along_axis(p.cumsum(axis=1), count[:, None] - 1, axis=1)
    low, high = binom.interval(0.999, int(covered.sum()), float(masses.mean()))
    assert low <= held <= high
    everyone = record["credible"][name]["coverage"]["value"]
    assert everyone == pytest.approx(held / PHOTOS)


def test_the_model_is_judged_by_its_own_point_estimate(found: Evaluation, record, world) -> None:
    report, partition = record, world[0]
    p = softmax(world[2])
    distance = np.array(
        [great_circle_km(c[None], partition.centroids) for c in partition.centroids]
    )
    best = (p @ np.exp(-distance / 1492.7).T).argmax(axis=1)
    rows = found.predictions
    expected = partition.centroids[best]
    np.testing.assert_allclose(rows["estimate_latitude"], expected[:, 0])
    own = report["point_estimates"]["geoscore"]
    assert own["own"]
    assert own["median_km"] == report["median_km"]
    assert own["covered"]["geoscore"] == report["covered"]["geoscore"]
    assert not report["point_estimates"]["centroid"]["own"]
    # Accuracy is of the likeliest cell all the same.
    top = [partition.tokens[cell] for cell in p.argmax(axis=1)]
    assert [tokens[0] for tokens in rows["top_tokens"]] == top


def test_distances_to_train_are_those_of_a_brute_force(found: Evaluation, record, world) -> None:
    training = world[1]
    rows = found.predictions[:50]
    for row in rows.iter_rows(named=True):
        place = np.array([[row["latitude"], row["longitude"]]])
        nearest = great_circle_km(place, training).min()
        assert row["nearest_train_km"] == pytest.approx(nearest, abs=1e-6)
    near = record["by_distance_to_train"]
    assert sum(part["photos"] for part in near.values()) == PHOTOS


def test_abstaining_leaves_the_sure_photos(record, world, truths) -> None:
    p = softmax(world[2])
    for row in record["abstention"]:
        sure = p.max(axis=1) >= row["min_confidence"]
        assert row["answered"] == sure.sum()
        assert row["share"]["value"] == pytest.approx(sure.mean())
        if sure.any():
            right = (p.argmax(axis=1) == truths)[sure]
            assert row["accuracy"]["value"] == pytest.approx(right.mean())


def test_the_expected_distance_is_near_the_distance(record) -> None:
    covered = record["covered"]["mean_km"]
    expected = record["expected_km"]["covered"]["mean"]
    # Truths lie at centroids here, while photos are expected all over their cells.
    assert covered["low"] < 1.1 * expected["value"]
    assert expected["value"] < 1.3 * covered["value"]
    assert record["radius_90"]["covered"]["coverage"]["value"] >= 0.88


def test_recall_rises_to_the_coverage(found: Evaluation, record) -> None:
    rows = record["recall_area"]
    searched = found.predictions["search_km2"].fill_null(np.inf).to_numpy()
    for row in rows:
        assert row["recall"]["value"] == pytest.approx(np.mean(searched <= row["area_km2"]))
    recall = [row["recall"]["value"] for row in rows]
    assert recall == sorted(recall)
    assert (recall[0], recall[-1]) == (0.0, record["coverage"]["value"])
    assert rows[-1]["covered_recall"]["value"] == 1.0
