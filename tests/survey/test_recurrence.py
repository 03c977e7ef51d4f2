"""Recurring spots: drives whose spots are known, and the photos that serve for comparison."""

import numpy as np

from geoguess_cli.survey.recurrence import (
    RecurringSpot,
    other_drives,
    recurring_spots,
    rest_of_drive,
)
from geoguess_cli.survey.spots import RULES, Answered, Box, Spot

LEFT, RIGHT = Box(0, 0, 8, 8), Box(0, 16, 8, 24)


def deciding(box: Box) -> Spot:
    return Spot(box, covered=0.1, covered_cell=0, alone=0.9, alone_cell=1)


def answered(*boxes: Box, cell: int = 1) -> Answered:
    return Answered(cell, 0.8, [deciding(box) for box in boxes])


def test_a_spot_recurs_in_photos_of_one_drive_with_one_answer() -> None:
    drives = np.array([0, 0, 0, 1, 0, -1, -1])
    answers = {
        0: answered(LEFT, RIGHT),
        1: answered(Box(1, 1, 9, 9)),
        2: answered(RIGHT),
        3: answered(LEFT),  # of another drive
        4: Answered(2, 0.8, [deciding(LEFT)]),  # with another answer
        5: answered(LEFT),  # without a drive
        6: answered(LEFT),
    }
    left, right = recurring_spots(answers, drives, RULES)
    assert (left.drive, left.cell_index, left.box, list(left.spots)) == (0, 1, LEFT, [0, 1])
    assert (right.box, list(right.spots)) == (RIGHT, [0, 2])


def test_a_spot_that_does_not_decide_does_not_recur() -> None:
    idle = Spot(LEFT, covered=0.79, covered_cell=1, alone=0.1, alone_cell=0)
    answers = {row: Answered(1, 0.8, [idle]) for row in range(3)}
    assert recurring_spots(answers, np.zeros(3, dtype=int), RULES) == []


def place(*rows: int) -> RecurringSpot:
    return RecurringSpot(0, 1, LEFT, {row: deciding(LEFT) for row in rows})


def test_other_drives_are_of_the_same_cell_and_the_nearest_without_repeats() -> None:
    drives = np.array([0, 0, 1, 1, 2, 3, -1, -1])
    cells = np.array([1, 1, 1, 1, 1, 0, 0, 1])
    latlng = np.stack([np.arange(8.0), np.zeros(8)], axis=1)
    rng = np.random.default_rng(0)
    rows = other_drives(place(0, 1), drives, cells, latlng, 2, rng)
    of_cell, nearest = rows[:2], rows[2:]
    assert (cells[of_cell] == 1).all()
    assert not set(rows) & {0, 1}
    names = [drives[row] if drives[row] >= 0 else -1 - row for row in rows]
    assert len(set(names)) == len(names)
    assert set(nearest) <= {2, 4}  # the two nearest other drives
    every = other_drives(place(0, 1), drives, cells, latlng, 8, rng)
    assert len(every) == 5  # drives 1, 2 and 3, and two photos without a drive


def test_the_rest_of_a_drive_counts_only_if_most_photos_have_the_spot() -> None:
    drives = np.array([0, 0, 0, 1, 0])
    rng = np.random.default_rng(0)
    assert rest_of_drive(place(0, 1, 2), drives, 8, rng) == [4]
    assert rest_of_drive(place(0, 1), drives, 8, rng) == []
