"""The marks of an answer on a map: estimate, truth, credible regions, numbered guesses."""

from typing import Any

import numpy as np
from matplotlib.transforms import Bbox

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.inference.credible import MASSES
from geoguess_cli.maps.canvas import Canvas
from geoguess_cli.maps.labels import POINT, around, draw_badges
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.wording import coordinates, counted, kilometres, percent, square_kilometres

TRUTH_STYLE: dict[str, Any] = {
    "marker": "o",
    "markersize": 7.0,
    "markerfacecolor": theme.TRUTH,
    "markeredgecolor": theme.PAGE,
    "markeredgewidth": 1.1,
    "linestyle": "none",
}
"""The mark of the truth, on the map and in its legend."""

CREDIBLE_STYLES: dict[float, dict[str, Any]] = {
    0.9: {"linewidth": 1.1, "linestyle": (0, (3.5, 1.8))},
    0.5: {"linewidth": 1.5, "linestyle": "solid"},
}
"""The outline of each credible region, by its mass; the outline of the larger lies below."""

_ROOMY = 12.0  # points: regions whose cells have shorter sides get thinner outlines


def estimate_style(colors: theme.Theme) -> dict[str, Any]:
    """The mark of the point estimate, on the map and in its legend: a cross."""
    return {
        "marker": "X",
        "markersize": 8.0,
        "markerfacecolor": colors.ink,
        "markeredgecolor": colors.halo,
        "markeredgewidth": 1.0,
        "linestyle": "none",
    }


def region_style(colors: theme.Theme) -> dict[str, Any]:
    """The border of the region that an answer was limited to, on the map and in its legend."""
    edge = halo(3.4, colors.halo)
    return {"color": colors.ink, "linewidth": 1.8, "linestyle": (0, (1, 1.4)), "path_effects": edge}


def credible_style(mass: float, colors: theme.Theme, *, weight: float = 1.0) -> dict[str, Any]:
    """The line around the credible region of that mass, on the map and in its legend.

    Args:
        mass: One of `CREDIBLE_STYLES`.
        colors: The theme.
        weight: Factor to the width of the line, below 1 for a region in small pieces.
    """
    style = CREDIBLE_STYLES[mass]
    width = weight * style["linewidth"]
    edge = halo(width + 1.6 * weight, colors.halo)
    return style | {"color": colors.ink, "linewidth": width, "path_effects": edge}


def mark_texts(map_: ProbabilityMap) -> list[dict[str, str]]:
    """The `kind`, `title` and `text` of each mark of an answer: estimate, truth, regions."""
    marks = [("estimate", "Point estimate", coordinates(*map_.answer.estimate))]
    if map_.truth is not None and map_.distance_km is not None:
        title = f"Truth, {kilometres(map_.distance_km)} away"
        marks.append(("truth", title, coordinates(*map_.truth.tolist())))
    if map_.region is not None:
        lay = f"{percent(map_.answer.inside)} of the probability lay there"
        marks.append(("region", f"Limited to {map_.region.name}", lay))
    for mass in MASSES:
        cells = counted(len(map_.credible_cells(mass)), "cell")
        area = square_kilometres(map_.credible_area_km2(mass))
        title = f"{percent(mass, whole=True)} credible region"
        marks.append((f"credible-{100 * mass:.0f}", title, f"{cells}, {area}"))
    return [dict(zip(("kind", "title", "text"), mark, strict=True)) for mark in marks]


def draw_answer(canvas: Canvas, map_: ProbabilityMap, *, numbers: bool = True) -> list[Bbox]:
    """Draw credible regions, estimate, truth and the way between them, and numbered guesses.

    Returns the boxes that the marks take, in pixels.

    Args:
        canvas: The map, with its cells.
        map_: The answer to show.
        numbers: Whether the guesses are numbered.
    """
    ax, colors, marks = canvas.ax, canvas.colors, [map_.estimate]
    for mass in CREDIBLE_STYLES:
        cells = map_.credible_cells(mass)
        side = float(np.median(np.sqrt(map_.partition.area_km2[cells]))) / canvas.km_per_point
        style = credible_style(mass, colors, weight=float(np.clip(side / _ROOMY, 0.35, 1.0)))
        canvas.outline(map_.credible_region(mass), zorder=5, gid=f"credible-{mass}", **style)
    if map_.region is not None:
        canvas.outline(map_.region.border, zorder=4.5, gid="region", **region_style(colors))
    if map_.truth is not None:
        marks.append(map_.truth)
        (way,) = canvas.ways(map_.estimate[None], map_.truth[None])
        ax.plot(*way.T, color=theme.PAGE, linewidth=2.6, alpha=0.9, zorder=7)
        ax.plot(*way.T, color=theme.TRUTH, linewidth=1.2, dashes=(3, 2), zorder=7, gid="way")
        truth = canvas.project(map_.truth[None])
        ax.plot(*truth.T, zorder=10, gid="truth", clip_on=False, **TRUTH_STYLE)
    estimate = canvas.project(map_.estimate[None])
    ax.plot(*estimate.T, zorder=9, gid="estimate", clip_on=False, **estimate_style(colors))
    spots = ax.transData.transform(canvas.project(np.stack(marks)))
    taken = [around(spot, 5.0 * POINT) for spot in spots]
    if map_.truth is not None:
        taken += [around(spot, POINT) for spot in ax.transData.transform(way[~np.isnan(way[:, 0])])]
    if not numbers:
        return taken
    places = canvas.project(map_.partition.centroids[map_.guesses])
    badges = draw_badges(ax, places, taken=taken, colors=colors)
    return [*taken, *badges, *(around(spot, 4 * POINT) for spot in ax.transData.transform(places))]
