"""Recurring spots: places of the frame at which several photos of a drive have a deciding spot.

And the photos that such a place is compared with: of other drives, and others of its own.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.survey.spots import Answered, Box, Rules, Spot, decides

_MIDDLES = 200


@dataclass(frozen=True)
class RecurringSpot:
    """A place of the frame at which photos of a drive have a deciding spot.

    Attributes:
        drive: The number of the drive.
        cell_index: The photos' answer.
        box: The place.
        spots: The spot of each photo there, by its row.
    """

    drive: int
    cell_index: int
    box: Box
    spots: dict[int, Spot]


def recurring_spots(
    answers: Mapping[int, Answered], drives: Int[np.ndarray, " n"], rules: Rules
) -> list[RecurringSpot]:
    """The places with a deciding spot in enough photos of one drive and one answer.

    Args:
        answers: What is known of some photos, by their row.
        drives: The drive of each row, as a number; -1 where it is not known.
        rules: What counts.
    """
    together: dict[tuple[int, int], list[tuple[int, Spot]]] = defaultdict(list)
    for row, answered in answers.items():
        if drives[row] >= 0:
            key = (int(drives[row]), answered.cell_index)
            together[key] += [(row, s) for s in answered.spots if decides(s, answered, rules)]
    found = []
    for (drive, cell_index), spots in sorted(together.items()):
        left = spots
        while True:
            place = _most_shared(left, rules.least_overlap)
            if len(place) < rules.least_photos:
                break
            box = place[next(iter(place))].box
            found.append(RecurringSpot(drive, cell_index, box, place))
            left = [(row, s) for row, s in left if s.box.overlap(box) < rules.least_overlap]
    return found


def _most_shared(spots: Sequence[tuple[int, Spot]], least_overlap: float) -> dict[int, Spot]:
    """The largest set of spots of different photos around one of them, which comes first."""
    best: dict[int, Spot] = {}
    # Of a very long drive some spots are tried as the middle one: time grows with its length only.
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
    """One photo of each of so many other drives of the same cell, and of so many nearest ones.

    Args:
        place: What they are to be compared with.
        drives: The drive of each row, as a number; -1 where it is not known: a drive by itself.
        cells: The true cell of each row; -1 where it lies in none.
        latlng: Where each row was taken: latitude, longitude, in degrees.
        count: Of either kind, at most.
        rng: Draws those of the cell.
    """
    own = np.where(drives < 0, -1 - np.arange(len(drives)), drives)
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
    """Photos of the drive without the spot, if most photos have it; else none.

    Args:
        place: The spot.
        drives: The drive of each row, as a number.
        count: How many, at most.
        rng: Draws them.
    """
    own = np.flatnonzero(drives == place.drive)
    rest = [int(row) for row in rng.permutation(own) if row not in place.spots]
    return rest[:count] if len(place.spots) > len(rest) else []


def _one_a_drive(rows: Int[np.ndarray, " m"], own: Int[np.ndarray, " n"], count: int) -> list[int]:
    """The first row of each drive, of the first so many drives."""
    _, first = np.unique(own[rows], return_index=True)
    return [int(row) for row in rows[np.sort(first)][:count]]
