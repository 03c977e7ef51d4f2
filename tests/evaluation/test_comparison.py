"""Two models on the same photos: by hand, and against a brute-force paired bootstrap."""

import json

import numpy as np
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.evaluation.comparison import COMPARED, Comparison, compare
from geoguess_cli.evaluation.evaluation import Evaluation, evaluate
from geoguess_cli.geo.partition import Partition, build_partition

PHOTOS = 120


@pytest.fixture
def places(towns) -> list[tuple[float, float]]:
    return [list(towns.values())[row // 6 % 4] for row in range(PHOTOS)]


def logits_of(partition: Partition, places, right: np.ndarray) -> np.ndarray:
    """Logits whose largest is at the true cell where `right`, else at the next one."""
    truths = partition.assign(np.array(places))
    logits = np.zeros((len(places), len(partition)))
    logits[np.arange(len(places)), (truths + ~right) % len(partition)] = 3.0
    return logits


@pytest.fixture
def evaluated(predictor_of, table_of, partition, places):
    table = table_of(places, sequence=[f"drive {row // 6}" for row in range(PHOTOS)])

    def made(right: np.ndarray, **options) -> Evaluation:
        return evaluate(predictor_of(logits_of(partition, places, right), **options), table)

    return made


@pytest.fixture
def skills() -> tuple[np.ndarray, np.ndarray]:
    """Hard and easy drives: which photos two models get right, the second a few more."""
    rng = np.random.default_rng(4)
    first = rng.random(PHOTOS) < np.repeat(rng.beta(0.5, 0.5, PHOTOS // 6), 6)
    return first, first | (rng.random(PHOTOS) < 0.15)


def pair(a: Evaluation, b: Evaluation) -> Comparison:
    return compare(a, b, names=("one", "two"))


def test_the_difference_is_that_of_the_figures(evaluated, skills) -> None:
    a, b = (evaluated(skill) for skill in skills)
    found = pair(a, b).statistics
    assert found["all.top_1"].a == a.report.all.top_1
    assert found["calibration.after.nll"].b == b.report.calibration.after.nll
    for of in found.values():
        assert of.difference.value == pytest.approx(of.b.value - of.a.value)


def test_the_interval_is_that_of_a_paired_bootstrap(evaluated, skills) -> None:
    found = pair(*(evaluated(skill) for skill in skills)).statistics["all.top_1"]
    gains = (skills[1].astype(float) - skills[0]).reshape(-1, 6).sum(axis=1)
    rng = np.random.default_rng(0)
    drawn = [rng.choice(gains, len(gains)).sum() / PHOTOS for _ in range(4000)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert found.difference.low == pytest.approx(low, abs=0.01)
    assert found.difference.high == pytest.approx(high, abs=0.01)
    # Drives differ far more than the models do: unpaired intervals would tell nothing.
    assert found.a.high > found.b.low
    assert found.better == "b"


def test_less_is_better_for_distances_and_losses(evaluated, skills) -> None:
    figures = pair(*(evaluated(skill) for skill in skills)).statistics
    assert figures["mean_km"].difference.high < 0
    assert figures["mean_km"].better == "b"
    swapped = pair(*(evaluated(skill) for skill in reversed(skills))).statistics
    for key in ("all.top_1", "mean_km", "geoscore", "calibration.after.nll"):
        assert (figures[key].better, swapped[key].better) == ("b", "a")


def test_a_model_is_no_better_than_itself(evaluated, skills) -> None:
    found = pair(evaluated(skills[0]), evaluated(skills[0]))
    assert all(of.better is None for of in found.statistics.values())
    assert found.same_cells
    assert set(found.statistics) == set(COMPARED)
    json.dumps(found.record(), allow_nan=False)


def test_models_of_other_cells_are_compared_by_distance(
    predictor_of, table_of, places, evaluated, skills
) -> None:
    other = build_partition(
        np.repeat(sorted(set(places))[:3], 5, axis=0), max_photos=6, min_photos=5
    )
    assert len(other) == 3
    table = table_of(places, sequence=[f"drive {row // 6}" for row in range(PHOTOS)])
    predictor = predictor_of(logits_of(other, places, np.ones(PHOTOS, dtype=bool)))
    predictor.partition = other
    found = compare(evaluated(skills[0]), evaluate(predictor, table), names=("a", "b"))
    assert not found.same_cells
    fair = {key for key, of in found.statistics.items() if of.fair}
    assert fair == {key for key, of in COMPARED.items() if not of.definition.of_cells}
    assert {"median_km", "geoscore", "state_accuracy"} < fair
    assert all(of.better is None for key, of in found.statistics.items() if key not in fair)


def test_photos_that_one_cannot_read_are_left_out(evaluated, skills) -> None:
    a = evaluated(skills[0], failures={0: "gone"})
    b = evaluated(skills[1], failures={3: "gone", 0: "gone"})
    counts = pair(a, b).record()["counts"]
    assert counts == {"photos": PHOTOS - 2, "skipped": 2, "sequences": PHOTOS // 6}


def test_other_photos_are_refused(
    partition, predictor_of, table_of, places, evaluated, skills
) -> None:
    logits = logits_of(partition, places[:6], skills[0][:6])
    few = evaluate(predictor_of(logits), table_of(places[:6]))
    with pytest.raises(PhotoTableError, match="different photos"):
        pair(few, evaluated(skills[0]))


def test_no_photo_in_common_is_refused(partition, predictor_of, table_of, places) -> None:
    logits = logits_of(partition, places[:2], np.ones(2, dtype=bool))
    a, b = (evaluate(predictor_of(logits, {row: "gone"}), table_of(places[:2])) for row in (0, 1))
    with pytest.raises(PhotoTableError, match="could be read by both models"):
        pair(a, b)
