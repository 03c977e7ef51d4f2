"""Coordinates that know less than they seem to: all alike, on a grid, or at a country's middle.

Nothing is wrong with such a source, so nothing is changed; but a model learns no street from photos
that only know their country. Each fault is one sentence for the user.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
import shapely
from jaxtyping import Bool, Float

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import country_finder
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.towns import load_towns, nearest_towns
from geoguess_cli.wording import coordinates, kilometres, percent

SAMPLE = 20_000
"""Rows that are looked at."""

LEAST = 20
"""Fewest photos, and fewest different points of a grid, that are worth a word."""

ONE_POINT_SHARE = 0.05
"""A point that this share of the photos has is named."""

MIDDLE_SHARE = 0.005
"""So is one near the middle of a country, if this share of the photos has it."""

MIDDLE_WIDTHS = 0.1
"""How far from a country's middle a point may lie, in widths of the country."""

STEPS_DEG = (1.0, 0.5, 0.25, 0.2, 0.1, 1 / 12, 0.05, 0.025, 0.02, 1 / 60, 0.01)
"""Usual steps of grids in degrees, the widest first: decimals, minutes of arc, rasters."""

GRID_SHARE, LEAST_NODES = 0.5, 5
"""Share of the different positions that make a grid, and its fewest lines in each direction."""

LARGE_TOWN, TOWN_CENTRE_KM = 20_000, 2.0
"""People of a town whose centre is named, and how near a point lies to it."""

_COUNTRY_ALONE = "; their source may know the country alone"

_KM_PER_DEGREE = EARTH_RADIUS_KM * np.pi / 180.0


def check_spread(latlng: Float[np.ndarray, "n 2"]) -> list[str]:
    """What the user should know of how the positions of a source are spread; empty if nothing.

    Args:
        latlng: One point for each photo, latitude first, in degrees.
    """
    if len(latlng) < LEAST:
        return []
    if len(latlng) > SAMPLE:
        rows = np.random.default_rng(len(latlng)).choice(len(latlng), SAMPLE, replace=False)
        latlng = latlng[rows]
    points, counts = np.unique(latlng, axis=0, return_counts=True)
    if len(points) == 1:
        place = coordinates(*points[0].tolist())
        return [f"all photos have the same position, {place}{_known_alone(points[0])}"]
    return _grid(points) or list(_common_points(points, counts))


def _common_points(points: np.ndarray, counts: np.ndarray) -> Iterator[str]:
    """A sentence for each point that suspiciously many photos have."""
    for row in np.argsort(-counts, kind="stable")[:LEAST].tolist():
        share = counts[row] / counts.sum()
        if counts[row] < LEAST or share < MIDDLE_SHARE:
            return
        known = _known_alone(points[row])
        if share >= ONE_POINT_SHARE or known.endswith(_COUNTRY_ALONE):
            place = coordinates(*points[row].tolist())
            yield f"{percent(share)} of the photos have exactly the same position, {place}{known}"


def _known_alone(point: Float[np.ndarray, "2"]) -> str:
    """A clause that names the town or the country whose middle a point is; "" if there is none."""
    row = nearest_towns(point[None], [""], [""])
    center, people = load_towns().latlng[row], load_towns().population[row]
    if people[0] >= LARGE_TOWN and great_circle_km(point[None], center)[0] <= TOWN_CENTRE_KM:
        name = load_towns().town(int(row[0])).name
        return f", the centre of {name}; their source may know the town alone"
    country = int(country_finder().find(point[None], reach=False)[0])
    if country < 0:
        return ""
    middles, width_km = _middles(country)
    away = great_circle_km(np.broadcast_to(point, middles.shape), middles)
    if away.min() > MIDDLE_WIDTHS * width_km:
        return ""
    name = load_basemap().countries.names[country]
    return f", near the middle of the country {name}{_COUNTRY_ALONE}"


@cache
def _middles(country: int) -> tuple[Float[np.ndarray, "3 2"], float]:
    """Middles of a country, latitude first, in degrees, and its width in kilometres.

    They are the centroids of all of it and of its largest part, and the middle of that part's box.
    """
    shape = load_basemap().countries.geometries[country]
    parts = shapely.get_parts(shape)
    largest = parts[np.argmax(shapely.area(parts))]
    middles = [shape.centroid, largest.centroid, shapely.box(*largest.bounds).centroid]
    latlng = np.array([(middle.y, middle.x) for middle in middles])
    shrink = float(np.cos(np.radians(latlng[1, 0])))
    return latlng, float(np.sqrt(largest.area * shrink)) * _KM_PER_DEGREE


def _grid(points: Float[np.ndarray, "n 2"]) -> list[str]:
    """A sentence if most of the different points lie on a grid, of which the widest is named."""
    for step in STEPS_DEG:
        on = _on_steps(points[:, 0], step) & _on_steps(points[:, 1], step)
        nodes = [len(np.unique(np.round(points[on, axis] / step))) for axis in (0, 1)]
        if on.mean() >= GRID_SHARE and on.sum() >= LEAST and min(nodes) >= LEAST_NODES:
            return [
                f"{percent(float(on.mean()))} of the positions lie on a grid of {_degrees(step)}, "
                f"so they are known to about {kilometres(step * _KM_PER_DEGREE)}"
            ]
    return []


def _on_steps(values: Float[np.ndarray, " n"], step: float) -> Bool[np.ndarray, " n"]:
    """Which values are a whole number of steps from the most usual offset, to half a hundredth."""
    bins = np.round(values / step * 200.0).astype(np.int64) % 200
    usual = int(np.bincount(bins, minlength=200).argmax())
    return np.asarray((bins - usual + 1) % 200 <= 2)


def _degrees(step: float) -> str:
    """A step as text: in degrees if they have at most three decimals, else in minutes of arc."""
    return f"{step:g}°" if round(step, 3) == step else f"{step * 60:g}′"
