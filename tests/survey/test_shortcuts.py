"""Shortcuts: worlds in which the object that the model reads, and its place, are known."""

import math

import numpy as np
import pytest

from geoguess_cli.survey.scan import ScanPlan, scan_photo
from geoguess_cli.survey.shortcuts import carried, exchanger, shared_spots, suspects
from geoguess_cli.survey.spots import Answered, Box, Rules, Spot, decides

SIDE = 32
PATCH = Box(8, 12, 16, 20)
"""Where all models of this module look."""

DRIVES = np.repeat(np.arange(6), 4)
CELLS = np.repeat([1, 1, 1, 0, 0, 0], 4)
LATLNG = np.stack([np.linspace(30, 45, 24), np.linspace(-110, -95, 24)], axis=1)
PLAN = ScanPlan(window=8, stride=4)


def world(with_patch: list[int], seed: int = 0) -> np.ndarray:
    """Photos (24, 3, 32, 32) of six drives; the photos of some have a bright patch."""
    rng = np.random.default_rng(seed)
    images = rng.normal(0, 0.05, (24, 3, SIDE, SIDE)).astype(np.float32)
    for row in np.flatnonzero(np.isin(DRIVES, with_patch)):
        images[row, :, PATCH.top : PATCH.bottom, PATCH.left : PATCH.right] += 1
    return images


def reads_patch(images: np.ndarray) -> np.ndarray:
    """Cell 1 by how bright the patch is, else cell 0."""
    patch = images[:, :, PATCH.top : PATCH.bottom, PATCH.left : PATCH.right]
    second = 0.05 + 0.9 * patch.mean(axis=(1, 2, 3)).clip(0, 1)
    return np.stack([1 - second, second], axis=1)


def reads_everything(images: np.ndarray) -> np.ndarray:
    """Cell 1 by how bright the whole photo is."""
    second = 1 / (1 + np.exp(-4 * images.mean(axis=(1, 2, 3))))
    return np.stack([1 - second, second], axis=1)


def spots_of(images: np.ndarray, predict, rules: Rules = PLAN.rules, drives: np.ndarray = DRIVES):  # type: ignore[no-untyped-def]
    plan = ScanPlan(window=8, stride=4, rules=rules)
    answers = {row: scan_photo(predict, image, plan) for row, image in enumerate(images)}
    exchange = exchanger(predict, lambda row: images[row], batch_size=7)
    return shared_spots(answers, drives, CELLS, LATLNG, exchange, rules=rules)


def test_a_planted_thing_of_one_drive_is_found_and_nothing_else() -> None:
    spots = spots_of(world([2]), reads_patch)
    (spot,) = suspects(spots)
    assert spots == [spot]
    assert spot.drive == 2
    assert sorted(spot.rows) == [8, 9, 10, 11]
    assert spot.cell_index == 1
    assert spot.box.overlap(PATCH) > 0.3
    assert spot.drop > 0.9
    assert spot.changed == 4
    assert spot.kept_alone == 4
    assert spot.within == pytest.approx(0, abs=0.05)
    assert spot.across > 0.85
    assert spot.score == pytest.approx(spot.across - max(0, spot.within))
    assert not set(DRIVES[list(spot.others)]) & {2}


def test_what_all_drives_of_the_cell_share_is_a_feature_of_the_place() -> None:
    spots = spots_of(world([0, 1, 2]), reads_patch)
    assert {spot.drive for spot in spots} == {0, 1, 2}
    assert suspects(spots) == []


def test_another_drive_with_the_thing_clears_it_unless_photos_of_its_own_lack_it() -> None:
    images = world([1, 2])
    spots = spots_of(images, reads_patch)
    assert {spot.drive for spot in spots} == {1, 2}
    assert suspects(spots) == []
    assert all(math.isnan(spot.without) for spot in spots)
    assert all(spot.across < 0.1 and spot.across_half > 0.8 for spot in spots)
    # Of five other drives one may be left out.
    assert len(suspects(spots_of(images, reads_patch, Rules(share=0.2)))) == 2

    images[11] = world([])[11]
    (spot,) = suspects(spots_of(images, reads_patch))
    assert spot.drive == 2
    assert sorted(spot.rows) == [8, 9, 10]
    assert spot.without > 0.8
    assert spot.score == pytest.approx(min(spot.without, spot.across_half), abs=0.05)


def test_what_comes_and_goes_in_a_drive_is_cleared_where_most_drives_have_it() -> None:
    images = world([0, 1, 2, 3, 4])
    images[11] = world([])[11]
    spots = spots_of(images, reads_patch)
    (spot,) = [spot for spot in spots if spot.drive == 2]
    assert spot.without > 0.8
    assert suspects(spots) == []


def test_a_model_that_reads_everything_has_no_spots() -> None:
    images = world([2]) + 0.5
    assert spots_of(images, reads_everything) == []


def test_a_thing_in_one_photo_of_a_drive_is_not_shared() -> None:
    images = world([])
    images[8, :, PATCH.top : PATCH.bottom, PATCH.left : PATCH.right] += 1
    assert spots_of(images, reads_patch) == []


def test_photos_of_no_known_drive_share_nothing_but_compare() -> None:
    unknown = np.where(DRIVES == 2, DRIVES, -1)
    (spot,) = spots_of(world([2]), reads_patch, drives=unknown)
    assert spot.drive == 2
    # Each photo is a drive of its own: eight of the cell, and of the nearest eight the others.
    assert 8 < len(spot.others) <= 16
    assert len(set(spot.others)) == len(spot.others)
    assert not set(spot.others) & {8, 9, 10, 11}
    assert spots_of(world([2]), reads_patch, drives=np.full(24, -1)) == []


def test_without_other_drives_there_is_no_score() -> None:
    (spot,) = spots_of(world([2]), reads_patch, drives=np.full(24, 2))
    assert math.isnan(spot.score)
    assert suspects([spot]) == []


def test_an_unreadable_photo_is_left_out_of_the_comparison() -> None:
    images = world([2])
    answers = {row: scan_photo(reads_patch, image, PLAN) for row, image in enumerate(images)}
    exchange = exchanger(reads_patch, lambda row: None if row < 8 else images[row])
    (spot,) = shared_spots(answers, DRIVES, CELLS, LATLNG, exchange)
    assert spot.across > 0.85


def test_a_thing_carries_its_answer_elsewhere() -> None:
    images = world([2])
    (spot,) = spots_of(images, reads_patch)
    exchange = exchanger(reads_patch, lambda row: images[row])
    assert carried(spot, DRIVES, CELLS, exchange) > 0.8
    nobody = np.full(24, spot.cell_index)
    assert math.isnan(carried(spot, DRIVES, nobody, exchange))


@pytest.mark.parametrize(
    ("covered", "cell", "deciding"),
    [(0.6, 1, True), (0.61, 1, False), (0.79, 0, True), (0.9, 1, False)],
)
def test_a_spot_decides_by_a_quarter_or_by_the_answer(
    covered: float, cell: int, deciding: bool
) -> None:
    spot = Spot(PATCH, covered=covered, covered_cell=cell, alone=0.1, alone_cell=0)
    assert decides(spot, Answered(1, 0.8, [spot])) is deciding
