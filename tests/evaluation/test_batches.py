"""Batches of one size made from batches of another."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.evaluation.batches import regrouped


@given(st.lists(st.integers(0, 7), max_size=9), st.integers(1, 12))
def test_rows_are_kept_in_order(sizes: list[int], rows: int) -> None:
    ends = np.cumsum([0, *sizes])
    batches = [(np.arange(a, b), 2.0 * np.arange(a, b)[:, None]) for a, b in pairwise(ends)]
    found = list(regrouped(batches, rows))
    joined = np.concatenate([first for first, _ in found] or [np.empty(0)])
    np.testing.assert_array_equal(joined, np.arange(sum(sizes)))
    assert all((second[:, 0] == 2 * first).all() for first, second in found)
    assert all(len(first) >= rows for first, _ in found[:-1])
    assert all(len(first) > 0 for first, _ in found)


def test_batches_are_taken_as_they_are_needed() -> None:
    taken = []

    def batches() -> Iterator[tuple[np.ndarray, ...]]:
        for number in range(10):
            taken.append(number)
            yield (np.full(2, number),)

    stream = regrouped(batches(), 4)
    next(stream)
    assert taken == [0, 1]


def test_no_rows_at_a_time_are_refused() -> None:
    with pytest.raises(ValueError, match="rows is 0"):
        next(regrouped([], 0))
