"""The batches of an epoch: each photo once, or drawn by chance; the same in any number of parts."""

import numpy as np
import pytest

from geoguess_cli.photos.batch_order import BatchOrder


def rows(order: BatchOrder, epoch: int = 0, first: int = 0) -> list[list[int]]:
    return [[row for _, row, _ in batch] for batch in order.keys(epoch, first)]


def test_each_photo_comes_once_in_an_order_of_its_epoch() -> None:
    order = BatchOrder(10, 4, seed=3, shuffle=True)
    first, second = (np.concatenate(rows(order, epoch)).tolist() for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second
    assert [len(batch) for batch in rows(order)] == [4, 4, 2]
    assert rows(BatchOrder(10, 4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


@pytest.mark.parametrize("chances", [None, np.arange(10) / 45])
def test_processes_share_each_batch(chances: np.ndarray | None) -> None:
    whole = rows(BatchOrder(10, 4, shuffle=True, chances=chances), epoch=2)
    parts = [
        rows(BatchOrder(10, 4, shuffle=True, share=(own, 3), chances=chances), epoch=2)
        for own in range(3)
    ]
    for step, batch in enumerate(whole):
        assert [part[step] for part in parts] == [batch[own::3] for own in range(3)]


def test_draws_follow_their_chances_and_a_later_step_sees_the_same_ones() -> None:
    chances = np.array([0.5, 0.3, 0.2] + [0.0] * 2997)
    order = BatchOrder(3000, 64, seed=1, shuffle=True, chances=chances)
    drawn = rows(order)
    counts = np.bincount(np.concatenate(drawn), minlength=3000)
    assert counts.sum() == 3000
    assert counts[:3] / 3000 == pytest.approx(chances[:3], abs=0.03)
    assert not counts[3:].any()
    assert rows(order, first=30) == drawn[30:]
    assert rows(order, epoch=1) != drawn


def test_a_photo_drawn_again_says_so() -> None:
    order = BatchOrder(100, 7, chances=np.full(100, 0.01))
    keys = [key for batch in order.keys(4, 0) for key in batch]
    seen: dict[int, int] = {}
    for epoch, row, before in keys:
        assert (epoch, before) == (4, seen.get(row, 0))
        seen[row] = before + 1
    assert max(seen.values()) > 1
