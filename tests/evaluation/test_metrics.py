"""Ranks, hits and means: cases computed by hand, and scikit-learn as the reference."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from logit_worlds import LOGITS, TIED
from sklearn.metrics import log_loss, top_k_accuracy_score

from geoguess_cli.evaluation import metrics
from geoguess_cli.inference.geoscore import geoscore
from geoguess_cli.inference.probabilities import log_softmax, top_cells


@given(LOGITS | TIED, st.data())
def test_rank_is_the_place_among_the_top_cells(values: np.ndarray, data: st.DataObject) -> None:
    photos, cells = values.shape
    truths = np.array(
        data.draw(st.lists(st.integers(-1, cells - 1), min_size=photos, max_size=photos))
    )
    ranks = metrics.truth_ranks(values, truths)
    order = top_cells(values, cells)
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
    logs = log_softmax(logits)
    expected = log_loss(truths, np.exp(logs), labels=np.arange(12))
    assert -metrics.mean(metrics.at_truth(logs, truths)) == pytest.approx(expected, abs=1e-12)


def test_uniform_probabilities_lose_the_logarithm_of_the_cells() -> None:
    logs = log_softmax(np.zeros((4, 2199)))
    loss = -metrics.mean(metrics.at_truth(logs, np.array([0, 5, 2198, 7])))
    assert loss == pytest.approx(math.log(2199), abs=1e-12)


def test_the_loss_of_a_hopeless_photo_is_finite() -> None:
    logits = np.array([[0.0, 1000.0]], dtype=np.float32)
    assert log_softmax(logits)[0, 0] == -1000.0


def test_geoscore_is_averaged_over_photos_not_over_distances() -> None:
    distance_km = np.array([0.0, 20000.0])
    assert metrics.mean(geoscore(distance_km)) == pytest.approx(2500, abs=0.01)


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
    with pytest.raises(ValueError, match="cells is 0"):
        metrics.chance(0)
