"""A sheet of probability maps: many photos side by side, on one scale of colours."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from geoguess_cli.choices import ColorScale
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import fitting, shortened
from geoguess_cli.drawing.theme import Rect, axes
from geoguess_cli.geo.places import wordings
from geoguess_cli.maps.canvas import Canvas
from geoguess_cli.maps.figures import map_canvas
from geoguess_cli.maps.labels import draw_map_names
from geoguess_cli.maps.marks import draw_answer
from geoguess_cli.maps.page import SIDE, WORLD_ASPECT, color_bar, heading, scale_bar
from geoguess_cli.maps.panel import draw_key, draw_photo
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.scales import probability_norm, probability_ticks
from geoguess_cli.wording import counted, kilometres, percent

MOST_ROWS = 4
"""Rows of maps on a page."""

_ASPECT = 1.3  # width over height of a map
_TOP, _FOOT, _CAPTION, _GAP = 0.6, 0.72, 0.46, 0.16  # inches
_NEAR = 0.15  # inches
_NAMES, _TOWNS = 9, 3  # greatest numbers on one map
_INSET, _INSET_TALL = 0.36, 0.5  # greatest width and height of the photo, as shares of the map's
_LINE_TOP, _LINE = 0.13, 0.135  # inches: first line of a caption, and distance of the lines
_SCALE_WIDE, _SCALE_ROOM, _SCALE_RISE = 0.6, 0.75, 0.06  # inches: scale bar beside a caption
_KEY_DROP = 0.08  # inches below the last row of maps
_MARKS = (4.6, 0.3)  # inches: the key of the marks


def page_sizes(count: int) -> list[int]:
    """The number of maps on each page, as even as full rows allow.

    >>> page_sizes(2), page_sizes(12), page_sizes(13), page_sizes(30)
    ([2], [12], [9, 4], [12, 12, 6])
    """
    columns = _columns(count)
    pages = -(-count // (columns * MOST_ROWS))
    rows = -(-count // (columns * pages))
    size = rows * columns
    return [min(size, count - start) for start in range(0, count, size)]


def probability_sheets(
    maps: Sequence[ProbabilityMap],
    photos: Sequence[Image.Image],
    *,
    scale: ColorScale = "root",
    colors: theme.Theme = theme.LIGHT,
) -> Iterator[Figure]:
    """The pages of a sheet of any number of maps, all on one scale.

    Args:
        maps: The maps, at least one.
        photos: The photo of each, upright.
        scale: How probabilities become colours, as in `probability_norm`.
        colors: The theme.
    """
    norm = probability_norm(scale, max(float(map_.probabilities.max()) for map_ in maps))
    sizes = page_sizes(len(maps))
    name = counted(len(maps), "probability map")
    for number in range(len(sizes)):
        rows = slice(number * sizes[0], (number + 1) * sizes[0])
        yield _sheet(
            maps[rows],
            photos[rows],
            title=f"{name}, page {number + 1} of {len(sizes)}" if len(sizes) > 1 else name,
            columns=_columns(len(maps)),
            norm=norm,
            colors=colors,
        )


@theme.styled
def _sheet(
    maps: Sequence[ProbabilityMap],
    photos: Sequence[Image.Image],
    *,
    title: str,
    columns: int,
    norm: Normalize,
    colors: theme.Theme,
) -> Figure:
    """One page of maps with the photo on each, all coloured by the same norm."""
    rows = -(-len(maps) // columns)
    width = (theme.WIDTH - 2 * SIDE - (columns - 1) * _GAP) / columns
    height = width / _ASPECT
    step = height + _CAPTION + _GAP
    figure = theme.new_figure(theme.WIDTH, _TOP + rows * step + _FOOT - _GAP)
    for place, (map_, photo) in enumerate(zip(maps, photos, strict=True)):
        row, column = divmod(place, columns)
        bottom = figure.get_figheight() - _TOP - row * step - height
        rect = (SIDE + column * (width + _GAP), bottom, width, height)
        _draw_map(figure, rect, map_, photo, norm, colors)
    subtitle = "one scale of colours for all · each map is as wide as its probability spreads"
    heading(figure, title, subtitle, colors)
    foot = (SIDE, _FOOT - _KEY_DROP, theme.WIDTH - 2 * SIDE, 0.0)
    colored = ScalarMappable(norm, colors.sequential)
    color_bar(figure, foot, colored, "probability of the cell", probability_ticks(norm))
    key = axes(figure, (theme.WIDTH - SIDE - _MARKS[0], _MARKS[1], *_MARKS))
    draw_key(key, colors, truth=any(map_.truth is not None for map_ in maps))
    return figure


def _columns(count: int) -> int:
    return count if count <= 2 else 2 if count == 4 else 3


def _draw_map(
    figure: Figure,
    rect: Rect,
    map_: ProbabilityMap,
    photo: Image.Image,
    norm: Normalize,
    colors: theme.Theme,
) -> None:
    """One map with its photo and caption."""
    extent, (left, bottom, width, height) = map_.extent(aspects=(_ASPECT, _ASPECT)), rect
    place = rect
    if extent.world:  # its map is lower, so the photo stands above it
        place = (left, bottom, width, width / WORLD_ASPECT)
    canvas = map_canvas(figure, place, extent, colors)
    canvas.cells(map_.partition, map_.probabilities, norm)
    taken = draw_answer(canvas, map_, numbers=False)
    inset = _draw_inset(figure, rect, canvas, map_, photo)
    draw_map_names(canvas, [*taken, inset], names=_NAMES, towns=_TOWNS)
    scale_bar(figure, canvas, (left, bottom + _SCALE_RISE, width, height), longest=_SCALE_WIDE)
    ax = theme.bare(axes(figure, (left, bottom - _CAPTION, width, _CAPTION)))
    ax.set(xlim=(0, width), ylim=(0, _CAPTION))
    away = "" if map_.distance_km is None else f", truth {kilometres(map_.distance_km)} away"
    unlike = ", unlike training photos" if map_.answer.unlike else ""
    sure = f"{percent(float(map_.probabilities.max()))}{away}{unlike}"
    bold: dict[str, Any] = {"fontsize": theme.TINY, "fontweight": "bold"}
    plain: dict[str, Any] = {"fontsize": theme.TINY}
    beside = width - _SCALE_ROOM  # the scale bar stands at the right of the first two lines
    lines = (
        (shortened(ax, Path(map_.answer.photo).name, beside, **bold), bold),
        (shortened(ax, sure, beside, **plain), plain | {"color": colors.muted}),
        (fitting(ax, wordings(map_.answer.place), width, **plain), plain),
    )
    for row, (text, style) in enumerate(lines):
        ax.text(0, _CAPTION - _LINE_TOP - _LINE * row, text, **style)


def _draw_inset(
    figure: Figure, rect: Rect, canvas: Canvas, map_: ProbabilityMap, photo: Image.Image
) -> Bbox:
    """Draw the photo in the corner of the map where it hides the least; its box in pixels."""
    left, bottom, width, height = rect
    wide = _INSET * width
    tall = min(wide * photo.height / photo.width, _INSET_TALL * height)
    wide = tall * photo.width / photo.height
    # There is room above the world.
    rows = (bottom + height - tall,) if canvas.extent.world else (bottom + height - tall, bottom)
    corners = [(x, y) for y in rows for x in (left + width - wide, left)]
    spots = [canvas.project(np.concatenate([map_.partition.centroids, map_.estimate[None]]))]
    weights = [np.append(map_.probabilities, 1.0)]
    if map_.truth is not None:
        (way,) = canvas.ways(map_.estimate[None], map_.truth[None])
        spots += [way[~np.isnan(way[:, 0])], canvas.project(map_.truth[None])]
        weights += [np.full(len(spots[1]), 1 / len(spots[1])), np.ones(1)]
    inches = canvas.ax.transData.transform(np.concatenate(spots)) / figure.dpi
    weight = np.concatenate(weights)
    covered = []
    for corner in np.array(corners):
        beyond = np.maximum(corner - inches, inches - corner - (wide, tall)).clip(min=0.0)
        # Places near the photo count too, since a cell is larger than its centroid.
        covered.append(float((weight / (1 + (beyond**2).sum(axis=1) / _NEAR**2)).sum()))
    x, y = corners[int(np.argmin(covered))]
    ax = axes(figure, (x, y, wide, tall))
    ax.set_zorder(canvas.ax.get_zorder() + 1)
    draw_photo(ax, photo, canvas.colors)
    return Bbox(ax.get_window_extent().get_points())
