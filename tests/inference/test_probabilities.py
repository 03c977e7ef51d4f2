"""Probabilities by hand, at the ends of float32, and beside a stable sort."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logit_worlds import LOGITS, TIED

from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.inference.probabilities import conditioned, log_softmax, softmax, top_cells


def test_log_softmax_of_a_known_row() -> None:
    logits = np.log(np.array([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(np.exp(log_softmax(logits)), [[0.125, 0.25, 0.625]])


@pytest.mark.parametrize("shift", [-1e4, 0.0, 1e4, 3e38])
def test_softmax_neither_overflows_nor_vanishes(shift: float) -> None:
    logits = np.array([[shift, shift, shift]], dtype=np.float32)
    np.testing.assert_allclose(softmax(logits), np.full((1, 3), 1 / 3), rtol=1e-7)


def test_softmax_does_not_write_on_its_argument() -> None:
    logits = np.array([[1.0, 2.0]])
    log_softmax(logits)
    assert logits.tolist() == [[1.0, 2.0]]


@given(LOGITS)
def test_probabilities_sum_to_one(logits: np.ndarray) -> None:
    probabilities = softmax(logits)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_probabilities_of_many_cells_sum_to_one() -> None:
    logits = np.random.default_rng(0).normal(size=(8, 30_000), scale=3).astype(np.float32)
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1, atol=1e-5)


def test_top_cells_by_hand() -> None:
    values = np.array([[0.1, 0.5, 0.15, 0.25], [0.3, 0.2, 0.3, 0.2]])
    assert top_cells(values, 3).tolist() == [[1, 3, 2], [0, 2, 1]]
    assert top_cells(values, 99).tolist() == [[1, 3, 2, 0], [0, 2, 1, 3]]


@given(LOGITS | TIED, st.integers(1, 12))
def test_top_cells_are_the_start_of_a_stable_sort(values: np.ndarray, k: int) -> None:
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(top_cells(values, k), expected)


def test_no_cells_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        top_cells(np.zeros((1, 2)), 0)


def test_probabilities_given_a_region_are_those_of_points_that_lie_in_it(
    partition: Partition,
) -> None:
    """Draw truths by the model, uniform in each cell, and count those inside: Bayes by hand."""
    region = find_region("-114,31,-96,47")
    cut = cut_partition(partition, region)
    assert (cut.shares < 1).any()
    rng = np.random.default_rng(4)
    logits = np.log(np.array([[0.4, 0.3, 0.2, 0.1]]))
    logs, inside = conditioned(log_softmax(logits), cut)
    draws = rng.choice(4, p=[0.4, 0.3, 0.2, 0.1], size=40_000)
    hits = []
    for index, outline in enumerate(partition.polygons):
        west, south, east, north = outline.bounds
        sines = rng.uniform(*np.sin(np.radians([south, north])), 100_000)
        places = np.stack([np.degrees(np.arcsin(sines)), rng.uniform(west, east, 100_000)], axis=1)
        own = places[partition.assign(places) == index][: (draws == index).sum()]
        assert len(own) == (draws == index).sum()
        hits.append(region.holds(own).sum())
    np.testing.assert_allclose(inside, sum(hits) / 40_000, atol=0.01)
    np.testing.assert_allclose(np.exp(logs[0]), np.array(hits)[cut.kept] / sum(hits), atol=0.01)


def test_a_region_that_the_model_excludes_still_has_an_answer(partition: Partition) -> None:
    cut = cut_partition(partition, find_region("Oregon, US"))
    logits = np.where(np.isin(np.arange(4), cut.kept), -2000.0, 0.0)[None]
    logs, inside = conditioned(log_softmax(logits), cut)
    assert inside.tolist() == [0.0]
    np.testing.assert_allclose(np.exp(logs).sum(), 1)
