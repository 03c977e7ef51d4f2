"""The redundancy is found again where it is known how alike photos are."""

import numpy as np
import pytest

from geoguess_cli.evaluation import redundancy as module
from geoguess_cli.evaluation.redundancy import fit_redundancy, fit_view_redundancy, views_sample
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.probabilities import log_softmax

CELLS, SIZE = 6, 8


def sums_of(groups: int, copies: bool, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the logits of calibrated photos, of which those of a group are copies or not.

    A photo shows its cell's mark with Gaussian noise, so its logits are the exact log posterior.
    """
    rng = np.random.default_rng(seed)
    truths = rng.integers(CELLS, size=groups)
    noise = rng.normal(0, 2.0, (groups, 1 if copies else SIZE, CELLS))
    seen = np.eye(CELLS)[truths][:, None] + noise
    logits = seen / 4.0  # log density up to a constant: x_c / σ²
    return logits.sum(axis=1) * (SIZE if copies else 1), truths


@pytest.mark.parametrize(("copies", "value"), [(False, 0.0), (True, 1.0)])
def test_independent_photos_and_copies_are_told_apart(copies: bool, value: float) -> None:
    sums, truths = sums_of(4000, copies)
    fit = fit_redundancy(sums, np.full(4000, SIZE), truths, temperature=1.0)
    assert fit is not None
    assert fit.value == pytest.approx(value, abs=0.06)
    assert fit.nll <= min(fit.nll_product, fit.nll_mean) + 1e-9
    assert (fit.groups, fit.reason) == (4000, "")


def test_the_loss_is_the_least_of_a_fine_grid() -> None:
    rng = np.random.default_rng(3)
    sums, truths = sums_of(600, False)
    sizes = rng.integers(2, 9, 600)
    sums = sums * (sizes / SIZE)[:, None] ** 0.3 * 2
    fit = fit_redundancy(sums * 1.7, sizes, truths, temperature=1.7)
    grid = [
        -log_softmax(sums * (sizes**-r)[:, None])[np.arange(600), truths].mean()
        for r in np.linspace(0, 1, 2001)
    ]
    assert fit is not None
    assert fit.nll == pytest.approx(min(grid), abs=1e-6)
    assert fit.nll_product == pytest.approx(grid[0])
    assert fit.nll_mean == pytest.approx(grid[-1])


def test_few_groups_do_not_make_answers_surer() -> None:
    sums, truths = sums_of(3, False, seed=5)
    fit = fit_redundancy(sums, np.full(3, SIZE), truths, temperature=1.0)
    assert fit is not None
    assert fit.value == 1.0
    assert fit.reason == "" or "too few" in fit.reason


def test_single_photos_and_places_in_no_cell_say_nothing() -> None:
    sums, truths = sums_of(4, False)
    assert fit_redundancy(sums, np.ones(4, dtype=int), truths, temperature=1.0) is None
    assert fit_redundancy(sums, np.full(4, 2), np.full(4, -1), temperature=1.0) is None


def test_views_are_fitted_as_groups_of_one_size(partition, table_of) -> None:
    """Joined outputs give back the sums; a photo in no cell says nothing."""
    rng = np.random.default_rng(4)
    truths = rng.integers(4, size=80)
    sums = (np.eye(4)[truths] * 2 + rng.normal(0, 1.5, (80, 4))) * 3
    places = [tuple(place) for place in partition.centroids[truths]]
    table = table_of([*places, (0.0, -150.0)], sequence=[f"drive {row // 8}" for row in range(81)])
    logits = np.concatenate([sums, sums[:1]])

    def outputs(applied: float):
        for start in range(0, 81, 7):
            rows = np.arange(start, min(start + 7, 81))[::-1]
            yield Outputs(rows, (logits[rows] * 3.0**-applied).astype(np.float32), [])

    expected = fit_redundancy(
        sums, np.full(80, 3), truths, temperature=1.2, sequences=np.arange(80) // 8
    )
    assert expected is not None
    for applied in (1.0, 0.3):
        fit = fit_view_redundancy(
            outputs(applied), table, partition, views=3, applied=applied, temperature=1.2
        )
        assert fit is not None
        assert fit.value == pytest.approx(expected.value, abs=1e-3)
        assert (fit.nll, fit.groups) == (pytest.approx(expected.nll, abs=1e-5), 80)
    assert len(views_sample(table)) == 81


def test_many_validation_photos_are_sampled_evenly(table_of, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST", 5)
    assert views_sample(table_of([(0, 0)] * 9)).frame["photo"].to_list() == [
        "0.jpg", "2.jpg", "4.jpg", "6.jpg", "8.jpg"
    ]  # fmt: skip
