"""Credible sets, recall against area, and how sure an estimate is: by hand and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geoguess_cli.inference.credible import (
    AREAS_KM2,
    CredibleMeter,
    area_to_truth_km2,
    credible_sets,
    expected_km,
    radius_km,
)
from geoguess_cli.inference.probabilities import softmax

P = np.array([[0.05, 0.4, 0.3, 0.25], [0.25, 0.25, 0.25, 0.25]], dtype=np.float32)
AREA = np.array([1.0, 10.0, 100.0, 1000.0])
WEIGHTS = arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 8)),
    elements=st.sampled_from([0.0, 1.0, 2.0, 3.0, 7.0]),
)


def probabilities_of(weights: np.ndarray) -> np.ndarray:
    """Rows of weights, with many ties, as probabilities."""
    filled = weights + (weights.sum(axis=1, keepdims=True) == 0)
    return filled / filled.sum(axis=1, keepdims=True)


def test_credible_sets_by_hand() -> None:
    half, most = credible_sets(P, np.array([2, 3]), AREA)
    assert half.cells.tolist() == [2, 2]  # 0.4 + 0.3; two of four quarters
    assert half.area_km2.tolist() == [110.0, 11.0]  # of equals the first come first
    assert half.holds_truth.tolist() == [True, False]
    assert most.cells.tolist() == [3, 4]
    assert most.area_km2.tolist() == [1110.0, 1111.0]
    assert most.holds_truth.tolist() == [True, True]


def test_a_photo_in_no_cell_is_in_no_credible_set() -> None:
    for found in credible_sets(P, np.array([-1, -1]), AREA):
        assert not found.holds_truth.any()
        assert (found.cells > 0).all()


@pytest.mark.parametrize("mass", [0.6, 0.7, 0.8, 0.9])
def test_a_sum_that_is_exact_but_for_rounding_is_enough(mass: float) -> None:
    first = 0.35
    p = np.array([[first, mass - first, 1 - mass]], dtype=np.float32)
    order = np.sort(p[0])[::-1]
    least = 1 if order[0] >= mass - 1e-6 else 2
    assert credible_sets(p, np.array([0]), AREA[:3], [mass])[0].cells.tolist() == [least]


@given(WEIGHTS, st.sampled_from([0.1, 0.5, 0.75, 0.9]), st.data())
def test_credible_sets_are_those_of_a_stable_sort(
    weights: np.ndarray, mass: float, data: st.DataObject
) -> None:
    p = probabilities_of(weights)
    photos, cells = p.shape
    truth = np.array([data.draw(st.integers(-1, cells - 1)) for _ in range(photos)])
    area = np.arange(1.0, cells + 1)
    found = credible_sets(p, truth, area, [mass])[0]
    for row in range(photos):
        order = np.argsort(-p[row], kind="stable")
        running = np.cumsum(p[row, order], dtype=np.float64)
        members = order[: int(np.argmax(running >= mass - 1e-6)) + 1]
        assert found.cells[row] == len(members)
        assert found.area_km2[row] == area[members].sum()
        assert found.holds_truth[row] == (truth[row] in members)


@pytest.mark.parametrize("mass", [0.5, 0.9])
def test_sets_of_calibrated_probabilities_hold_the_truth_as_often_as_they_say(mass: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(4000, 40), scale=rng.choice([0.5, 2.0, 4.0], (4000, 1)))
    p = softmax(logits)
    truths = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    found = credible_sets(p, truths, np.ones(40), [mass])[0]
    falling = -np.sort(-p.astype(np.float64), axis=1)
    held = np.cumsum(falling, axis=1)[np.arange(4000), found.cells - 1]  # ≥ mass: cells are whole
    deviation = math.sqrt((held * (1 - held)).sum())
    assert abs(found.holds_truth.sum() - held.sum()) < 3 * deviation
    assert found.holds_truth.mean() > mass - 3 * math.sqrt(mass * (1 - mass) / 4000)
    assert np.all(held >= mass - 1e-5)


def test_overconfident_sets_hold_the_truth_less_often() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(2000, 40), scale=2.0)
    truths = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    found = credible_sets(softmax(3 * logits), truths, np.ones(40), [0.9])[0]
    assert found.holds_truth.mean() < 0.8


def test_the_area_to_the_truth_by_hand() -> None:
    p = np.repeat(P, [4, 1], axis=0)
    found = area_to_truth_km2(p, np.array([1, 2, 0, -1, 2]), AREA)
    assert found.tolist() == [10.0, 110.0, 1111.0, math.inf, 111.0]


@given(WEIGHTS, st.data())
def test_a_set_holds_the_truth_when_its_area_reaches_it(
    weights: np.ndarray, data: st.DataObject
) -> None:
    p = probabilities_of(weights)
    photos, cells = p.shape
    truth = np.array([data.draw(st.integers(-1, cells - 1)) for _ in range(photos)])
    area = 2.0 ** np.arange(cells)  # no two sets of cells have the same area
    to_truth = area_to_truth_km2(p, truth, area)
    for found in credible_sets(p, truth, area, [0.3, 0.6, 0.95]):
        np.testing.assert_array_equal(found.holds_truth, to_truth <= found.area_km2)


def test_areas_reach_from_a_square_kilometre_to_the_whole_earth() -> None:
    earth = 4 * math.pi * 6371.0088**2
    assert AREAS_KM2[0] == 1
    assert AREAS_KM2[-2] < earth < AREAS_KM2[-1]


def test_expected_distance_by_hand() -> None:
    p = np.array([[0.5, 0.3, 0.2], [1.0, 0.0, 0.0]], dtype=np.float32)
    distance = np.array([[0.0, 10.0, 100.0], [3.0, 7.0, 8.0]], dtype=np.float32)
    np.testing.assert_allclose(expected_km(p, distance, np.zeros(3)), [23.0, 3.0], rtol=1e-6)
    expected = [0.5 * math.sqrt(32) + 3 + 20, math.sqrt(9 + 32)]
    found = expected_km(p, distance, np.array([8.0, 0.0, 0.0]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_expected_distance_within_a_cell_is_close_to_that_of_random_truths() -> None:
    rng = np.random.default_rng(0)
    east, north = rng.uniform(-50, 50, (2, 200_000))  # a cell of 100 km
    radius = np.array([100 / math.sqrt(math.pi)])
    for away in (0.0, 50.0, 200.0):
        distance = np.array([[away]], dtype=np.float32)
        found = expected_km(np.ones((1, 1), dtype=np.float32), distance, radius)[0]
        assert 1.0 < found / np.hypot(east - away, north).mean() < 1.08


@given(WEIGHTS, st.sampled_from([0.5, 0.9]), st.data())
def test_the_radius_is_the_least_that_holds_enough(
    weights: np.ndarray, mass: float, data: st.DataObject
) -> None:
    p = probabilities_of(weights)
    distance = data.draw(arrays(np.float32, p.shape, elements=st.floats(0, 20_000, width=32)))
    found = radius_km(p, distance, np.zeros(p.shape[1]), mass)
    for row in range(len(p)):
        enough = [
            d for d in distance[row] if p[row, distance[row] <= d].sum(dtype=float) >= mass - 1e-6
        ]
        assert found[row] == min(enough)


def test_a_sure_answer_still_has_the_radius_of_its_cell() -> None:
    p = np.array([[0.95, 0.05]], dtype=np.float32)
    distance = np.array([[0.0, 500.0]], dtype=np.float32)
    cell_radius = np.array([12.0, 30.0])
    assert radius_km(p, distance, cell_radius).tolist() == [12.0]
    assert radius_km(p, distance, cell_radius, 0.99).tolist() == [530.0]


@pytest.mark.parametrize("mass", [0.0, 1.0, 1.5])
def test_an_impossible_mass_is_refused(mass: float) -> None:
    with pytest.raises(ValueError, match=f"mass is {mass:g}"):
        credible_sets(P, np.array([0, 0]), AREA, [mass])
    with pytest.raises(ValueError, match=f"mass is {mass:g}"):
        radius_km(P, P, AREA, mass)


def test_batches_add_up() -> None:
    rng = np.random.default_rng(0)
    p, truths = softmax(rng.normal(size=(40, 9))), rng.integers(-1, 9, 40)
    area = rng.uniform(1, 100, 9)
    meter = CredibleMeter(area, masses=(0.3, 0.9))
    for rows in (slice(0, 1), slice(1, 22), slice(22, 40)):
        meter.add(p[rows], truths[rows])
    found = meter.result()
    assert list(found.sets) == [0.3, 0.9]
    np.testing.assert_array_equal(found.to_truth_km2, area_to_truth_km2(p, truths, area))
    for whole, part in zip(
        credible_sets(p, truths, area, (0.3, 0.9)), found.sets.values(), strict=True
    ):
        np.testing.assert_array_equal(part.cells, whole.cells)
        np.testing.assert_allclose(part.area_km2, whole.area_km2)
        np.testing.assert_array_equal(part.holds_truth, whole.holds_truth)


def test_a_meter_without_batches_has_no_photos() -> None:
    found = CredibleMeter(AREA).result()
    assert len(found.to_truth_km2) == len(found.sets[0.9].cells) == 0
