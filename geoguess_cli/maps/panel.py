"""The blocks beside a probability map: the photo, the marks of the answer, the top guesses.

Each block has axes of its own, measured in inches, and lists its entries from the top down.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import shortened, text_width
from geoguess_cli.geo.places import Place, wordings
from geoguess_cli.inference.credible import MASSES
from geoguess_cli.maps.labels import badge_box
from geoguess_cli.maps.marks import (
    TRUTH_STYLE,
    credible_style,
    estimate_style,
    mark_texts,
    region_style,
)
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.wording import coordinates, percent

STEP = 0.37
"""Height of one entry of a list, in inches."""

CAPTION = 0.17
"""Height of the line under a photo, in inches."""

_PHOTO_SIDE = 720  # pixels: 300 per inch at the width of the block; the file stays small
_INDENT, _LINE = 0.24, 0.155  # inches: width of a mark, distance of the two lines of an entry
_BAR, _BAR_TALL, _BAR_DROP = 0.58, 0.06, 0.03  # inches: the bar of the likeliest guess
_TOP = 0.1  # inches: from the top of a block to the middle of its first line
_MARK, _LINE_MARK = 0.09, 0.18  # inches: middle of a mark, length of a line as a mark
_CAPTION_DROP = 0.13  # inches: from the photo to the line under it
_NUMBER_GAP, _BAR_GAP = 0.08, 0.05  # inches: from a text to the number or bar at its right
_KEY_LINE, _KEY_DOT, _KEY_GAP, _KEY_STEP = 0.2, 0.04, 0.08, 0.22  # inches: the one-line key
_SMALL: dict[str, Any] = {"fontsize": theme.SMALL, "va": "center_baseline"}
_TINY: dict[str, Any] = {"fontsize": theme.TINY, "va": "center_baseline"}


def draw_photo(ax: Axes, photo: Image.Image, colors: theme.Theme, *, name: str = "") -> None:
    """Draw a photo undistorted, as large as the axes allow, in their upper left corner.

    Args:
        ax: Empty axes.
        photo: The photo, upright.
        colors: The theme.
        name: Text under the photo.
    """
    width, height = in_inches(ax)
    room = height - (CAPTION if name else 0.0)
    small = photo.convert("RGB")
    small.thumbnail((_PHOTO_SIDE, _PHOTO_SIDE))
    tall = min(room, width * small.height / small.width)
    wide = tall * small.width / small.height
    box = (0.0, wide, height - tall, height)
    ax.imshow(
        np.asarray(small), extent=box, aspect="auto", interpolation="antialiased", gid="photo"
    )
    ax.set(xlim=(0, width), ylim=(0, height))  # imshow sets limits of its own
    frame = Rectangle((0.0, height - tall), wide, tall, fill=False, edgecolor=colors.border)
    frame.set(linewidth=0.6, clip_on=False)
    ax.add_patch(frame)
    if name:
        style: dict[str, Any] = {"fontsize": theme.TINY, "color": colors.muted}
        ax.text(0, height - tall - _CAPTION_DROP, shortened(ax, name, width, **style), **style)


def draw_marks(ax: Axes, map_: ProbabilityMap, colors: theme.Theme) -> None:
    """List the marks on the map: point estimate, truth and its distance, credible regions."""
    _, height = in_inches(ax)
    styles = {"estimate": estimate_style(colors), "truth": TRUTH_STYLE}
    styles["region"] = region_style(colors)
    styles |= {f"credible-{100 * mass:.0f}": credible_style(mass, colors) for mass in MASSES}
    for row, mark in enumerate(mark_texts(map_)):
        y, style = height - _TOP - row * STEP, styles[mark["kind"]]
        xs = [_MARK] if "marker" in style else [0.0, _LINE_MARK]
        ax.plot(xs, [y] * len(xs), clip_on=False, **style)
        ax.text(_INDENT, y, mark["title"], fontweight="bold", **_SMALL)
        ax.text(_INDENT, y - _LINE, mark["text"], color=colors.muted, **_TINY)


def draw_key(ax: Axes, colors: theme.Theme, *, truth: bool) -> None:
    """Explain the marks of a map in one line that ends at the right of the axes.

    Args:
        ax: Empty axes.
        colors: The theme.
        truth: Whether any map has a truth.
    """
    width, height = in_inches(ax)
    entries = [("point estimate", estimate_style(colors))]
    if truth:
        entries.append(("truth", TRUTH_STYLE))
    entries += [
        (f"{percent(mass, whole=True)} credible", credible_style(mass, colors)) for mass in MASSES
    ]
    x = width
    for name, style in reversed(entries):
        x -= text_width(ax, name, **_TINY)
        ax.text(x, height / 2, name, **_TINY)
        x -= _KEY_GAP
        xs = [x - _KEY_DOT] if "marker" in style else [x - _KEY_LINE, x]
        ax.plot(xs, [height / 2] * len(xs), **style)
        x -= _KEY_STEP + (0.0 if "marker" in style else _KEY_LINE)


def draw_guesses(
    ax: Axes, map_: ProbabilityMap, color_of: Callable[[float], Any], colors: theme.Theme
) -> None:
    """List the top guesses with rank, place and probability.

    Args:
        ax: Empty axes.
        map_: The answer on the map beside the list.
        color_of: The colour of a probability on that map.
        colors: The theme.
    """
    width, height = in_inches(ax)
    best = float(map_.probabilities.max())
    for row, index in enumerate(map_.guesses.tolist()):
        y = height - _TOP - row * STEP
        probability = float(map_.probabilities[index])
        box = badge_box(colors)
        ax.text(_MARK, y, str(row + 1), ha="center", fontweight="bold", bbox=box, **_TINY)
        number = percent(probability)
        ax.text(width, y, number, ha="right", **_SMALL)
        free = width - _INDENT - text_width(ax, number, **_SMALL) - _NUMBER_GAP
        start = width - _BAR
        place, rest = _two_lines(ax, map_.places[index], free, start - _INDENT - _BAR_GAP)
        rest = rest or coordinates(*map_.partition.centroids[index].tolist(), decimals=2)
        ax.text(_INDENT, y, place, **_SMALL)
        ax.text(_INDENT, y - _LINE, rest, color=colors.muted, **_TINY)
        for share, color in ((1.0, colors.shade), (probability / best, color_of(probability))):
            corner, wide = (start, y - _LINE - _BAR_DROP), _BAR * share
            ax.add_patch(Rectangle(corner, wide, _BAR_TALL, facecolor=color, linewidth=0))


def in_inches(ax: Axes) -> tuple[float, float]:
    """Make the axes bare and measured in inches, and return their width and height."""
    theme.bare(ax)
    page = ax.figure.get_size_inches()  # type: ignore[union-attr]
    width, height = (np.array(ax.get_position().size) * page).tolist()
    ax.set(xlim=(0, width), ylim=(0, height))
    return width, height


def _two_lines(ax: Axes, place: Place, room: float, below: float) -> tuple[str, str]:
    """The nearest town and, for the line below, its region: the fullest wording that fits.

    Args:
        ax: Axes measured in inches.
        place: The place to name.
        room: Width of the first line, in inches.
        below: Width of the second line, in inches.
    """
    texts = [text.partition(", ") for text in wordings(place)]
    for first, _, second in texts:
        if text_width(ax, first, **_SMALL) <= room and text_width(ax, second, **_TINY) <= below:
            return first, second
    first, _, second = texts[-1]
    return shortened(ax, first, room, **_SMALL), shortened(ax, second, below, **_TINY)
