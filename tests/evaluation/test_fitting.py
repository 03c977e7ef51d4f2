"""A decision fitted on validation photos: scikit-learn's log loss, brute force, known answers."""

import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.metrics import log_loss

from geoguess_cli.choices import OF_PROBABILITIES, POINT_METHODS
from geoguess_cli.evaluation.fitting import Fit, best_method, fit_decision
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.table import PhotoTable

AT_SEA = (0.0, -150.0)


def batches(logits: np.ndarray, size: int = 7, unreadable: frozenset[int] = frozenset()):
    """The logits as a predictor gives them."""
    for start in range(0, len(logits), size):
        rows = np.arange(start, min(start + size, len(logits)))
        good = np.array([row for row in rows.tolist() if row not in unreadable], dtype=np.int64)
        bad = [(row, f"{row}.jpg is not a picture") for row in rows.tolist() if row in unreadable]
        yield Outputs(good, logits[good].astype(np.float32), bad)


def photos_at(latlng: np.ndarray, sequences: list[str | None] | None = None) -> PhotoTable:
    """A table of photos (that are not there) at these places."""
    frame = pl.DataFrame(
        {
            "photo": pl.Series([f"{row}.jpg" for row in range(len(latlng))], dtype=pl.String),
            "latitude": latlng[:, 0],
            "longitude": latlng[:, 1],
        }
    )
    if sequences is not None:
        frame = frame.with_columns(pl.Series("sequence", sequences, dtype=pl.String))
    return PhotoTable(frame, Path("/photos"))


def world(
    partition: Partition, photos: int = 60, *, sharpness: float = 3.0, seed: int = 0
) -> tuple[np.ndarray, PhotoTable]:
    """Logits that are `sharpness` times those of a model whose probabilities hold, and truths."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 1.5, (photos, len(partition)))
    chance = softmax(honest, axis=1)
    truths = np.array([rng.choice(len(partition), p=own / own.sum()) for own in chance])
    latlng = partition.centroids[truths] + rng.normal(0, 0.01, (photos, 2))
    return honest * sharpness, photos_at(latlng)


def test_the_temperature_has_the_least_log_loss(partition: Partition) -> None:
    logits, table = world(partition, photos=400)
    truths = partition.assign(table.latlng)
    assert (truths >= 0).all()

    def loss(temperature: float) -> float:
        likely = softmax(logits / temperature, axis=1)
        return log_loss(truths, likely, labels=range(len(partition)))

    best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-8})
    fit = fit_decision(batches(logits), table, partition)
    assert fit.decision.temperature == pytest.approx(best.x, rel=1e-4)
    assert fit.decision.temperature == pytest.approx(3.0, rel=0.25)  # drawn with 3
    assert fit.after.nll == pytest.approx(loss(fit.decision.temperature), rel=1e-5)
    assert fit.before.nll == pytest.approx(loss(1.0), rel=1e-5)
    likely, own = softmax(logits, axis=1), np.eye(len(partition))[truths]
    assert fit.before.brier == pytest.approx(((likely - own) ** 2).sum(axis=1).mean(), rel=1e-5)
    assert fit.after.ece < fit.before.ece
    assert (fit.photos, fit.covered, fit.reason) == (400, 400, "")


def test_each_method_is_judged_by_its_median_distance(partition: Partition) -> None:
    logits, table = world(partition)
    fit = fit_decision(batches(logits), table, partition)
    likely = softmax(logits / fit.decision.temperature, axis=1)
    apart = np.stack(
        [great_circle_km(one[None], partition.centroids) for one in partition.centroids]
    )
    chosen = {
        "centroid": likely.argmax(axis=1),
        "distance": (likely @ apart).argmin(axis=1),
        "geoscore": (likely @ np.exp(-apart / 1492.7)).argmax(axis=1),
    }
    for method, cells in chosen.items():
        distances = great_circle_km(partition.centroids[cells], table.latlng)
        assert fit.median_km[method] == pytest.approx(np.median(distances), rel=1e-6)
    assert list(fit.median_km) == list(OF_PROBABILITIES)
    assert fit.median_km[fit.decision.point] == min(fit.median_km.values())


@settings(max_examples=20, deadline=None)
@given(size=st.integers(1, 70), seed=st.integers(0, 5))
def test_the_size_of_the_batches_changes_nothing(partition, size: int, seed: int) -> None:
    logits, table = world(partition, seed=seed)
    whole = fit_decision(batches(logits, len(logits)), table, partition)
    assert fit_decision(batches(logits, size), table, partition) == whole


def test_more_photos_than_are_judged_at_a_time(partition: Partition, monkeypatch) -> None:
    logits, table = world(partition)
    whole = fit_decision(batches(logits), table, partition)
    monkeypatch.setattr("geoguess_cli.evaluation.fitting.ROWS", 11)
    assert fit_decision(batches(logits), table, partition) == whole


def test_an_unreadable_photo_counts_nowhere(partition: Partition) -> None:
    logits, table = world(partition)
    kept = np.setdiff1d(np.arange(len(logits)), [3, 4, 59])
    fit = fit_decision(batches(logits, 2, frozenset({3, 4, 59})), table, partition)
    without = fit_decision(batches(logits[kept]), table.take(kept), partition)
    assert [row for row, _ in fit.failures] == [3, 4, 59]
    assert dataclasses.replace(fit, failures=[]) == without


def test_a_photo_in_no_cell_counts_for_the_point_estimate_alone(partition: Partition) -> None:
    logits, table = world(partition)
    far = photos_at(np.concatenate([table.latlng, np.tile(AT_SEA, (40, 1))]))
    more = np.concatenate([logits, np.tile(logits[:1], (40, 1))])
    alone = fit_decision(batches(logits), table, partition)
    fit = fit_decision(batches(more), far, partition)
    assert (fit.photos, fit.covered) == (100, 60)
    assert fit.decision.temperature == alone.decision.temperature
    assert (fit.before, fit.after) == (alone.before, alone.after)
    assert fit.median_km["centroid"] > alone.median_km["centroid"]


@pytest.mark.parametrize(
    ("photos", "unreadable", "reason"),
    [
        (5, frozenset(), "none of 5 validation photos lies in a cell"),
        (2, frozenset({0, 1}), "none of 2 validation photos could be read"),
        (0, frozenset(), "none of 0 validation photos could be read"),
    ],
)
def test_without_a_photo_in_a_cell_the_defaults_stand(
    partition: Partition, photos: int, unreadable: frozenset[int], reason: str
) -> None:
    table = photos_at(np.tile(AT_SEA, (photos, 1)).reshape(-1, 2))
    fit = fit_decision(batches(np.zeros((photos, 4)), 3, unreadable), table, partition)
    assert fit.decision == Decision()
    assert (fit.covered, fit.reason) == (0, reason)
    assert fit.before is fit.after is None
    assert json.loads(json.dumps(fit.record()))["calibration"]["before"] is None


@pytest.mark.parametrize("height", [0.01, 2.0, 200.0])
def test_where_every_photo_is_right_nobody_can_tell_how_sure_one_may_be(
    partition: Partition, height: float
) -> None:
    logits = np.tile(height * np.eye(4), (5, 1))
    fit = fit_decision(batches(logits), photos_at(np.tile(partition.centroids, (5, 1))), partition)
    assert fit.decision.temperature == 1.0
    assert fit.reason.startswith("the model is right on all 20 photos")
    assert fit.before == fit.after
    assert fit.median_km["centroid"] == pytest.approx(0, abs=1e-6)


def nearly_right(partition: Partition, photos: int) -> tuple[np.ndarray, np.ndarray]:
    """Of twenty photos nineteen are right, all by the same margin 2, and one is wrong by it."""
    logits = np.tile(2.0 * np.eye(4), (photos // 4, 1))
    latlng = np.tile(partition.centroids, (photos // 4, 1))
    logits[::20] = [0.0, 2.0, 0.0, 0.0]
    return logits, latlng


def test_a_model_that_may_be_surer_becomes_so(partition: Partition) -> None:
    """Of four cells softmax(2 / T) is to be 0.95, the share that is right."""
    logits, latlng = nearly_right(partition, 400)
    fit = fit_decision(batches(logits), photos_at(latlng), partition)
    assert fit.decision.temperature == pytest.approx(2.0 / math.log(3 * 0.95 / 0.05), rel=1e-4)
    assert (fit.reason, fit.sequences) == ("", 400)


def test_few_drives_do_not_make_a_model_surer(partition: Partition) -> None:
    logits, latlng = nearly_right(partition, 400)
    for sequences in (["one"] * 400, ["wrong" if row % 20 == 0 else "right" for row in range(400)]):
        fit = fit_decision(batches(logits), photos_at(latlng, sequences), partition)
        assert fit.decision.temperature == 1.0
        assert fit.before == fit.after
        assert fit.sequences == len(set(sequences))
        assert f"0.495 is best for these 400 photos, but {fit.sequences} sequences" in fit.reason


def test_few_drives_may_make_a_model_less_sure(partition: Partition) -> None:
    logits, table = world(partition, sharpness=5)
    alone = fit_decision(batches(logits), table, partition)
    one = fit_decision(batches(logits), photos_at(table.latlng, ["one"] * 60), partition)
    assert one.decision.temperature == alone.decision.temperature > 1
    assert one.reason == ""


def test_logits_that_say_nothing_are_flattened(partition: Partition) -> None:
    logits, _ = world(partition, photos=40, sharpness=20)
    table = photos_at(partition.centroids[logits.argmin(axis=1)])  # as wrong as can be
    fit = fit_decision(batches(logits), table, partition)
    assert fit.decision.temperature == 20.0
    assert "still falls at 20" in fit.reason
    assert fit.after.nll < fit.before.nll


def test_the_record_is_plain_json(partition: Partition) -> None:
    logits, table = world(partition)
    fit = fit_decision(batches(logits), table, partition)
    record = json.loads(json.dumps(fit.record(), allow_nan=False))
    assert set(record) == {"calibration", "point_estimate"}
    assert record["calibration"]["temperature"] == fit.decision.temperature
    assert record["calibration"]["before"]["nll"] > record["calibration"]["after"]["nll"]
    assert record["point_estimate"]["method"] in POINT_METHODS
    assert all(math.isfinite(km) for km in record["point_estimate"]["median_km"].values())
    assert isinstance(fit, Fit)


def test_the_best_method_has_the_least_median_distance() -> None:
    far, near = np.array([1.0, 50.0, 60.0]), np.array([9.0, 10.0, 900.0])
    assert best_method({"centroid": far, "cluster": near, "geoscore": near}) == "cluster"


def test_the_training_photos_that_a_model_carries_are_a_method_too(partition: Partition) -> None:
    """Features tell the place within a cell, so neighbours are nearest; but not to themselves."""
    logits, table = world(partition, 80)
    rng = np.random.default_rng(2)
    away = rng.uniform(-0.3, 0.3, 80)
    latlng = partition.centroids[logits.argmax(axis=1)] + np.stack([away, 0 * away], axis=1)
    table = photos_at(latlng, [f"val {row}" for row in range(80)])

    def seen(places: np.ndarray) -> np.ndarray:
        return np.stack([np.sin(9 * places), np.cos(9 * places)], axis=1).astype(np.float32)

    def outputs() -> Iterator[Outputs]:
        for own in batches(logits):
            yield dataclasses.replace(own, features=seen(away[own.rows]))

    known = np.tile(np.linspace(-0.3, 0.3, 40), 4)
    places = np.repeat(partition.centroids, 40, axis=0) + np.stack([known, 0 * known], axis=1)
    train = photos_at(places, [f"train {row}" for row in range(160)]).frame
    fit = fit_decision(outputs(), table, partition, memory=Memory.of(seen(known), train))
    assert fit.decision.point == "neighbours"
    assert list(fit.median_km) == list(POINT_METHODS)
    assert fit.median_km["neighbours"] < 5 < fit.median_km["centroid"]
    assert fit.record()["point_estimate"]["method"] == "neighbours"
    # Only photos of the same sequence are carried: then none is left to compare with.
    drive = photos_at(latlng, ["one"] * 80)
    own = Memory.of(seen(away), drive.frame)
    alone = fit_decision(outputs(), drive, partition, memory=own)
    assert alone.median_km["neighbours"] == alone.median_km["centroid"]
