"""What stands beside a probability map: the photo, what is answered, the top guesses.

Each block is drawn on axes of its own, measured in inches, and lists from the top down.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from geoguess_cli.explain import theme
from geoguess_cli.explain.labels import badge_box, shortened, text_width
from geoguess_cli.explain.probability_map import ProbabilityMap
from geoguess_cli.explain.wording import coordinates, kilometres, percent, place_names

STEP = 0.37
"""Height of one entry of a list, in inches."""

TRUTH_STYLE: dict[str, Any] = {
    "marker": "o",
    "markersize": 7.0,
    "markerfacecolor": theme.TRUTH,
    "markeredgecolor": theme.PAGE,
    "markeredgewidth": 1.1,
    "linestyle": "none",
}
ESTIMATE_STYLE: dict[str, Any] = {
    "marker": "X",
    "markersize": 8.0,
    "markerfacecolor": theme.INK,
    "markeredgecolor": theme.PAGE,
    "markeredgewidth": 1.0,
    "linestyle": "none",
}
"""The marks of the truth and of the point estimate, on the map and in its legend."""

_PHOTO_SIDE = 720  # pixels: 300 an inch at the block's width, and the file stays small
_INDENT, _LINE = 0.24, 0.155  # inches: after the mark of an entry, between its two lines
_SMALL: dict[str, Any] = {"fontsize": theme.SMALL, "va": "center_baseline"}
_TINY: dict[str, Any] = {"fontsize": theme.TINY, "va": "center_baseline"}


def draw_photo(ax: Axes, photo: Image.Image) -> None:
    """Draw a photo in its own shape, as large as the axes allow, in their upper left corner."""
    width, height = _in_inches(ax)
    small = photo.convert("RGB")
    small.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
    tall = min(height, width * small.height / small.width)
    wide = tall * small.width / small.height
    box = (0.0, wide, height - tall, height)
    ax.imshow(
        np.asarray(small), extent=box, aspect="auto", interpolation="antialiased", gid="photo"
    )
    ax.set(xlim=(0, width), ylim=(0, height))  # imshow sets limits of its own
    frame: dict[str, Any] = {
        "fill": False,
        "edgecolor": theme.BORDER,
        "linewidth": 0.6,
        "clip_on": False,
    }
    ax.add_patch(Rectangle((0.0, height - tall), wide, tall, **frame))


def draw_marks(ax: Axes, shown: ProbabilityMap) -> None:
    """List the marks of the map: the point estimate, the truth and how far apart they are."""
    _, height = _in_inches(ax)
    entries = [("Point estimate", shown.estimate, ESTIMATE_STYLE)]
    if shown.truth is not None and shown.distance_km is not None:
        name = f"Truth, {kilometres(shown.distance_km)} away"
        entries.append((name, shown.truth, TRUTH_STYLE))
    for row, (name, latlng, mark) in enumerate(entries):
        y = height - 0.1 - row * STEP
        ax.plot([0.09], [y], clip_on=False, **mark)
        ax.text(_INDENT, y, name, fontweight="bold", **_SMALL)
        ax.text(_INDENT, y - _LINE, coordinates(*latlng.tolist()), color=theme.MUTED, **_TINY)


def draw_guesses(ax: Axes, shown: ProbabilityMap, color_of: Callable[[float], Any]) -> None:
    """List the top guesses with rank, place and probability.

    Args:
        ax: Empty axes.
        shown: What is mapped beside it.
        color_of: The map's colour of a probability.
    """
    width, height = _in_inches(ax)
    best = float(shown.probabilities.max())
    for row, index in enumerate(shown.guesses.tolist()):
        y = height - 0.1 - row * STEP
        probability = float(shown.probabilities[index])
        box = badge_box()
        ax.text(0.09, y, str(row + 1), ha="center", fontweight="bold", bbox=box, **_TINY)
        number = percent(probability)
        ax.text(width, y, number, ha="right", **_SMALL)
        free = width - _INDENT - text_width(ax, number, **_SMALL) - 0.08
        ax.text(_INDENT, y, _fitting(ax, place_names(shown.places[index]), free), **_SMALL)
        place = coordinates(*shown.partition.centroids[index].tolist(), decimals=2)
        ax.text(_INDENT, y - _LINE, place, color=theme.MUTED, **_TINY)
        start = _INDENT + 1.18
        long, low, tall = width - start, y - _LINE - 0.03, 0.06
        ax.add_patch(Rectangle((start, low), long, tall, facecolor=theme.SHADE, linewidth=0))
        share = probability / best
        color = color_of(probability)
        ax.add_patch(Rectangle((start, low), long * share, tall, facecolor=color, linewidth=0))


def _in_inches(ax: Axes) -> tuple[float, float]:
    """Make the axes bare and measured in inches from their lower left corner: their size."""
    theme.bare(ax)
    page = ax.figure.get_size_inches()  # type: ignore[union-attr]
    width, height = (np.array(ax.get_position().size) * page).tolist()
    ax.set(xlim=(0, width), ylim=(0, height))
    return width, height


def _fitting(ax: Axes, texts: tuple[str, ...], room: float) -> str:
    """The first text that fits, else the last, shortened."""
    for text in texts:
        if text_width(ax, text, **_SMALL) <= room:
            return text
    return shortened(ax, texts[-1], room, **_SMALL)
