"""A list of what would take long to make as a whole, and of which a first answer needs little."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar

_Item = TypeVar("_Item")


class OnDemand(Generic[_Item]):
    """A list whose items are made when they are first asked for.

    The first items are made alone. Whoever asks for others later will ask again, so all the rest is
    made at once.

    Args:
        count: Number of items.
        make: Makes the items at some positions, in their order.
    """

    def __init__(self, count: int, make: Callable[[list[int]], Sequence[_Item]]) -> None:
        self._count, self._make = count, make
        self._made: dict[int, _Item] = {}

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, at: Any) -> Any:
        rows = range(self._count)[at]
        return self.some(rows) if isinstance(at, slice) else self.some([rows])[0]

    def __iter__(self) -> Iterator[_Item]:
        return iter(self.some(range(self._count)))

    def some(self, rows: Sequence[int]) -> list[_Item]:
        """The items at these positions, 0 or more, in this order."""
        missing = [row for row in dict.fromkeys(rows) if row not in self._made]
        if missing and self._made:
            missing = [row for row in range(self._count) if row not in self._made]
        if missing:
            self._made.update(zip(missing, self._make(missing), strict=True))
        return [self._made[row] for row in rows]
