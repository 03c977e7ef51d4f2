"""Maps: the cells of a partition, the probabilities of a photo, the errors of an evaluation.

The one door to Cartopy. It lends its projections and axes; the geometries are the package's own,
so that nothing is ever downloaded. A region is drawn on the Lambert azimuthal equal-area plane
about its centre, the world in the Equal Earth projection: areas are true in both.
"""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import cartopy.crs as ccrs
import numpy as np
from jaxtyping import Float
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, LogNorm, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from geoguess_cli.explain import theme
from geoguess_cli.explain.canvas import Canvas
from geoguess_cli.explain.extent import Extent, fit_extent
from geoguess_cli.explain.labels import Name, around, draw_badges, draw_names
from geoguess_cli.explain.page import (
    Rect,
    axes,
    color_bar,
    draw_locator,
    heading,
    page,
    page_with_blocks,
    scale_bar,
)
from geoguess_cli.explain.panel import (
    ESTIMATE_STYLE,
    TRUTH_STYLE,
    draw_guesses,
    draw_marks,
    draw_photo,
)
from geoguess_cli.explain.probability_map import ProbabilityMap
from geoguess_cli.explain.wording import counted, kilometres, percent, place_names
from geoguess_cli.geo.basemap import Basemap, load_basemap
from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.metrics import RADII_KM

_RADIUS_M = EARTH_RADIUS_KM * 1000.0
_SPHERE = ccrs.Globe(ellipse=None, semimajor_axis=_RADIUS_M, semiminor_axis=_RADIUS_M)
_DEGREES = ccrs.Geodetic(globe=_SPHERE)


@theme.styled
def cells_map(partition: Partition, *, title: str = "") -> Figure:
    """The cells of a partition on the map, coloured by how many photos they hold.

    Args:
        partition: What to draw.
        title: Heading (default: how many cells there are).
    """
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    figure, rect = page(extent)
    basemap, canvas = load_basemap(), _canvas(figure, rect, extent)
    canvas.ground(basemap)
    photos = partition.photos.astype(np.float64)
    drawn = canvas.cells(partition, photos, _photos_norm(photos))
    _draw_names(canvas, basemap)
    low, high = partition.levels.min(), partition.levels.max()
    levels = f"levels {low}–{high}" if low < high else f"level {low}"
    areas = partition.area_km2
    heading(
        figure,
        title or counted(len(partition), "cell"),
        f"{counted(int(photos.sum()), 'photo')} · {levels} · "
        f"{kilometres(areas.min())}² to {kilometres(areas.max())}² a cell",
    )
    color_bar(figure, rect, drawn, "photos in the cell")
    scale_bar(figure, canvas, rect)
    return figure


@theme.styled
def probability_map_figure(
    shown: ProbabilityMap, *, photo: Image.Image | None = None, title: str = ""
) -> Figure:
    """Every cell filled by its probability, brighter is likelier; the photo and guesses beside it.

    Args:
        shown: One photo's probabilities.
        photo: The photo, upright, of any size.
        title: Heading (default: the likeliest cell's place and probability).
    """
    extent = shown.extent()
    figure, rect, blocks = page_with_blocks(
        extent,
        photo_aspect=photo.height / photo.width if photo is not None else 0.0,
        marks=1 if shown.truth is None else 2,
        guesses=len(shown.guesses),
    )
    basemap, canvas = load_basemap(), _canvas(figure, rect, extent, theme.DARK)
    canvas.ground(basemap)
    # The square root spreads the small ones out: a tail of many cells must show as a tail.
    norm = PowerNorm(0.5, 0.0, float(shown.probabilities.max()))
    drawn = canvas.cells(shown.partition, shown.probabilities, norm)
    taken = _draw_answer(canvas, shown)
    _draw_names(canvas, basemap, taken)
    if photo is not None:
        draw_photo(axes(figure, blocks.photo), photo)
    draw_marks(axes(figure, blocks.marks), shown)
    draw_guesses(axes(figure, blocks.guesses), shown, lambda value: theme.SEQUENTIAL(norm(value)))
    top = int(shown.guesses[0])
    place = place_names(shown.places[top])[0]
    held, cells = len(shown.credible_cells(0.9)), len(shown.partition)
    heading(
        figure,
        title or f"{place[:1].upper()}{place[1:]}: {percent(float(shown.probabilities[top]))}",
        f"90 % of the probability lies in {held:,} of {counted(cells, 'cell')} · "
        f"entropy {shown.entropy_bits:.1f} of {np.log2(cells):.1f} bits",
    )
    color_bar(figure, rect, drawn, "probability of the cell", percentages=True)
    scale_bar(figure, canvas, rect)
    draw_locator(figure, canvas, basemap)
    return figure


@theme.styled
def errors_map(
    truth: Float[np.ndarray, "n 2"], estimates: Float[np.ndarray, "n 2"], *, title: str = ""
) -> Figure:
    """Where photos were taken, coloured by how far off the point estimate is, and joined to it.

    The colours change at the radii of the accuracies, so they mean the same on every map.

    Args:
        truth: Where each photo was taken, latitude first, in degrees; at least one.
        estimates: The point estimate of each, likewise.
        title: Heading (default: how many photos there are).
    """
    both = np.stack([truth, estimates], axis=1)
    extent = fit_extent(both, np.ones(len(both)), mass=0.98)
    figure, rect = page(extent)
    basemap, canvas = load_basemap(), _canvas(figure, rect, extent)
    canvas.ground(basemap)
    distances = great_circle_km(truth, estimates)
    bounds = [0.0, *RADII_KM.values(), np.pi * EARTH_RADIUS_KM]
    scale: dict[str, Any] = {"norm": BoundaryNorm(bounds, theme.ON_LIGHT.N), "cmap": theme.ON_LIGHT}
    # Neither the near nor the far shall lie on top of the others: a fixed shuffle.
    order = np.random.default_rng(0).permutation(len(both))
    faint = float(np.clip(8 / len(both) ** 0.5, 0.08, 0.6))
    ways = LineCollection(
        canvas.ways(truth[order], estimates[order]),
        array=distances[order],
        linewidths=0.6,
        alpha=faint,
        zorder=5,
        gid="ways",
        **scale,
    )
    canvas.ax.add_collection(ways, autolim=False)
    x, y = canvas.project(truth[order]).T
    drawn = canvas.ax.scatter(
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
    _draw_names(canvas, basemap)
    heading(
        figure,
        title or f"Errors of {counted(len(both), 'photo')}",
        "dots: where the photo was taken · lines: to the point estimate · "
        f"median {kilometres(float(np.median(distances)))}",
    )
    color_bar(figure, rect, drawn, "distance to the point estimate, in km", ticks=bounds[1:-1])
    scale_bar(figure, canvas, rect)
    return figure


def _draw_answer(canvas: Canvas, shown: ProbabilityMap) -> list[Bbox]:
    """Draw the estimate, the truth, the way between and the numbers: the boxes that they take."""
    ax, marked = canvas.ax, [shown.estimate]
    if shown.truth is not None:
        marked.append(shown.truth)
        (way,) = canvas.ways(shown.estimate[None], shown.truth[None])
        ax.plot(*way.T, color=theme.PAGE, linewidth=2.6, alpha=0.9, zorder=7)
        ax.plot(*way.T, color=theme.TRUTH, linewidth=1.2, dashes=(3, 2), zorder=7, gid="way")
        ax.plot(*canvas.project(shown.truth[None]).T, zorder=10, gid="truth", **TRUTH_STYLE)
    estimate = canvas.project(shown.estimate[None])
    ax.plot(*estimate.T, zorder=9, gid="estimate", **ESTIMATE_STYLE)
    point = theme.DPI / 72
    spots = ax.transData.transform(canvas.project(np.stack(marked)))
    taken = [around(spot, 5.0 * point) for spot in spots]
    if shown.truth is not None:
        taken += [around(spot, point) for spot in ax.transData.transform(way[~np.isnan(way[:, 0])])]
    places = canvas.project(shown.partition.centroids[shown.guesses])
    return [*taken, *draw_badges(ax, places, taken=taken)]


def _draw_names(canvas: Canvas, basemap: Basemap, taken: Sequence[Bbox] = ()) -> None:
    """Regions by name, and countries where none of their regions is seen."""
    colors, regions, countries = canvas.colors, basemap.regions, basemap.countries
    style: dict[str, Any] = {"fontsize": theme.TINY, "color": colors.name}
    names, split = [], set()
    if not canvas.extent.world:
        for index, shape in canvas.visible(regions.geometries):
            country, _, short = regions.codes[index].partition("-")
            split.add(country)
            names.append(Name((regions.names[index], short), shape, style))
    style = {"fontsize": theme.SMALL, "color": colors.country_name, "fontweight": "bold"}
    for index, shape in canvas.visible(countries.geometries):
        if countries.codes[index] not in split:
            name = countries.names[index]
            names.append(Name((name, fill(name, 14, break_long_words=False)), shape, style))
    draw_names(canvas.ax, names, taken=taken, ground=colors.halo)


def _canvas(
    figure: Figure, rect: Rect, extent: Extent, colors: theme.Ground = theme.LIGHT
) -> Canvas:
    """Axes of that extent at that place, still empty."""
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
    ax.apply_aspect()  # what is measured in pixels needs the final place
    ax.spines["geo"].set(edgecolor=theme.BORDER, linewidth=0.7)
    return Canvas(ax, extent, project, unproject, colors)


def _photos_norm(photos: Float[np.ndarray, " n"]) -> Normalize:
    """A scale of photos a cell: logarithmic where the cells differ much."""
    low, high = float(photos.min()), float(photos.max())
    if low > 0 and high / low > 12:
        return LogNorm(low, high)
    return Normalize(low if low < high else 0.0, max(high, 1.0))
