"""Parts of tables on a terminal: coloured bars, and places that fit a width."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

    from geoguess_cli.geo.places import Place

WIDEST = 100
"""Greatest width of a table, in characters; a wider one is harder to read."""

EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")


def bar(share: float, width: int) -> str:
    """A bar of `width` characters for a share of 1; any share above 0 stays visible.

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
        shares: The amounts, in [0, top].
        width: Length of the longest bar, in characters.
        top: Amount of the longest bar and the brightest colour, above 0.
    """
    import numpy as np
    from rich.text import Text

    from geoguess_cli.drawing.theme import SEQUENTIAL

    # The darkest quarter of the scale is invisible on a dark ground.
    scaled = np.asarray(shares, dtype=np.float64) / top
    colors = (255 * SEQUENTIAL(0.25 + 0.75 * np.sqrt(scaled))[:, :3]).round().astype(int).tolist()
    return [
        Text(bar(share, width), style=f"rgb({red},{green},{blue})")
        for share, (red, green, blue) in zip(scaled.tolist(), colors, strict=True)
    ]


def fitted_place(place: "Place", width: int) -> str:
    """A place in words: the fullest wording of at most `width` characters, else cut."""
    from geoguess_cli.geo.places import wordings

    texts = wordings(place)
    return next((text for text in texts if len(text) <= width), shortened(texts[-1], width))


def shortened(text: str, width: int, *, end: bool = False) -> str:
    """A text cut to at most `width` characters; its beginning stays, or with `end` its end.

    >>> shortened("Montana", 7), shortened("Montana", 5), shortened("a/b/photo.jpg", 10, end=True)
    ('Montana', 'Mont…', '…photo.jpg')
    """
    if len(text) <= width:
        return text
    keep = max(0, width - 1)
    return f"…{text[len(text) - keep :]}" if end else f"{text[:keep]}…"
