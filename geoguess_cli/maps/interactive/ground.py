"""The ground of an interactive map: land, lakes, borders and names.

A page carries its own map, so the map must be small. The basemap keeps its detail in the part that
is shown first; the further from there, the more it is simplified.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import zip_longest

import numpy as np
import shapely
from jaxtyping import Float, Int64, Shaped

from geoguess_cli.geo.basemap import Layer, load_basemap
from geoguess_cli.geo.towns import load_towns
from geoguess_cli.maps.interactive.plane import Plane, PlaneBox

Line = Float[np.ndarray, "2 _"]
"""x and y of lines or rings, with NaN between them."""

_FIGURE_PIXELS = 720  # width of a figure that no page lays out
_LETTER_PIXELS, _LINE_PIXELS = 8.0, 22.0
# Size and detail of the parts of a map, in widths of the part that is shown first.
_TIERS = ((1.25, 1 / 2500), (4.5, 1 / 700))
_FARTHEST_KM = 20.0
_WORLD_DETAIL_KM = 7.0
_FINEST_KM = 0.25  # detail of the basemap
_MOST_TOWNS = 120  # per part; a screen has room for some dozens
_SEAM = 2e-3  # degrees: wider than the rounding of the basemap
_LEAST_NAMED = 3e-5  # share of the part shown first; smaller areas never have room
_STEPS = (0.1, 0.25, 0.5, 1, 2, 5, 10, 15, 30)


@dataclass(frozen=True, eq=False)
class Names:
    """Names of one kind, the most important first.

    Attributes:
        texts: The names.
        places: Their places, in kilometres on the plane.
        room_km: Greatest width of each name; infinite for towns.
    """

    texts: list[str]
    places: Float[np.ndarray, "n 2"]
    room_km: Float[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Ground:
    """The areas under the cells, and the lines and names over them.

    Attributes:
        fills: "sea", "land" and "lakes" with their rings, in the order to fill them.
        lines: Lines of the kinds "graticule", "region", "border" and "coast".
        names: Names of "countries", "regions" and "towns".
    """

    fills: list[tuple[str, Line]]
    lines: dict[str, Line]
    names: dict[str, Names]


@lru_cache(maxsize=8)
def ground(plane: Plane, box: PlaneBox) -> Ground:
    """The basemap on a plane, finest in the part that is shown first.

    Args:
        plane: The plane of the map.
        box: The part that is shown first.
    """
    rim, view = plane.rim, shapely.box(*box)
    basemap = load_basemap()
    land, lakes = (plane.transform(layer.geometries) for layer in (basemap.land, basemap.lakes))
    ways = {kind: plane.transform(lines) for kind, lines in _ways().items()}
    fills: list[tuple[str, Line]] = []
    lines: dict[str, list[Line]] = {kind: [] for kind in ways}
    tiers = _tiers(plane, box)
    finer_parts = [part for part, _ in tiers[1:]]
    for (part, detail_km), finer in zip_longest(tiers, finer_parts):
        fills.append(("sea", rings(np.array([part.intersection(rim)]))))
        fills += _fills(land, lakes, part, detail_km)
        for kind, flat in ways.items():
            pieces = shapely.clip_by_rect(flat, *part.bounds)
            pieces = pieces if finer is None else shapely.difference(pieces, finer)
            lines[kind].append(_lines(_thinned(pieces, detail_km)))
    joined = {kind: _joined(pieces) for kind, pieces in lines.items()}
    return Ground(
        fills,
        {"graticule": _graticule(plane, box), **joined},
        {
            "countries": _area_names(basemap.countries, plane, view),
            "regions": _area_names(basemap.regions, plane, view),
            "towns": _town_names(plane, [part for part, _ in tiers], view),
        },
    )


def names_with_room(names: Names, box: PlaneBox, taken: list[PlaneBox]) -> list[bool]:
    """For each name, whether a map of `_FIGURE_PIXELS` has room for it.

    A page's own script chooses anew whenever its map is zoomed or moved.

    Args:
        names: Names of one kind, the most important first.
        box: What the map shows.
        taken: Boxes of the names already on the map; those of the new names are added.
    """
    left, bottom, right, top = box
    km = (right - left) / _FIGURE_PIXELS
    kept = []
    for text, (x, y), room in zip(
        names.texts, names.places.tolist(), names.room_km.tolist(), strict=True
    ):
        wide, tall = _LETTER_PIXELS * len(text) * km, _LINE_PIXELS * km
        start = x - wide / 2 if np.isfinite(room) else x
        own = (start, y - tall / 2, start + wide, y + tall / 2)
        inside = left < own[0] and bottom < own[1] and own[2] < right and own[3] < top
        free = inside and wide < room and not any(_meet(own, other) for other in taken)
        if free:
            taken.append(own)
        kept.append(free)
    return kept


def _meet(a: PlaneBox, b: PlaneBox) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _tiers(plane: Plane, box: PlaneBox) -> list[tuple[shapely.Polygon, float]]:
    """Boxes, the largest first, each with its detail in kilometres."""
    left, bottom, right, top = box
    width = max(right - left, top - bottom)
    bounds = plane.rim.bounds
    if plane.center is None:
        return [(shapely.box(*bounds), _WORLD_DETAIL_KM)]
    x, y = (left + right) / 2, (bottom + top) / 2
    tiers = [(shapely.box(*bounds), _FARTHEST_KM)]
    for times, share in reversed(_TIERS):
        half, detail = times * width / 2 * 1.1, max(share * width, _FINEST_KM)
        if half < bounds[2] / 2 and detail < 0.7 * tiers[-1][1]:
            tiers.append((shapely.box(x - half, y - half, x + half, y + half), detail))
    return tiers


def _fills(
    land: np.ndarray, lakes: np.ndarray, part: shapely.Polygon, detail_km: float
) -> list[tuple[str, Line]]:
    # A little beyond the part, so that the land of two parts overlaps and shows no seam.
    bounds = part.buffer(detail_km, join_style="mitre").bounds
    fills: list[tuple[str, Line]] = []
    for kind, shapes in (("land", land), ("lakes", lakes)):
        clipped = shapely.clip_by_rect(shapely.get_parts(shapes), *bounds)
        pieces = shapely.get_parts(_simpler(clipped, detail_km))
        fills.append((kind, rings(pieces[shapely.area(pieces) > detail_km**2])))
    return fills


@cache
def _ways() -> dict[str, Shaped[np.ndarray, " n"]]:
    """Each stretch of coast and border once: lines of (longitude, latitude), by kind."""
    basemap = load_basemap()
    coast, _ = _segments(basemap.land)
    border, _ = _segments(basemap.countries)
    region, owners = _segments(basemap.regions)
    return {  # an edge of only one region is a coast or the border of a country
        "region": _merged(_without(region[owners > 1], border)),
        "border": _merged(_without(border, coast)),
        "coast": _merged(coast),
    }


def _segments(layer: Layer) -> tuple[Int64[np.ndarray, "n 4"], Int64[np.ndarray, " n"]]:
    """Segments of outlines, in millionths of a degree, and the number of shapes that share each.

    Segments at the antimeridian and the poles are left out: they are cuts, not outlines.
    """
    outlines = shapely.get_rings(shapely.get_parts(layer.geometries))
    lnglat, ring = shapely.get_coordinates(outlines, return_index=True)
    whole = np.round(lnglat * 1e6).astype(np.int64)
    pairs = np.stack([whole[:-1], whole[1:]], axis=1)[ring[1:] == ring[:-1]]
    limit = np.array([180 - _SEAM, 90 - _SEAM]) * 1e6
    pairs = pairs[~(np.abs(pairs) > limit).all(axis=1).any(axis=1)]
    back = (pairs[:, 0, 0] > pairs[:, 1, 0]) | (
        (pairs[:, 0, 0] == pairs[:, 1, 0]) & (pairs[:, 0, 1] > pairs[:, 1, 1])
    )
    pairs[back] = pairs[back][:, ::-1]
    return np.unique(pairs.reshape(-1, 4), axis=0, return_counts=True)


def _without(segments: np.ndarray, others: np.ndarray) -> np.ndarray:
    both, first = np.unique(np.concatenate([others, segments]), axis=0, return_index=True)
    return both[first >= len(others)]


def _merged(segments: Int64[np.ndarray, "n 4"]) -> Shaped[np.ndarray, " m"]:
    pieces = shapely.linestrings(segments.reshape(-1, 2, 2) / 1e6)
    return np.asarray(shapely.get_parts(shapely.line_merge(shapely.multilinestrings(pieces))))


def _graticule(plane: Plane, box: PlaneBox) -> Line:
    """Meridians and parallels of the whole Earth, about six across the part shown first."""
    wide_deg = (box[2] - box[0]) / 111.2
    if plane.center is not None:
        wide_deg /= max(np.cos(np.radians(plane.center[0])), 0.2)
    step = next((step for step in _STEPS if wide_deg / step <= 8), _STEPS[-1])
    fine = max(step, 5.0)  # a finer mesh of the whole Earth would make the page large
    up, along = np.linspace(-90, 90, 91), np.linspace(-180, 180, 181)
    lngs, lats = np.arange(fine - 180, 180, fine), np.arange(fine - 90, 90, fine)
    meridians = [shapely.linestrings(np.full_like(up, lng), up) for lng in lngs]
    parallels = [shapely.linestrings(along, np.full_like(along, lat)) for lat in lats]
    return _lines(_simpler(plane.transform(np.array([*meridians, *parallels])), 8.0))


def _area_names(layer: Layer, plane: Plane, view: shapely.Polygon) -> Names:
    """A name for each large enough shape, in the middle of its visible part if it has one."""
    areas = []
    shapes = plane.transform(_simpler(layer.geometries, 0.1))
    for text, shape in zip(layer.names, shapes, strict=True):
        whole = _largest(shape)
        visible = whole and _largest(shapely.clip_by_rect(whole, *view.bounds))
        piece = visible if visible and visible.area > 0.01 * view.area else whole
        if piece is None or piece.area < _LEAST_NAMED * view.area:
            continue
        circle = shapely.maximum_inscribed_circle(piece, tolerance=piece.length / 100)
        left, _, right, _ = piece.bounds
        areas.append((right - left, text, circle.coords[0]))
    areas.sort(key=lambda area: -area[0])
    places = np.array([place for _, _, place in areas]).reshape(-1, 2)
    return Names([text for _, text, _ in areas], places, np.array([room for room, _, _ in areas]))


def _town_names(plane: Plane, parts: list[shapely.Polygon], view: shapely.Polygon) -> Names:
    """The largest towns of the part shown first and of each part around it, largest first."""
    towns = load_towns()
    places = plane.project(towns.latlng)
    order = np.argsort(-towns.population, kind="stable")
    kept: set[int] = set()
    for part in (*parts, view):
        left, bottom, right, top = part.bounds
        x, y = places[order].T
        inside = order[(x > left) & (x < right) & (y > bottom) & (y < top)]
        kept.update(inside[:_MOST_TOWNS].tolist())
    rows = order[np.isin(order, list(kept))]
    return Names(towns.take(rows).names, places[rows], np.full(len(rows), np.inf))


def _largest(shape: shapely.Geometry) -> shapely.Polygon | None:
    pieces = shapely.get_parts(shape)
    pieces = pieces[shapely.get_type_id(pieces) == shapely.GeometryType.POLYGON]
    return pieces[int(np.argmax(shapely.area(pieces)))] if len(pieces) else None


def rings(shapes: np.ndarray | shapely.Geometry) -> Line:
    """All rings of one or more polygons, to be filled by the even-odd rule."""
    return _lines(shapely.get_rings(shapely.get_parts(shapes)))


def _thinned(lines: np.ndarray, detail_km: float) -> np.ndarray:
    """Simplified lines, without rings that are specks at that detail."""
    pieces = shapely.get_parts(lines)
    specks = shapely.is_closed(pieces) & (shapely.length(pieces) < 4 * detail_km)
    return _simpler(pieces[~specks], detail_km)


def _simpler(shapes: np.ndarray, detail_km: float) -> np.ndarray:
    # The result may touch itself; preventing that would take seconds.
    return np.asarray(shapely.simplify(shapes, detail_km, preserve_topology=False))


def _lines(shapes: np.ndarray) -> Line:
    lines = shapely.get_parts(shapes)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    breaks = np.flatnonzero(np.diff(line)) + 1
    return np.asarray(np.insert(xy, breaks, np.nan, axis=0).T)


def _joined(pieces: list[Line]) -> Line:
    gap = np.full((2, 1), np.nan)
    return np.concatenate([part for piece in pieces for part in (piece, gap)], axis=1)
