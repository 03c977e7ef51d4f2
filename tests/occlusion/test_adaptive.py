"""Adaptive maps: exact where windows were covered, near elsewhere, at a third of the cost."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from geoguess_cli.occlusion import adaptive
from geoguess_cli.occlusion.adaptive import (
    ROUGHNESS,
    adaptive_map,
    diagonals,
    differing,
    interpolated,
)
from geoguess_cli.occlusion.occlusion_map import Predict, occlusion_map

SIDE = 64


def bumps(*centres: tuple[float, float, float]) -> Predict:
    """A model that follows smooth patches of a photo, each at (row, column) with a weight."""
    y, x = np.indices((SIDE, SIDE))
    weights = sum(w * np.exp(-((y - a) ** 2 + (x - b) ** 2) / 60) for a, b, w in centres)
    assert isinstance(weights, np.ndarray)

    def predict(images: np.ndarray) -> np.ndarray:
        share = (images.mean(axis=1) * weights).sum(axis=(1, 2)) / 200
        return np.stack([1 - share, share], axis=1)

    return predict


IMAGE = np.ones((3, SIDE, SIDE), np.float32)
PREDICT = bumps((20, 14, 1.0), (44, 47, 0.6), (50, 8, -0.3))


def test_it_is_near_the_full_map_at_a_third_of_the_windows() -> None:
    images: list[int] = []

    def counting(batch: np.ndarray) -> np.ndarray:
        images.append(len(batch))
        return PREDICT(batch)

    full = occlusion_map(PREDICT, IMAGE, 1, window=16, stride=4)
    found = adaptive_map(counting, IMAGE, 1, window=16, stride=4)
    note = found.interpolation
    assert note is not None
    assert full.interpolation is None
    assert note.windows == 169
    assert note.covered <= 57
    assert sum(images) == note.covered + 1  # and the whole photo
    assert found.done == found.total == note.covered
    same = np.isclose(found.window_drops, full.window_drops, rtol=0, atol=1e-6)
    assert note.covered <= same.sum() < 169
    assert spearmanr(found.drop.ravel(), full.drop.ravel()).statistic > 0.98


def test_it_tells_how_far_it_is_off() -> None:
    full = occlusion_map(PREDICT, IMAGE, 1, window=16, stride=4)
    found = adaptive_map(PREDICT, IMAGE, 1, window=16, stride=4)
    note = found.interpolation
    assert note is not None
    off = np.abs(found.window_drops - full.window_drops)
    others = off[off > 1e-6]
    assert 0 < note.mean_difference <= note.greatest_difference
    assert others.mean() / 4 < note.mean_difference < others.mean() * 4


def test_only_windows_where_drops_differ_are_refined() -> None:
    one_spot = bumps((20, 14, 1.0))
    note = adaptive_map(one_spot, IMAGE, 1, window=16, stride=4).interpolation
    first, later = diagonals(13, 13)
    assert note is not None
    assert first.sum() < note.covered < (first | later).sum()


def test_a_flat_map_is_not_refined() -> None:
    def flat(images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 2), 0.5)

    found = adaptive_map(flat, IMAGE, 0, window=16, stride=4)
    assert found.interpolation is not None
    assert found.interpolation.covered == diagonals(13, 13)[0].sum()
    assert found.interpolation.greatest_difference == 0
    assert not found.drop.any()


def test_a_small_grid_is_covered_whole() -> None:
    found = adaptive_map(PREDICT, IMAGE, 1, window=24, stride=10)
    full = occlusion_map(PREDICT, IMAGE, 1, window=24, stride=10)
    assert found.interpolation is None
    np.testing.assert_array_equal(found.drop, full.drop)


def test_progress_and_baselines_count_images() -> None:
    progress: list[tuple[int, int]] = []
    covers = {"mean": 0.0, "grey": 0.5}
    found = adaptive_map(
        *(PREDICT, IMAGE, 1),
        window=16,
        stride=4,
        batch_size=10,
        baselines=covers,
        on_batch=lambda *both: progress.append(both),
    )
    assert found.interpolation is not None
    assert found.total == 2 * found.interpolation.covered
    assert {total for _, total in progress} == {2 * 57}
    assert progress[-1][0] == found.total
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)


def test_a_third_of_the_windows_leaves_out_no_row_and_no_column() -> None:
    for rows, columns in ((6, 6), (13, 9), (29, 29)):
        first, later = diagonals(rows, columns)
        assert not (first & later).any()
        assert first.any(axis=0).all()
        assert (first | later).any(axis=1).all()
        assert abs((first | later).mean() - 1 / 3) < 0.01


def test_windows_differ_where_covered_ones_near_by_do() -> None:
    first, _ = diagonals(20, 20)
    drops = np.where(first, 0.0, np.nan)
    drops[6, 0] = 1.0
    rows, columns = np.nonzero(differing(drops))
    assert (rows.min(), rows.max()) == (4, 8)
    assert columns.max() == 2


@pytest.mark.parametrize("shape", [(6, 7), (11, 9)])
def test_interpolated_drops_are_those_expected_given_the_covered_ones(
    shape: tuple[int, int],
) -> None:
    """The independent answer conditions on the covered windows one after another."""
    field = np.random.default_rng(1).normal(size=shape).cumsum(axis=0)
    known = np.logical_or(*diagonals(*shape))
    places = np.argwhere(np.ones(shape, dtype=bool))
    apart = np.abs(places[:, None] - places[None]).sum(axis=2)
    # A mean that is not known is one that varies much more than the drops do.
    covariance = np.exp(-apart / 8.0) + 1e5
    expected = np.zeros(field.size)
    for at in np.flatnonzero(known):
        gain = covariance[at] / (covariance[at, at] + ROUGHNESS)
        expected += gain * (field.flat[at] - expected[at])
        covariance -= np.outer(covariance[at], gain)
    found = interpolated(np.where(known, field, np.nan), length=8.0).drops
    np.testing.assert_allclose(found[~known], expected.reshape(shape)[~known], rtol=0, atol=1e-3)


def test_each_covered_drop_is_compared_with_what_the_others_foretell() -> None:
    field = np.random.default_rng(2).normal(size=(9, 9)).cumsum(axis=1)
    drops = np.where(np.logical_or(*diagonals(9, 9)), field, np.nan)
    off = interpolated(drops, length=8.0).off
    left_out = []
    for i, j in np.argwhere(np.isfinite(drops)):
        others = drops.copy()
        others[i, j] = np.nan
        left_out.append(abs(interpolated(others, length=8.0).drops[i, j] - drops[i, j]))
    # A covered window is as far from the others, or farther, than one that was left out.
    assert np.corrcoef(off, left_out)[0, 1] > 0.95
    assert 0.5 < off.mean() / np.mean(left_out) <= 1.0


def test_a_large_grid_is_interpolated_part_by_part_as_one(monkeypatch) -> None:
    i, j = np.indices((40, 23))
    known = np.logical_or(*diagonals(40, 23))
    drops = np.where(known, np.sin(i / 5) + np.cos(j / 4), np.nan)
    found = interpolated(drops, length=8.0)
    monkeypatch.setattr(adaptive, "TILE", 40)
    as_one = interpolated(drops, length=8.0)
    np.testing.assert_allclose(found.drops, as_one.drops, rtol=0, atol=0.05)
    np.testing.assert_allclose(np.sort(found.off), np.sort(as_one.off), rtol=0, atol=0.05)


@pytest.mark.parametrize("missing", [0, 1])
def test_what_is_known_stays(missing: int) -> None:
    drops = np.random.default_rng(3).random((7, 7))
    drops[3, 3 : 3 + missing] = np.nan
    found = interpolated(drops, length=8.0).drops
    known = ~np.isnan(drops)
    np.testing.assert_array_equal(found[known], drops[known].astype(np.float32))
    assert np.isfinite(found).all()
