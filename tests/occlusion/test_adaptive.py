"""Adaptive maps: exact where windows were covered, near elsewhere, at a third of the cost."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from geoguess_cli.occlusion.adaptive import (
    adaptive_map,
    differing_windows,
    first_windows,
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
    assert note.covered <= 169 / 3 + 1
    assert sum(images) == note.covered + 1  # and the whole photo
    assert found.done == found.total == note.covered
    same = np.isclose(found.window_drops, full.window_drops, rtol=0, atol=1e-6)
    assert note.covered <= same.sum() < 169
    assert spearmanr(found.drop.ravel(), full.drop.ravel()).statistic > 0.98


def test_the_check_tells_how_far_it_is_off() -> None:
    full = occlusion_map(PREDICT, IMAGE, 1, window=16, stride=4)
    found = adaptive_map(PREDICT, IMAGE, 1, window=16, stride=4)
    note = found.interpolation
    assert note is not None
    assert note.checked == 4
    off = np.abs(found.window_drops - full.window_drops)
    others = off[off > 1e-6]
    assert 0 < note.mean_difference <= note.greatest_difference
    assert others.mean() / 5 < note.mean_difference < others.mean() * 5


def test_windows_follow_the_differences() -> None:
    one_spot = bumps((20, 14, 1.0))
    found = adaptive_map(one_spot, IMAGE, 1, window=16, stride=4)
    full = occlusion_map(one_spot, IMAGE, 1, window=16, stride=4)
    covered = np.abs(found.window_drops - full.window_drops) < 1e-7
    extra = covered & ~first_windows(13, 13)
    steep = np.hypot(*np.gradient(full.window_drops))
    assert steep[extra].mean() > 1.5 * steep[~extra].mean()


def test_a_flat_map_is_not_refined() -> None:
    def flat(images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 2), 0.5)

    found = adaptive_map(flat, IMAGE, 0, window=16, stride=4)
    assert found.interpolation is not None
    assert found.interpolation.covered == first_windows(13, 13).sum() + 4
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
    assert {total for _, total in progress} == {2 * 56}
    assert progress[-1][0] == found.total
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)


def test_the_seed_draws_the_windows_of_the_check() -> None:
    maps = [adaptive_map(PREDICT, IMAGE, 1, window=16, stride=4, seed=seed) for seed in (0, 0, 1)]
    assert maps[0].interpolation == maps[1].interpolation
    assert maps[0].interpolation != maps[2].interpolation


def test_the_first_windows_leave_out_no_row_and_no_column() -> None:
    for rows, columns in ((6, 6), (13, 9), (29, 29)):
        first = first_windows(rows, columns)
        assert first.any(axis=0).all()
        assert first.any(axis=1).all()
        assert first[[0, 0, -1, -1], [0, -1, 0, -1]].all()
        assert first.mean() < 0.36


def test_windows_that_are_chosen_are_no_neighbours() -> None:
    drops = np.where(first_windows(20, 20), np.random.default_rng(0).random((20, 20)), np.nan)
    chosen = differing_windows(drops, 15)
    assert chosen.sum() == 15
    assert not (chosen & ~np.isnan(drops)).any()
    places = np.argwhere(chosen)
    apart = np.abs(places[:, None] - places[None]).max(axis=2)
    assert apart[~np.eye(len(places), dtype=bool)].min() > 1
    assert not differing_windows(drops, 0).any()


def test_a_plane_is_interpolated_exactly() -> None:
    i, j = np.indices((10, 12))
    plane = 0.5 * i - 0.25 * j + 3
    found = interpolated(np.where(first_windows(10, 12), plane, np.nan))
    np.testing.assert_allclose(found, plane, rtol=0, atol=1e-4)


@pytest.mark.parametrize("missing", [0, 1])
def test_what_is_known_stays(missing: int) -> None:
    drops = np.random.default_rng(3).random((7, 7))
    drops[3, 3 : 3 + missing] = np.nan
    found = interpolated(drops)
    known = ~np.isnan(drops)
    np.testing.assert_array_equal(found[known], drops[known].astype(np.float32))
    assert np.isfinite(found).all()
