"""Recurring spots: places of the frame where several photos of a drive have a deciding spot.

This module also chooses the photos that a recurring spot is compared with, from other drives and
from its own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.survey.spots import Answered, Box, Rules, Spot, decides

_MIDDLES = 200
"""Greatest number of spots that are tried as the middle of a recurring spot."""


@dataclass(frozen=True)
class RecurringSpot:
    """A place of the frame where photos of a drive have a deciding spot.

    Attributes:
        drive: Number of the drive.
        cell_index: The cell that the photos are answered with.
        box: The place.
        spots: The spot of each photo at this place, by the row of the photo.
    """

    drive: int
    cell_index: int
    box: Box
    spots: dict[int, Spot]


def own_drives(drives: Int[np.ndarray, " n"]) -> Int[np.ndarray, " n"]:
    """The number of the drive of each row, with a number of its own for a row with -1.

    >>> own_drives(np.array([4, -1, 4, -1])).tolist()
    [4, -2, 4, -4]
    """
    return np.where(drives < 0, -1 - np.arange(len(drives)), drives)


def recurring_spots(
    answers: Mapping[int, Answered], drives: Int[np.ndarray, " n"], rules: Rules
) -> list[RecurringSpot]:
    """The places with a deciding spot in enough photos of one drive with the same answer.

    Args:
        answers: The scanned photos, by their row.
        drives: Number of the drive of each row; -1 if it is unknown.
        rules: The thresholds.
    """
    together: dict[tuple[int, int], list[tuple[int, Spot]]] = defaultdict(list)
    for row, answered in answers.items():
        if drives[row] >= 0:
            key = (int(drives[row]), answered.cell_index)
            together[key] += [(row, s) for s in answered.spots if decides(s, answered, rules)]
    recurring = []
    for (drive, cell_index), spots in sorted(together.items()):
        left = spots
        while len(place := _most_shared(left, rules.least_overlap)) >= rules.least_photos:
            box = place[next(iter(place))].box
            recurring.append(RecurringSpot(drive, cell_index, box, place))
            left = [(row, s) for row, s in left if s.box.overlap(box) < rules.least_overlap]
    return recurring


def _most_shared(spots: Sequence[tuple[int, Spot]], least_overlap: float) -> dict[int, Spot]:
    """The largest set of overlapping spots of different photos; the middle one comes first."""
    best: dict[int, Spot] = {}
    # Trying every spot as the middle would take a time that grows with the square of the drive.
    for row, spot in spots[:: len(spots) // _MIDDLES + 1]:
        around = {row: spot}
        for other_row, other in spots:
            if other_row not in around and spot.box.overlap(other.box) >= least_overlap:
                around[other_row] = other
        if len(around) > len(best):
            best = around
    return best


def other_drives(
    place: RecurringSpot,
    drives: Int[np.ndarray, " n"],
    cells: Int[np.ndarray, " n"],
    latlng: Float[np.ndarray, "n 2"],
    count: int,
    rng: np.random.Generator,
) -> list[int]:
    """Rows of photos of other drives, one a drive: first of the same cell, then the nearest.

    Args:
        place: The recurring spot that they are compared with.
        drives: Number of the drive of each row; a row with -1 counts as a drive of its own.
        cells: Index of the true cell of each row; -1 if it lies in none.
        latlng: Where each row was taken: latitude, longitude, in degrees.
        count: Greatest number of drives of the same cell, and of nearest drives.
        rng: Draws the drives of the same cell.
    """
    own = own_drives(drives)
    others = np.flatnonzero(drives != place.drive)
    here = np.broadcast_to(latlng[next(iter(place.spots))], (len(others), 2))
    nearest = others[np.argsort(great_circle_km(here, latlng[others]), kind="stable")]
    shuffled = rng.permutation(others)
    of_cell = _one_a_drive(shuffled[cells[shuffled] == place.cell_index], own, count)
    near = _one_a_drive(nearest, own, count)
    return of_cell + [row for row in near if own[row] not in own[of_cell]]


def rest_of_drive(
    place: RecurringSpot, drives: Int[np.ndarray, " n"], count: int, rng: np.random.Generator
) -> list[int]:
    """Rows of the drive's photos without the spot; none unless most of its photos have it.

    Args:
        place: The recurring spot.
        drives: Number of the drive of each row.
        count: Greatest number of photos.
        rng: Draws the photos.
    """
    own = np.flatnonzero(drives == place.drive)
    rest = [int(row) for row in rng.permutation(own) if row not in place.spots]
    return rest[:count] if len(place.spots) > len(rest) else []


def _one_a_drive(rows: Int[np.ndarray, " m"], own: Int[np.ndarray, " n"], count: int) -> list[int]:
    """The first row of each drive, for the first `count` drives."""
    _, first = np.unique(own[rows], return_index=True)
    return [int(row) for row in rows[np.sort(first)][:count]]
