"""Small batches joined into larger ones: NumPy is slow on batches that suit a model's memory."""

from collections.abc import Iterable, Iterator

import numpy as np

ROWS = 512


def regrouped(
    batches: Iterable[tuple[np.ndarray, ...]], rows: int = ROWS
) -> Iterator[tuple[np.ndarray, ...]]:
    """The same rows in the same order, at least `rows` at a time except in the last batch.

    Args:
        batches: Each batch holds arrays of one length, such as logits and truths.
        rows: Least rows of a batch, 1 or more.

    >>> threes = [(np.arange(3),), (np.arange(3, 6),), (np.arange(6, 9),)]
    >>> [part.tolist() for part, in regrouped(threes, rows=4)]
    [[0, 1, 2, 3, 4, 5], [6, 7, 8]]
    """
    if rows < 1:
        raise ValueError(f"rows is {rows}; it must be 1 or more")
    waiting: list[tuple[np.ndarray, ...]] = []
    count = 0
    for batch in batches:
        if len(batch[0]):
            waiting.append(batch)
            count += len(batch[0])
        if count >= rows:
            yield _joined(waiting)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(waiting: list[tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    if len(waiting) == 1:
        return waiting[0]
    return tuple(np.concatenate(arrays) for arrays in zip(*waiting, strict=True))
