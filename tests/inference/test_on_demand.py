"""Each item is made once: the first ones alone, then all others together."""

import pytest

from geoguess_cli.inference.on_demand import OnDemand


def test_items_are_made_once_and_come_in_the_order_asked_for() -> None:
    calls: list[list[int]] = []
    squares = OnDemand(6, lambda rows: calls.append(rows) or [row**2 for row in rows])
    assert len(squares) == 6
    assert squares.some([4, 1, 4]) == [16, 1, 16]
    assert squares.some([1]) == [1]
    assert calls == [[4, 1]]
    assert squares[2] == 4
    assert calls == [[4, 1], [0, 2, 3, 5]]
    assert (list(squares), squares[-1], squares[1:3]) == ([0, 1, 4, 9, 16, 25], 25, [1, 4])
    assert len(calls) == 2
    with pytest.raises(IndexError):
        squares[6]


def test_a_walk_through_all_makes_all_at_once() -> None:
    calls: list[list[int]] = []
    halves = OnDemand(3, lambda rows: calls.append(rows) or [row / 2 for row in rows])
    assert list(halves) == [0, 0.5, 1]
    assert calls == [[0, 1, 2]]
    assert list(OnDemand(0, lambda _rows: [])) == []
