"""Maps as figures: the cells of a partition, the answer to a photo, the errors of an evaluation.

This is the only module that imports Cartopy. Cartopy provides projections and axes; the
geometries are the package's own, so that nothing is ever downloaded. A region lies on the Lambert
azimuthal equal-area plane about its centre, the world in the Equal Earth projection. Both keep
areas true.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cartopy.crs as ccrs
import numpy as np
from jaxtyping import Float
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.choices import ColorScale
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.theme import Rect, axes
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import describe
from geoguess_cli.maps.canvas import Canvas
from geoguess_cli.maps.cell_values import CellValues, photos_values
from geoguess_cli.maps.extent import Extent, fit_extent
from geoguess_cli.maps.labels import draw_map_names
from geoguess_cli.maps.marks import draw_answer, mark_texts
from geoguess_cli.maps.neighbours import ShownNeighbour
from geoguess_cli.maps.page import (
    Contents,
    color_bar,
    draw_locator,
    heading,
    page,
    page_with_blocks,
    scale_bar,
)
from geoguess_cli.maps.panel import draw_guesses, draw_marks, draw_photo
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.scales import probability_norm, probability_ticks
from geoguess_cli.maps.strip import draw_neighbours, strip_height
from geoguess_cli.wording import counted, kilometres, percent

_RADIUS_M = EARTH_RADIUS_KM * 1000.0
_SPHERE = ccrs.Globe(ellipse=None, semimajor_axis=_RADIUS_M, semiminor_axis=_RADIUS_M)
_DEGREES = ccrs.Geodetic(globe=_SPHERE)


@theme.styled
def cells_map(
    partition: Partition,
    values: CellValues | None = None,
    *,
    title: str = "",
    colors: theme.Theme = theme.LIGHT,
) -> Figure:
    """The cells of a partition on a map, coloured by a value of each.

    Args:
        partition: The cells.
        values: The values (default: the number of photos in each cell).
        title: Heading (default: the number of cells).
        colors: The theme.
    """
    values = values or photos_values(partition)
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    figure, rect = page(extent)
    canvas = map_canvas(figure, rect, extent, colors)
    cells = canvas.cells(partition, values.values, values.norm)
    draw_map_names(canvas)
    heading(figure, title or counted(len(partition), "cell"), values.caption, colors)
    color_bar(figure, rect, cells, values.label, values.ticks)
    scale_bar(figure, canvas, rect)
    return figure


@theme.styled
def probability_map_figure(
    map_: ProbabilityMap,
    *,
    photo: Image.Image | None = None,
    title: str = "",
    scale: ColorScale = "root",
    colors: theme.Theme = theme.LIGHT,
    neighbours: Sequence[ShownNeighbour] = (),
) -> Figure:
    """A map of the cells, coloured by probability, with the answer, the photo and the guesses.

    Args:
        map_: The answer to one photo.
        photo: The photo, upright, of any size.
        title: Heading (default: the place of the point estimate).
        scale: How probabilities become colours, as in `probability_norm`.
        colors: The theme: darker is likelier in `theme.LIGHT`, brighter in `theme.DARK`.
        neighbours: Training photos that the photo resembles, to show along the foot.
    """
    name = Path(map_.answer.photo).name
    contents = Contents(
        photo_aspect=photo.height / photo.width if photo is not None else 0.0,
        caption=bool(name),
        marks=len(mark_texts(map_)),
        guesses=len(map_.guesses),
        foot=strip_height(len(neighbours)),
    )
    extent = map_.extent(aspects=contents.aspects)
    figure, rect, blocks = page_with_blocks(extent, contents)
    photo_block, marks_block, guesses_block, foot_block = blocks
    canvas = map_canvas(figure, rect, extent, colors)
    norm = probability_norm(scale, float(map_.probabilities.max()))
    cells = canvas.cells(map_.partition, map_.probabilities, norm)
    taken = draw_answer(canvas, map_)
    draw_map_names(canvas, taken)
    if photo is not None:
        draw_photo(axes(figure, photo_block), photo, colors, name=name)
    draw_marks(axes(figure, marks_block), map_, colors)
    draw_guesses(axes(figure, guesses_block), map_, lambda value: cells.cmap(norm(value)), colors)
    if neighbours:
        draw_neighbours(axes(figure, foot_block), neighbours, colors)
    place = describe(map_.answer.place)
    entropy = f"entropy {map_.entropy_bits:.1f} of {np.log2(len(map_.partition)):.1f} bits"
    heading(
        figure,
        title or f"{place[:1].upper()}{place[1:]}",
        f"likeliest cell {percent(float(map_.probabilities.max()))} · "
        f"{'unlike the training photos' if map_.answer.unlike else entropy} · "
        f"expected distance {kilometres(map_.answer.expected_km)}, "
        f"90 % within {kilometres(map_.answer.radius_90_km)}",
        colors,
    )
    color_bar(figure, rect, cells, "probability of the cell", probability_ticks(norm))
    scale_bar(figure, canvas, rect)
    draw_locator(figure, canvas)
    return figure


@theme.styled
def errors_map(
    truth: Float[np.ndarray, "n 2"], estimates: Float[np.ndarray, "n 2"], *, title: str = ""
) -> Figure:
    """A map of true places, coloured by the distance to the point estimate and joined to it.

    The colours change at the radii of the accuracies, so they mean the same on every map.

    Args:
        truth: Where each photo was taken, latitude first, in degrees; at least one.
        estimates: The point estimate of each, likewise.
        title: Heading (default: the number of photos).
    """
    both = np.stack([truth, estimates], axis=1)
    extent = fit_extent(both, np.ones(len(both)), mass=0.98)
    figure, rect = page(extent)
    canvas = map_canvas(figure, rect, extent)
    distances = great_circle_km(truth, estimates)
    bounds = [0.0, *RADII_KM.values(), np.pi * EARTH_RADIUS_KM]
    scale: dict[str, Any] = {"norm": BoundaryNorm(bounds, theme.ON_LIGHT.N), "cmap": theme.ON_LIGHT}
    # A fixed shuffle: neither near nor far photos lie on top of the others.
    order = np.random.default_rng(0).permutation(len(both))
    ways = LineCollection(
        canvas.ways(truth[order], estimates[order]),
        array=distances[order],
        linewidths=0.6,
        alpha=float(np.clip(8 / len(both) ** 0.5, 0.08, 0.6)),
        zorder=5,
        gid="ways",
        **scale,
    )
    canvas.ax.add_collection(ways, autolim=False)
    x, y = canvas.project(truth[order]).T
    cells = canvas.ax.scatter(
        x,
        y,
        c=distances[order],
        s=float(np.clip(9000 / len(both), 6, 22)),
        linewidths=0.3,
        edgecolors=theme.PAGE,
        zorder=6,
        gid="truths",
        **scale,
    )
    draw_map_names(canvas)
    heading(
        figure,
        title or f"Errors of {counted(len(both), 'photo')}",
        "dots: where the photo was taken · lines: to the point estimate · "
        f"median {kilometres(float(np.median(distances)))}",
        theme.LIGHT,
    )
    ticks = [(bound, f"{bound:,.0f}") for bound in bounds[1:-1]]
    color_bar(figure, rect, cells, "distance to the point estimate, in km", ticks)
    scale_bar(figure, canvas, rect)
    return figure


def map_canvas(
    figure: Figure, rect: Rect, extent: Extent, colors: theme.Theme = theme.LIGHT
) -> Canvas:
    """A canvas with the ground: axes that show an extent, at a place of the figure."""
    crs: ccrs.Projection = ccrs.EqualEarth(globe=_SPHERE)
    if not extent.world:
        crs = ccrs.LambertAzimuthalEqualArea(extent.longitude, extent.latitude, globe=_SPHERE)

    def project(latlng: np.ndarray) -> np.ndarray:
        return np.asarray(crs.transform_points(_DEGREES, latlng[:, 1], latlng[:, 0])[:, :2])

    def unproject(xy: np.ndarray) -> np.ndarray:
        return np.asarray(_DEGREES.transform_points(crs, xy[:, 0], xy[:, 1])[:, 1::-1])

    ax = axes(figure, rect, projection=crs)
    if extent.world:
        ax.set_global()
    else:
        ax.set_xlim(-500.0 * extent.width_km, 500.0 * extent.width_km)
        ax.set_ylim(-500.0 * extent.height_km, 500.0 * extent.height_km)
    ax.apply_aspect()  # labels measure pixels, so the axes need their final place
    ax.spines["geo"].set(edgecolor=colors.border, linewidth=0.7)
    canvas = Canvas(ax, extent, project, unproject, colors)
    canvas.ground()
    return canvas
