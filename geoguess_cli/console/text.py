"""What tables on a terminal are made of: bars in colour, and places in the room there is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

    from geoguess_cli.geo.places import Place

WIDEST = 100
"""Characters: a wider table is harder to read."""

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

    from geoguess_cli.drawing.theme import SEQUENTIAL

    # From a quarter of the scale: its darkest end is not seen on a dark ground.
    scaled = np.asarray(shares, dtype=np.float64) / top
    colors = (255 * SEQUENTIAL(0.25 + 0.75 * np.sqrt(scaled))[:, :3]).round().astype(int).tolist()
    return [
        Text(bar(share, width), style=f"rgb({red},{green},{blue})")
        for share, (red, green, blue) in zip(scaled.tolist(), colors, strict=True)
    ]


def fitted_place(place: "Place", width: int) -> str:
    """A place in words, the fullest way that fits in so many characters, else cut."""
    from geoguess_cli.geo.places import wordings

    texts = wordings(place)
    return next((text for text in texts if len(text) <= width), shortened(texts[-1], width))


def shortened(text: str, width: int, *, end: bool = False) -> str:
    """A text in at most so many characters, its beginning or its end kept.

    >>> shortened("Montana", 7), shortened("Montana", 5), shortened("a/b/photo.jpg", 10, end=True)
    ('Montana', 'Mont…', '…photo.jpg')
    """
    if len(text) <= width:
        return text
    keep = max(0, width - 1)
    return f"…{text[len(text) - keep :]}" if end else f"{text[:keep]}…"
