"""How many training photos a buffer costs, and what each other choice would cost.

A buffer of 1 km around val and test is cheap in a country and dear in four towns. Nothing here is
an estimate: each figure comes from a split that was made with the same shares and the same seed.
"""

from dataclasses import dataclass
from typing import Any

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.splits import assign_splits, set_aside
from geoguess_cli.photos.table import PhotoTable

BUFFERS_KM = (1.0, 0.5, 0.25, 0.1)
"""Buffers to choose from, the widest first; 0.1 km is about what the GPS of a photo can mean."""

MOST_LOST = 0.2
"""Largest share of the training photos that a buffer may cost without a word."""

MOST_TRIED = 500_000
"""Photos up to which other choices are tried: each takes as long as the split itself."""

BLOCK_LEVELS = (10, 8, 6)
"""Levels of blocks to try: 9, 35 and 140 km wide. Wider blocks have fewer neighbours."""


@dataclass(frozen=True)
class SplitChoice:
    """A way to split, and its cost.

    Attributes:
        options: The options of `geoguess data split`.
        lost: Share of the training photos that it sets aside.
    """

    options: str
    lost: float


def lost_share(table: PhotoTable) -> float:
    """Share of the training photos that a divided table sets aside."""
    aside = len(set_aside(table))
    train = table.splits.get("train", 0)
    return aside / (aside + train) if aside else 0.0


def split_within(
    table: PhotoTable, *, most_lost: float = MOST_LOST, **options: Any
) -> tuple[PhotoTable, float]:
    """The divided table and its buffer in km: the widest of `BUFFERS_KM` that costs little enough.

    Args:
        table: The photos.
        most_lost: Largest share of the training photos that may be set aside. If every buffer
            costs more, the narrowest is taken.
        options: The other arguments of `assign_splits`.

    Raises:
        PhotoTableError: As `assign_splits` raises it, for the narrowest buffer.
    """
    *wider, narrowest = BUFFERS_KM
    for buffer_km in wider:
        divided = _attempt(table, buffer_km=buffer_km, **options)
        if divided is not None and lost_share(divided) <= most_lost:
            return divided, buffer_km
    return assign_splits(table, buffer_km=narrowest, **options), narrowest


def other_choices(
    table: PhotoTable, divided: PhotoTable, *, buffer_km: float, **options: Any
) -> list[SplitChoice]:
    """Narrower buffers, and blocks as groups, that would cost less than a division does.

    Of the blocks it is the smallest that keeps enough photos, else the one that keeps the most. A
    table of more than `MOST_TRIED` photos is not tried.

    Args:
        table: The photos before the division.
        divided: The photos after it.
        buffer_km: Its buffer, in kilometres.
        options: The other arguments of `assign_splits`.
    """
    if len(table) > MOST_TRIED:
        return []
    lost = lost_share(divided)
    narrower = [
        _choice(table, f"--buffer-km {own:g}", buffer_km=own, **options)
        for own in BUFFERS_KM
        if own < buffer_km
    ]
    blocks = _blocks(table, buffer_km=buffer_km, **options)
    return [choice for choice in [*narrower, *blocks] if choice.lost < lost]


def _blocks(table: PhotoTable, **options: Any) -> list[SplitChoice]:
    choices = []
    for level in BLOCK_LEVELS:
        own = {**options, "by": "cell", "level": level}
        choices.append(_choice(table, f"--by cell --level {level}", **own))
        if choices[-1].lost <= MOST_LOST:
            break
    return sorted(choices, key=lambda choice: choice.lost)[:1]


def _choice(table: PhotoTable, words: str, **options: Any) -> SplitChoice:
    divided = _attempt(table, **options)
    return SplitChoice(words, 1.0 if divided is None else lost_share(divided))


def _attempt(table: PhotoTable, **options: Any) -> PhotoTable | None:
    """The divided table; None if it cannot be divided so."""
    try:
        return assign_splits(table, **options)
    except PhotoTableError:
        return None
