"""The figures: cases computed by hand, and scikit-learn as the reference."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import log_loss, top_k_accuracy_score

from geoguess_cli.inference import metrics

LOGITS = arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 9)),
    elements=st.floats(-80, 80, width=32),
)
TIED = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 9)),
    elements=st.sampled_from([0.0, 0.25, 0.5]),
)


def test_log_softmax_of_a_known_row() -> None:
    logits = np.log(np.array([[1.0, 2.0, 5.0]]))
    np.testing.assert_allclose(np.exp(metrics.log_softmax(logits)), [[0.125, 0.25, 0.625]])


@pytest.mark.parametrize("shift", [-1e4, 0.0, 1e4, 3e38])
def test_softmax_neither_overflows_nor_vanishes(shift: float) -> None:
    logits = np.array([[shift, shift, shift]], dtype=np.float32)
    np.testing.assert_allclose(metrics.softmax(logits), np.full((1, 3), 1 / 3), rtol=1e-7)


def test_the_loss_of_a_hopeless_photo_is_finite() -> None:
    logits = np.array([[0.0, 1000.0]], dtype=np.float32)
    assert metrics.log_softmax(logits)[0, 0] == -1000.0


def test_softmax_does_not_write_on_its_argument() -> None:
    logits = np.array([[1.0, 2.0]])
    metrics.log_softmax(logits)
    assert logits.tolist() == [[1.0, 2.0]]


@given(LOGITS)
def test_probabilities_sum_to_one(logits: np.ndarray) -> None:
    probabilities = metrics.softmax(logits)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


def test_probabilities_of_many_cells_sum_to_one() -> None:
    logits = np.random.default_rng(0).normal(size=(8, 30_000), scale=3).astype(np.float32)
    np.testing.assert_allclose(metrics.softmax(logits).sum(axis=1), 1, atol=1e-5)


def test_top_cells_by_hand() -> None:
    values = np.array([[0.1, 0.5, 0.15, 0.25], [0.3, 0.2, 0.3, 0.2]])
    assert metrics.top_cells(values, 3).tolist() == [[1, 3, 2], [0, 2, 1]]
    assert metrics.top_cells(values, 99).tolist() == [[1, 3, 2, 0], [0, 2, 1, 3]]


@given(LOGITS | TIED, st.integers(1, 12))
def test_top_cells_are_the_start_of_a_stable_sort(values: np.ndarray, k: int) -> None:
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(metrics.top_cells(values, k), expected)


@given(LOGITS | TIED, st.data())
def test_rank_is_the_place_among_the_top_cells(values: np.ndarray, data: st.DataObject) -> None:
    photos, cells = values.shape
    truths = np.array(
        data.draw(st.lists(st.integers(-1, cells - 1), min_size=photos, max_size=photos))
    )
    ranks = metrics.truth_ranks(values, truths)
    order = metrics.top_cells(values, cells)
    for row in range(photos):
        if truths[row] < 0:
            assert ranks[row] == 0
        else:
            assert order[row, ranks[row] - 1] == truths[row]


def test_hits_by_hand() -> None:
    ranks = np.array([1, 3, 0, 6, 5])
    shares = {k: metrics.mean(metrics.hits(ranks, k)) for k in metrics.TOP_K}
    assert shares == {1: 0.2, 3: 0.4, 5: 0.6}


def test_a_photo_in_no_cell_is_never_a_hit() -> None:
    assert not metrics.hits(np.zeros(3, dtype=np.int64), 1000).any()


@pytest.mark.parametrize("k", [1, 3, 5])
def test_top_k_accuracy_is_that_of_scikit_learn(k: int) -> None:
    rng = np.random.default_rng(k)
    logits = rng.normal(size=(300, 12)).astype(np.float32)
    truths = rng.integers(0, 12, size=300)
    hits = metrics.hits(metrics.truth_ranks(logits, truths), k)
    expected = top_k_accuracy_score(truths, logits, k=k, labels=np.arange(12))
    assert metrics.mean(hits) == pytest.approx(expected, abs=1e-12)
    assert 0 < expected < 1


def test_loss_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(300, 12), scale=2)
    truths = rng.integers(0, 12, size=300)
    logs = metrics.log_softmax(logits)
    expected = log_loss(truths, np.exp(logs), labels=np.arange(12))
    assert -metrics.mean(metrics.at_truth(logs, truths)) == pytest.approx(expected, abs=1e-12)


def test_uniform_probabilities_lose_the_logarithm_of_the_cells() -> None:
    logs = metrics.log_softmax(np.zeros((4, 2199)))
    loss = -metrics.mean(metrics.at_truth(logs, np.array([0, 5, 2198, 7])))
    assert loss == pytest.approx(math.log(2199), abs=1e-12)


def test_geoscore_by_hand() -> None:
    distance_km = np.array([0.0, 1492.7 * math.log(2), 1492.7, 20015.1])
    expected = [5000, 2500, 5000 / math.e, 5000 * math.exp(-20015.1 / 1492.7)]
    np.testing.assert_allclose(metrics.geoscore(distance_km), expected, rtol=1e-12)


def test_geoscore_is_averaged_over_photos_not_over_distances() -> None:
    distance_km = np.array([0.0, 20000.0])
    assert metrics.mean(metrics.geoscore(distance_km)) == pytest.approx(2500, abs=0.01)


def test_median_of_odd_and_even_numbers() -> None:
    assert metrics.median(np.array([9.0, 1.0, 5.0])) == 5.0
    assert metrics.median(np.array([9.0, 1.0, 5.0, 2.0])) == 3.5


def test_figures_of_nothing_are_undefined_and_silent() -> None:
    nothing = np.array([])
    assert math.isnan(metrics.mean(nothing))
    assert math.isnan(metrics.median(nothing))


def test_the_paper_s_chance() -> None:
    assert metrics.chance(2199) == pytest.approx(0.000455, abs=5e-7)


def test_impossible_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="k is 0"):
        metrics.top_cells(np.zeros((1, 2)), 0)
    with pytest.raises(ValueError, match="cells is 0"):
        metrics.chance(0)
