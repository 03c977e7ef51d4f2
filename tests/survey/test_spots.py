"""Spots of one photo: maps with a known peak, and models that read a known patch."""

import numpy as np
import pytest

from geoguess_cli.occlusion.occlusion_map import OcclusionMap
from geoguess_cli.occlusion.targets import cell_target
from geoguess_cli.survey.spots import (
    MOST_SPOTS,
    Box,
    Rules,
    examined_spots,
    pasted,
    prominent_boxes,
)


def boxes_of(drops: np.ndarray, *, least_excess: float = 0.2, most_area: float = 0.5) -> list[Box]:
    """Boxes of a map with windows of 8 pixels, 4 apart, of 32 × 32 pixels."""
    occlusion = OcclusionMap(
        drop=np.zeros((32, 32), np.float32),
        window_drops=drops.astype(np.float32),
        target=cell_target(0),
        value=1.0,
        window=8,
        stride=4,
        baselines=("mean",),
        done=49,
        total=49,
    )
    return prominent_boxes(occlusion, Rules(least_excess=least_excess, most_area=most_area))


def flat(value: float = 0.0) -> np.ndarray:
    return np.full((7, 7), value)


def test_one_window_is_its_own_box() -> None:
    drops = flat(0.3)
    drops[2, 5] = 0.9
    assert boxes_of(drops) == [Box(8, 20, 16, 28)]


def test_windows_side_by_side_are_one_box_and_corners_do_not_join() -> None:
    drops = flat()
    drops[1, 1], drops[1, 2], drops[2, 3] = 0.8, 0.5, 0.5
    assert boxes_of(drops) == [Box(4, 4, 12, 16), Box(8, 12, 16, 20)]


def test_below_half_of_the_peak_is_no_part_of_it() -> None:
    drops = flat()
    drops[3, 3], drops[3, 4] = 0.8, 0.39
    assert boxes_of(drops) == [Box(12, 12, 20, 20)]


def test_a_map_that_is_high_everywhere_has_no_spot() -> None:
    drops = flat(0.5)
    drops[3, 3] = 0.65
    assert boxes_of(drops) == []
    assert len(boxes_of(drops, least_excess=0.1)) == 1


def test_what_spreads_over_the_frame_is_no_spot() -> None:
    drops = flat()
    drops[4:, :] = 0.6
    assert boxes_of(drops, most_area=0.15) == []
    assert boxes_of(drops, most_area=0.6) == [Box(16, 0, 32, 32)]


def test_the_strongest_come_first_and_no_more_than_a_few() -> None:
    drops = flat()
    strengths = np.array([0.5, 0.9, 0.6, 0.7, 0.8])
    for k, at in enumerate([(0, 0), (0, 3), (3, 0), (3, 3), (6, 6)]):
        drops[at] = strengths[k]
    tops_lefts = [(box.top, box.left) for box in boxes_of(drops)]
    assert tops_lefts == [(0, 12), (24, 24), (12, 12), (12, 0)]
    assert len(tops_lefts) == MOST_SPOTS


def test_overlap() -> None:
    box = Box(0, 0, 4, 4)
    assert box.overlap(box) == 1
    assert box.overlap(Box(4, 0, 8, 4)) == 0
    assert box.overlap(Box(2, 2, 6, 6)) == pytest.approx(4 / 28)


def reads_a_patch(images: np.ndarray) -> np.ndarray:
    """Two cells: the second has the mean of the patch of rows 8 to 16, columns 4 to 12."""
    second = images[:, :, 8:16, 4:12].mean(axis=(1, 2, 3)).clip(0, 1)
    return np.stack([1 - second, second], axis=1)


def test_a_spot_that_alone_decides() -> None:
    image = np.zeros((3, 32, 32), np.float32)
    image[:, 8:16, 4:12] = 0.9
    there, beside = Box(8, 4, 16, 12), Box(20, 20, 28, 28)
    spots = examined_spots(reads_a_patch, image, 1, [there, beside], [np.zeros_like(image)])
    assert (spots[0].covered, spots[0].covered_cell) == (pytest.approx(0.0), 0)
    assert (spots[0].alone, spots[0].alone_cell) == (pytest.approx(0.9), 1)
    assert (spots[1].covered, spots[1].covered_cell) == (pytest.approx(0.9), 1)
    assert (spots[1].alone, spots[1].alone_cell) == (pytest.approx(0.0), 0)


def test_several_covers_are_averaged() -> None:
    image = np.full((3, 32, 32), 0.9, np.float32)
    covers = [np.zeros_like(image), np.full_like(image, 0.5)]
    (spot,) = examined_spots(reads_a_patch, image, 1, [Box(8, 4, 16, 12)], covers)
    assert spot.covered == pytest.approx(0.25)
    assert spot.alone == pytest.approx(0.9)


def test_pasting_leaves_its_sources_alone() -> None:
    image, source = np.zeros((3, 8, 8), np.float32), np.ones((3, 8, 8), np.float32)
    made = pasted(image, source, Box(2, 3, 5, 8))
    assert made.sum() == 3 * 3 * 5
    assert made[:, 2:5, 3:8].min() == 1
    assert image.max() == 0
