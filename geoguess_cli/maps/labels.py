"""Names and numbers on a map, none over another.

Sizes are measured in pixels of the figure, so the axes must have their final place and limits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import shapely
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.towns import largest_towns
from geoguess_cli.maps.canvas import Canvas

POINT = theme.DPI / 72
"""A point (1/72 inch), in pixels."""

BADGE_RADIUS = 5.4
"""Radius of a numbered marker, in points."""

_MOST_NAMES, _MOST_TOWNS = 40, 14  # regions and towns that are named on one map, at most
_TOWNS_APART = 34.0  # points
_TOWN_SIZE = 6.2  # points
_NARROWEST = 2.5  # points: no letter of the maps is narrower
_REACH = (12.0, 19.0, 28.0, 40.0)
_ANGLES = np.radians([55, 125, 20, 160, 90, -35, -145, 270, 0, 180, -70, -110])


@dataclass(frozen=True)
class Name:
    """A name for the visible part of a country or region.

    Attributes:
        texts: Ways to write the name, the best first; the first one that fits is used.
        shape: The largest visible piece of the country or region, in the units of the axes.
        style: Arguments of the text.
    """

    texts: tuple[str, ...]
    shape: shapely.Polygon
    style: dict[str, Any]


def draw_map_names(
    canvas: Canvas,
    taken: Sequence[Bbox] = (),
    *,
    names: int = _MOST_NAMES,
    towns: int = _MOST_TOWNS,
) -> None:
    """Write the names of regions, of countries without a visible region, and of large towns.

    Args:
        canvas: The map, with everything else on it.
        taken: Boxes in pixels that must stay free.
        names: Greatest number of regions and countries.
        towns: Greatest number of towns; a map of the world has none.
    """
    colors, basemap = canvas.colors, load_basemap()
    regions, countries = basemap.regions, basemap.countries
    style: dict[str, Any] = {"fontsize": theme.TINY, "color": colors.country_name}
    areas, split = [], set()
    if not canvas.extent.world:
        for index, shape in canvas.visible(regions.geometries):
            country, _, short = regions.codes[index].partition("-")
            split.add(country)
            areas.append(Name((regions.names[index], short), shape, style))
    style = {"fontsize": theme.SMALL, "color": colors.country_name, "fontweight": "bold"}
    for index, shape in canvas.visible(countries.geometries):
        if countries.codes[index] not in split:
            name = countries.names[index]
            areas.append(Name((name, fill(name, 14, break_long_words=False)), shape, style))
    written = draw_names(canvas.ax, areas, taken=taken, most=names, ground=colors.halo)
    if not canvas.extent.world:
        _draw_towns(
            canvas, [*taken, *(text.get_window_extent().padded(3) for text in written)], towns
        )


def draw_names(
    ax: Axes,
    names: Iterable[Name],
    *,
    taken: Sequence[Bbox] = (),
    most: int = _MOST_NAMES,
    ground: str = theme.PAGE,
) -> list[Text]:
    """Write the names that fit, those of the largest shapes first, and return their texts.

    Each name lies inside its shape, and none lies over another.

    Args:
        ax: Axes with their final place and limits.
        names: The names.
        taken: Boxes in pixels that must stay free.
        most: Greatest number of names.
        ground: Colour of the halo around each name.
    """
    busy = list(taken)
    written: list[Text] = []
    for name in sorted(names, key=lambda name: -name.shape.area):
        if len(written) == most:
            break
        room = np.ptp(ax.transData.transform(np.reshape(name.shape.bounds, (2, 2))), axis=0)
        for text in name.texts:
            longest = max(len(line) for line in text.split("\n"))
            if room[0] < longest * _NARROWEST * POINT:
                continue  # too long for sure; measuring takes time
            artist = ax.text(0, 0, text, ha="center", va="center", zorder=6, **name.style)
            artist.set_path_effects(halo(color=ground))
            if _settle(ax, artist, name.shape, room, busy):
                busy.append(artist.get_window_extent().padded(3))
                written.append(artist)
                break
            artist.remove()
    return written


def _settle(
    ax: Axes, artist: Text, shape: shapely.Polygon, room: np.ndarray, busy: list[Bbox]
) -> bool:
    """Move the text to a free place in its shape; False if there is none."""
    size = artist.get_window_extent()
    if size.width > 1.15 * room[0] or size.height > 0.9 * room[1]:
        return False
    frame = ax.get_window_extent().padded(-4)
    circle = shapely.maximum_inscribed_circle(shape, tolerance=shape.length / 500)
    center = ax.transData.transform(circle.coords[0])
    for step in (0, 1, -1, 2, -2, 3, -3):
        spot = center + np.array([0.0, 0.8 * step * size.height])
        box = Bbox.from_bounds(
            spot[0] - size.width / 2, spot[1] - size.height / 2, size.width, size.height
        )
        place = ax.transData.inverted().transform(spot)
        if shape.contains(shapely.Point(place)) and _is_free(box, frame, busy):
            artist.set_position(tuple(place))
            return True
    return False


def _draw_towns(canvas: Canvas, busy: list[Bbox], most: int) -> None:
    """Draw the largest towns, each as a dot with its name beside it.

    A town that would lie over another one or over a box is left out.

    Args:
        canvas: The map.
        busy: Boxes in pixels that must stay free; those of the towns are added.
        most: Greatest number of towns.
    """
    ax, colors = canvas.ax, canvas.colors
    towns = largest_towns(canvas.bounds, 5 * most, apart_km=_TOWNS_APART * canvas.km_per_point)
    places = canvas.project(towns.latlng)
    frame = ax.get_window_extent().padded(-3)
    for name, place, spot in zip(towns.names, places, ax.transData.transform(places), strict=True):
        dot = around(spot, 2.0 * POINT)
        if not most:
            break
        if not frame.contains(*spot) or dot.count_overlaps(busy):
            continue
        artist = ax.text(0, 0, name, fontsize=_TOWN_SIZE, color=colors.name, va="bottom", zorder=6)
        artist.set_path_effects(halo(1.6, colors.halo))
        box = _beside(artist.get_window_extent(), spot, frame, busy)
        if box is None:
            artist.remove()
            continue
        artist.set_position(tuple(ax.transData.inverted().transform((box.x0, box.y0))))
        ax.plot(
            *place,
            marker="o",
            markersize=2.4,
            color=colors.name,
            markeredgecolor=colors.halo,
            markeredgewidth=0.5,
            zorder=6,
            gid="town",
        )
        most -= 1
        busy += [dot, box.padded(2)]


def _beside(size: Bbox, spot: np.ndarray, frame: Bbox, busy: list[Bbox]) -> Bbox | None:
    """A free box of that size to the right, left, above or below a spot; None if all are taken."""
    gap, width, height = 2.2 * POINT, size.width, size.height
    for left, low in (
        (gap, -height / 2),
        (-gap - width, -height / 2),
        (-width / 2, gap),
        (-width / 2, -gap - height),
    ):
        box = Bbox.from_bounds(spot[0] + left, spot[1] + low, width, height)
        if _is_free(box, frame, busy):
            return box
    return None


def _is_free(box: Bbox, frame: Bbox, busy: list[Bbox]) -> bool:
    """Whether a box lies inside the frame and over none of the busy boxes."""
    inside = frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
    return bool(inside and not box.count_overlaps(busy))


def draw_badges(
    ax: Axes,
    places: Float[np.ndarray, "n 2"],
    *,
    taken: Sequence[Bbox] = (),
    colors: theme.Theme = theme.LIGHT,
) -> list[Bbox]:
    """Draw the numbers 1, 2, … beside their places, and return their boxes in pixels.

    A line ties each number to its place. No number lies over another. Places outside the axes
    get no number.

    Args:
        ax: Axes with their final place and limits.
        places: Places in the order of the numbers, in the units of the axes.
        taken: Boxes in pixels that must stay free.
        colors: The theme.
    """
    frame = ax.get_window_extent().padded(-2)
    spots = ax.transData.transform(places)
    anchors = [around(spot, 2.5 * POINT) for spot in spots]
    boxes: list[Bbox] = []
    for rank, (place, spot) in enumerate(zip(places, spots, strict=True), start=1):
        if not frame.contains(*spot):
            continue
        offset, box = _badge_spot(spot, frame, [*taken, *anchors, *boxes])
        boxes.append(box)
        ax.annotate(
            str(rank),
            xy=(float(place[0]), float(place[1])),
            xytext=(float(offset[0]), float(offset[1])),
            textcoords="offset points",
            ha="center",
            va="center_baseline",
            fontsize=theme.TINY,
            fontweight="bold",
            color=colors.ink,
            zorder=9,
            annotation_clip=True,
            bbox=badge_box(colors),
            arrowprops={
                "arrowstyle": "-",
                "color": colors.ink,
                "linewidth": 0.8,
                "shrinkA": 0,
                "shrinkB": 0,
                "path_effects": halo(1.8, colors.page),
            },
        )
    return boxes


def _badge_spot(spot: np.ndarray, frame: Bbox, busy: list[Bbox]) -> tuple[np.ndarray, Bbox]:
    """Offset in points and box of a badge that overlaps nothing; if all are taken, right above."""
    offsets = [reach * np.array([np.cos(a), np.sin(a)]) for reach in _REACH for a in _ANGLES]
    for offset in [*offsets, np.array([0.0, _REACH[0]])]:
        box = around(spot + offset * POINT, (BADGE_RADIUS + 1) * POINT)
        if _is_free(box, frame, busy):
            break
    return offset, box


def around(spot: np.ndarray, radius: float) -> Bbox:
    """The square box around a spot that reaches `radius` to each side."""
    return Bbox([spot - radius, spot + radius])


def badge_box(colors: theme.Theme) -> dict[str, Any]:
    """The round box around a number, on the map and in the list."""
    return {
        "boxstyle": "circle,pad=0.22",
        "facecolor": colors.page,
        "edgecolor": colors.ink,
        "linewidth": 0.8,
    }
