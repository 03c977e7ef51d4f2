"""Bars for tables: eighths of a character long, coloured by what they stand for."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(share: float, width: int) -> str:
    """A bar of so many characters at a share of 1; what is above 0 is seen.

    >>> bar(1.0, 4), bar(0.5, 3), bar(0.01, 4), bar(0.0, 4)
    ('████', '█▌', '▏', '')
    """
    eighths = round(share * width * 8)
    if share > 0:
        eighths = max(1, eighths)
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8]


def colored_bars(shares: Sequence[float], width: int, *, top: float = 1.0) -> "list[Text]":
    """Bars in the colours of the maps: brighter is more.

    Args:
        shares: In [0, top].
        width: Characters of the longest bar.
        top: What the longest bar and the brightest colour stand for, above 0.
    """
    import numpy as np
    from rich.text import Text

    from geoguess_cli.explain.theme import SEQUENTIAL

    # From a quarter of the scale: its darkest end is not seen on a dark ground.
    scaled = np.asarray(shares, dtype=np.float64) / top
    colors = (255 * SEQUENTIAL(0.25 + 0.75 * np.sqrt(scaled))[:, :3]).round().astype(int).tolist()
    return [
        Text(bar(share, width), style=f"rgb({red},{green},{blue})")
        for share, (red, green, blue) in zip(scaled.tolist(), colors, strict=True)
    ]
