"""What is marked and written on a map: the answer to a photo, the names of regions and towns."""

from collections.abc import Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.transforms import Bbox

from geoguess_cli.drawing import theme
from geoguess_cli.geo.basemap import Basemap
from geoguess_cli.geo.towns import largest_towns
from geoguess_cli.maps.canvas import Canvas
from geoguess_cli.maps.labels import (
    MOST_NAMES,
    MOST_TOWNS,
    Name,
    around,
    draw_badges,
    draw_names,
    draw_towns,
)
from geoguess_cli.maps.panel import CREDIBLE_STYLES, TRUTH_STYLE, credible_style, estimate_style
from geoguess_cli.maps.probability_map import ProbabilityMap

_TOWNS_APART = 34.0  # points
_ROOMY = 12.0
"""Points: cells with shorter sides than this get thinner outlines."""


def draw_answer(canvas: Canvas, shown: ProbabilityMap, *, numbers: bool = True) -> list[Bbox]:
    """Draw credible regions, estimate, truth, the way between, numbers: the boxes that they take.

    Args:
        canvas: The map, its cells drawn.
        shown: What the map shows.
        numbers: Whether the guesses are numbered.
    """
    ax, colors, marked = canvas.ax, canvas.colors, [shown.estimate]
    for mass in CREDIBLE_STYLES:
        cells = shown.credible_cells(mass)
        side = float(np.median(np.sqrt(shown.partition.area_km2[cells]))) / canvas.km_per_point
        style = credible_style(mass, colors, weight=float(np.clip(side / _ROOMY, 0.35, 1.0)))
        canvas.outline(shown.credible_region(mass), zorder=5, gid=f"credible-{mass}", **style)
    if shown.truth is not None:
        marked.append(shown.truth)
        (way,) = canvas.ways(shown.estimate[None], shown.truth[None])
        ax.plot(*way.T, color=theme.PAGE, linewidth=2.6, alpha=0.9, zorder=7)
        ax.plot(*way.T, color=theme.TRUTH, linewidth=1.2, dashes=(3, 2), zorder=7, gid="way")
        truth = canvas.project(shown.truth[None])
        ax.plot(*truth.T, zorder=10, gid="truth", clip_on=False, **TRUTH_STYLE)
    estimate = canvas.project(shown.estimate[None])
    ax.plot(*estimate.T, zorder=9, gid="estimate", clip_on=False, **estimate_style(colors))
    point = theme.DPI / 72
    spots = ax.transData.transform(canvas.project(np.stack(marked)))
    taken = [around(spot, 5.0 * point) for spot in spots]
    if shown.truth is not None:
        taken += [around(spot, point) for spot in ax.transData.transform(way[~np.isnan(way[:, 0])])]
    if not numbers:
        return taken
    places = canvas.project(shown.partition.centroids[shown.guesses])
    badges = draw_badges(ax, places, taken=taken, colors=colors)
    return [*taken, *badges, *(around(spot, 4 * point) for spot in ax.transData.transform(places))]


def draw_map_names(
    canvas: Canvas,
    basemap: Basemap,
    taken: Sequence[Bbox] = (),
    *,
    names: int = MOST_NAMES,
    towns: int = MOST_TOWNS,
) -> None:
    """Regions by name, countries where none of their regions is seen, and the larger towns.

    Args:
        canvas: The map, all else drawn.
        basemap: What the names are of.
        taken: Boxes in pixels that must stay free.
        names: How many regions and countries at the most.
        towns: How many towns at the most; none on a map of the world.
    """
    colors, regions, countries = canvas.colors, basemap.regions, basemap.countries
    style: dict[str, Any] = {"fontsize": theme.TINY, "color": colors.country_name}
    found, split = [], set()
    if not canvas.extent.world:
        for index, shape in canvas.visible(regions.geometries):
            country, _, short = regions.codes[index].partition("-")
            split.add(country)
            found.append(Name((regions.names[index], short), shape, style))
    style = {"fontsize": theme.SMALL, "color": colors.country_name, "fontweight": "bold"}
    for index, shape in canvas.visible(countries.geometries):
        if countries.codes[index] not in split:
            name = countries.names[index]
            found.append(Name((name, fill(name, 14, break_long_words=False)), shape, style))
    written = draw_names(canvas.ax, found, taken=taken, most=names, ground=colors.halo)
    if not canvas.extent.world:
        apart = _TOWNS_APART * canvas.km_per_point
        largest = largest_towns(canvas.bounds, 5 * towns, apart_km=apart)
        busy = [*taken, *(text.get_window_extent().padded(3) for text in written)]
        places = canvas.project(largest.latlng)
        draw_towns(canvas.ax, largest.names, places, taken=busy, most=towns, colors=colors)
