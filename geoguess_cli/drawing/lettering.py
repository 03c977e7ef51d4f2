"""Text on a figure: legible on any ground, and cut to fit."""

from bisect import bisect
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import AbstractPathEffect, withStroke

from geoguess_cli.drawing import theme


def halo(width: float = 2.0, color: str = theme.PAGE) -> list[AbstractPathEffect]:
    """Path effects that keep text legible on any ground."""
    return [withStroke(linewidth=width, foreground=color, alpha=0.92)]


def text_width(ax: Axes, text: str, **style: Any) -> float:
    """Width of a text in the horizontal units of the axes."""
    artist = ax.text(0, 0, text, **style)
    box = artist.get_window_extent().transformed(ax.transData.inverted())
    artist.remove()
    return float(box.width)


def shortened(ax: Axes, text: str, room: float, **style: Any) -> str:
    """The text; if it is wider than `room` (units of the axes), its end is cut to "…"."""
    if text_width(ax, text, **style) <= room:
        return text
    cuts = range(1, len(text))
    fitting = bisect(cuts, room, key=lambda cut: text_width(ax, text[:cut] + "…", **style))
    return text[:fitting].rstrip(" ,") + "…"


def fitting(ax: Axes, texts: Sequence[str], room: float, **style: Any) -> str:
    """The first text no wider than `room` (units of the axes), else the last text, shortened."""
    for text in texts:
        if text_width(ax, text, **style) <= room:
            return text
    return shortened(ax, texts[-1], room, **style)


def write(figure: Figure, left: float, bottom: float, text: str, **style: Any) -> None:
    """Write text on the page from its left end and its baseline, in inches."""
    width, height = figure.get_size_inches()
    figure.text(left / width, bottom / height, text, **{"ha": "left", "va": "baseline", **style})


def write_title(figure: Figure, left: float, title: str, note: str) -> None:
    """Write the title at the top of the page and a muted note below it."""
    top = figure.get_figheight()
    write(figure, left, top - 0.27, title, fontsize=theme.TITLE, fontweight="bold")
    write(figure, left, top - 0.47, note, fontsize=theme.SMALL, color=theme.MUTED)


def write_note(figure: Figure, left: float, top: float, text: str) -> None:
    """Write small muted lines on the page from their upper left corner, in inches."""
    style = {"fontsize": theme.TINY, "color": theme.MUTED, "linespacing": 1.5}
    write(figure, left, top, text, va="top", **style)
