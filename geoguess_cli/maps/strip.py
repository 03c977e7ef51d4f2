"""The strip along the foot of a probability map: the training photos that the photo resembles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import fitting, shortened
from geoguess_cli.geo.places import wordings
from geoguess_cli.maps.neighbours import HEADING, NOT_FOUND, ShownNeighbour
from geoguess_cli.maps.panel import in_inches

IN_A_ROW = 5
"""Greatest number of training photos side by side."""

# Inches.
_HEADING, _TALL, _GAP, _BETWEEN_ROWS = 0.24, 1.0, 0.16, 0.1
_LINE_TOP, _LINE, _LINES = 0.13, 0.14, 4
_WIDEST = 2.4

_TEXT: dict[str, Any] = {"fontsize": theme.TINY, "va": "baseline"}


def strip_height(photos: int) -> float:
    """Height of the strip, in inches; 0 without a photo."""
    return _HEADING + _rows(photos) * _step() - _BETWEEN_ROWS if photos else 0.0


def draw_neighbours(ax: Axes, shown: Sequence[ShownNeighbour], colors: theme.Theme) -> None:
    """Draw training photos side by side, the most similar first, with place, name and credit.

    A frame with a line of text stands in place of a photo that is not found.

    Args:
        ax: Empty axes, as tall as `strip_height` says.
        shown: The training photos, at least one.
        colors: The theme.
    """
    width, height = in_inches(ax)
    ax.text(0, height - _LINE_TOP, HEADING, fontsize=theme.SMALL, fontweight="bold")
    columns = -(-len(shown) // _rows(len(shown)))
    room = min((width - (columns - 1) * _GAP) / columns, _WIDEST)
    for place, one in enumerate(shown):
        row, column = divmod(place, columns)
        left, top = column * (room + _GAP), height - _HEADING - row * _step()
        _draw_picture(ax, one, (left, top), room, colors)
        _draw_texts(ax, one, (left, top - _TALL), room, colors)
    ax.set(xlim=(0, width), ylim=(0, height))  # imshow sets limits of its own


def _draw_picture(
    ax: Axes, one: ShownNeighbour, corner: tuple[float, float], room: float, colors: theme.Theme
) -> None:
    """The photo below its upper left corner, undistorted, or what stands in its place."""
    left, top = corner
    aspect = 1.5 if one.picture is None else one.picture.width / one.picture.height
    wide = min(room, _TALL * aspect)
    tall = wide / aspect
    box = (left, left + wide, top - tall, top)
    if one.picture is None:
        style = _TEXT | {"va": "center", "ha": "center", "color": colors.muted}
        ax.text(left + wide / 2, top - tall / 2, shortened(ax, NOT_FOUND, wide, **style), **style)
    else:
        pixels = np.asarray(one.picture.convert("RGB"))
        ax.imshow(pixels, extent=box, aspect="auto", interpolation="antialiased", gid="neighbour")
    frame = Rectangle((left, top - tall), wide, tall, fill=False, edgecolor=colors.border)
    frame.set(linewidth=0.6, clip_on=False, linestyle="-" if one.picture else (0, (3, 2)))
    ax.add_patch(frame)


def _draw_texts(
    ax: Axes, one: ShownNeighbour, corner: tuple[float, float], room: float, colors: theme.Theme
) -> None:
    """Place, name, similarity and credit, a line each, below the photo."""
    left, top = corner
    bold, plain = _TEXT | {"fontweight": "bold"}, _TEXT | {"color": colors.muted}
    lines = (
        (fitting(ax, wordings(one.place), room, **bold), bold),
        (shortened(ax, one.neighbour.name, room, **plain), plain),
        (one.similarity, plain),
        (shortened(ax, one.neighbour.credit, room, **plain), plain),
    )
    for row, (text, style) in enumerate(lines):
        ax.text(left, top - _LINE_TOP - row * _LINE, text, **style)


def _rows(photos: int) -> int:
    return -(-photos // IN_A_ROW)


def _step() -> float:
    """Height of a row of photos with their texts, and the space below it."""
    return _TALL + _LINE_TOP + _LINE * (_LINES - 1) + 0.05 + _BETWEEN_ROWS
