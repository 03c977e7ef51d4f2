"""Regions that an answer may be limited to: by name, as a box, or from a GeoJSON file."""

import difflib
import json
import os
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from jaxtyping import Bool, Float, Shaped
from shapely.geometry import shape as geometry_of

from geoguess_cli.errors import SENSELESS, ConfigError, MissingFileError
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.places import SHORT_NAMES
from geoguess_cli.names import is_there, text_of

WAYS = (
    "a country or first-level region such as `Montana, US`, a box W,S,E,N in degrees, "
    "or a GeoJSON file of polygons"
)
"""What names a region, for messages."""

_ENDINGS = (".geojson", ".json")
_STEP_DEG = 0.25
"""Longest edge of a shape when its area is measured: an edge is straight in degrees, not in sines
of the latitude."""


@dataclass(frozen=True, eq=False)
class Region:
    """A part of the Earth.

    Attributes:
        name: What to call it.
        shape: Polygons of (longitude, latitude), in degrees within ±180; edges are straight in
            degrees, as in GeoJSON. A region across the antimeridian is cut there.
    """

    name: str
    shape: shapely.Geometry

    def holds(self, latlng: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
        """Whether each point lies in the region or on its border.

        Args:
            latlng: Points, latitude first, in degrees.
        """
        shapely.prepare(self.shape)
        longitude = (latlng[:, 1] + 180.0) % 360.0 - 180.0
        inside = shapely.intersects_xy(self.shape, longitude, latlng[:, 0])
        at_seam = longitude == -180.0  # the antimeridian is the eastern rim as well
        inside[at_seam] |= shapely.intersects_xy(self.shape, 180.0, latlng[at_seam, 0])
        return np.asarray(inside)

    @property
    def digest(self) -> str:
        """A hash of the shape, the same in every run."""
        return sha256(shapely.to_wkb(self.shape, byte_order=1)).hexdigest()[:12]

    @cached_property
    def border(self) -> shapely.Geometry:
        """The shape with points all along its edges, to be drawn on any plane."""
        return shapely.segmentize(self.shape, _STEP_DEG)


def find_region(text: str) -> Region:
    """The region that a text names: a country or first-level region, a box, or a GeoJSON file.

    Args:
        text: A name such as "Montana, US", "US-MT" or "Peru"; a box "W,S,E,N" in degrees, which
            crosses ±180° if W is greater than E; or the path of a GeoJSON file.

    Raises:
        ConfigError: There is no such region, or more than one; a box is no box; or a file holds no
            polygon.
        MissingFileError: There is no such file.

    >>> find_region("montana, us").name, find_region("170,-20,-170,-10").shape.area
    ('Montana, US', 200.0)
    """
    path = Path(text)
    if path.suffix.lower() in _ENDINGS or os.path.isfile(path):  # whatever the length of the name
        return read_region(path)
    numbers = _numbers(text)
    return _region_named(text) if numbers is None else _box(text, numbers)


def read_region(path: Path) -> Region:
    """The polygons of a GeoJSON file (RFC 7946) as one region, named by the file.

    Raises:
        MissingFileError: There is no such file.
        ConfigError: It is not GeoJSON in degrees, or it holds no polygon.
    """
    if not is_there(path):
        raise MissingFileError(f"there is no file {text_of(path)}; --within takes {WAYS}")
    try:
        tree = json.loads(path.read_text(encoding="utf-8-sig"))
        with np.errstate(all="ignore"):  # of numbers that are not finite, which are refused below
            shapes = [geometry_of(one) for one in _geometries(tree)]
            areas = [one for one in shapes if one.geom_type in ("Polygon", "MultiPolygon")]
            whole = shapely.union_all([shapely.make_valid(shapely.force_2d(one)) for one in areas])
    except (shapely.errors.ShapelyError, *SENSELESS) as error:
        reason = " ".join(str(error).split())[:100]
        raise ConfigError(f"{text_of(path)} is not GeoJSON ({reason})") from error
    if not whole.area > 0:  # a number that is not finite gives no area at all
        raise ConfigError(f"{text_of(path)} holds no polygon; --within takes {WAYS}")
    west, south, east, north = whole.bounds
    if not min(west + 360, south + 90, 90 - north, 360 - east) >= 0:
        raise ConfigError(
            f"{text_of(path)} reaches from {west:g}, {south:g} to {east:g}, {north:g}; a region "
            "takes longitudes and latitudes in degrees. `ogr2ogr -t_srs EPSG:4326 new.geojson "
            f"{text_of(path.name)}` converts it"
        )
    return Region(text_of(path.name), _wrapped(whole))


def area_km2(shapes: Shaped[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Areas on the sphere of shapes whose edges are straight in degrees, in km².

    The plane of longitude and the sine of latitude keeps areas (Lambert's cylindrical projection;
    Snyder, Map Projections: A Working Manual, 1987, 10-1 and 10-2).

    Args:
        shapes: Polygons of (longitude, latitude), in degrees.

    >>> float(area_km2(np.array([shapely.box(-180, 0, 180, 90)]))[0] / 1e6).__round__(3)
    255.033
    """

    def to_plane(lnglat: np.ndarray) -> np.ndarray:
        radians = np.radians(lnglat)
        return np.stack([radians[:, 0], np.sin(radians[:, 1])], axis=1)

    plane = shapely.transform(shapely.segmentize(shapes, _STEP_DEG), to_plane)
    return np.asarray(shapely.area(plane) * EARTH_RADIUS_KM**2)


def _geometries(tree: Any) -> list[Any]:
    """The geometries of a GeoJSON object of any type."""
    kind = tree["type"]
    if kind == "FeatureCollection":
        return [one for feature in tree["features"] for one in _geometries(feature)]
    if kind == "Feature":
        return _geometries(tree["geometry"]) if tree["geometry"] else []
    if kind == "GeometryCollection":
        return [one for geometry in tree["geometries"] for one in _geometries(geometry)]
    return [tree]


def _wrapped(whole: shapely.Geometry) -> shapely.Geometry:
    """A shape within ±360° of longitude, cut and turned into ±180°."""
    turns = [
        shapely.transform(whole, lambda xy, turn=turn: xy + np.array([turn, 0.0]))
        for turn in (-360.0, 0.0, 360.0)
    ]
    earth = shapely.box(-180, -90, 180, 90)
    parts = shapely.get_parts(shapely.union_all(shapely.intersection(turns, earth)))
    return shapely.union_all([part for part in parts if part.area])


def _numbers(text: str) -> list[float] | None:
    """The numbers between the commas of a text; None if there is anything else."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return None


def _box(text: str, numbers: list[float]) -> Region:
    if len(numbers) != 4:
        raise ConfigError(f"`{text}` has {len(numbers)} numbers; a box is W,S,E,N, in degrees")
    west, south, east, north = numbers
    if not (-90 <= south < north <= 90 and all(-180 <= x <= 360 for x in (west, east))):
        raise ConfigError(
            f"`{text}` is no box W,S,E,N; it needs -90 ≤ S < N ≤ 90 and longitudes from -180 to 360"
        )
    if west == east:
        raise ConfigError(f"`{text}` has no width; a box is W,S,E,N, in degrees")
    if east < west:
        east += 360
    return Region(text, _wrapped(shapely.box(west, south, min(east, west + 360), north)))


def _folded(name: str) -> str:
    """A name as it is compared: without accents, capitals and further spaces."""
    letters = unicodedata.normalize("NFKD", name)
    plain = "".join(one for one in letters if not unicodedata.combining(one)).casefold()
    return ", ".join(" ".join(part.split()) for part in plain.split(","))


def _region_named(text: str) -> Region:
    known = _named_regions()
    found = known.get(_folded(text), [])
    if len(found) == 1:
        return found[0][0]
    if found:
        choices = " or ".join(f"`{code}` for {region.name}" for region, code in found)
        raise ConfigError(f"`{text}` is the name of {len(found)} regions; write {choices}")
    close = difflib.get_close_matches(_folded(text), known, n=12, cutoff=0.7)
    names = dict.fromkeys(region.name for key in close for region, _ in known[key])
    near = ", ".join(f"`{name}`" for name in list(names)[:5])
    raise ConfigError(
        f"`{text}` is no region of the borders that geoguess has"
        + (f"; near names are {near}" if near else f"; --within takes {WAYS}")
    )


@cache
def _named_regions() -> dict[str, list[tuple[Region, str]]]:
    """The regions that a folded name may mean, each with a code or name that means it alone."""
    basemap = load_basemap()
    countries, regions = basemap.countries, basemap.regions
    known: dict[str, list[tuple[Region, str]]] = defaultdict(list)
    forms: dict[str, list[str]] = {}  # of each country, by its code
    for name, code, shape in zip(
        countries.names, countries.codes, countries.geometries, strict=True
    ):
        own = list(dict.fromkeys(one for one in (name, code, SHORT_NAMES.get(name, "")) if one))
        forms[code] = own
        country = Region(name, shape)
        for form in {_folded(one) for one in own}:
            known[form].append((country, code or name))
    for name, code, shape in zip(regions.names, regions.codes, regions.geometries, strict=True):
        nation, _, part = code.partition("-")
        names = forms[nation]
        region = Region(f"{name}, {SHORT_NAMES.get(names[0], names[0])}", shape)
        own = [name, code, *(f"{a}, {b}" for a in (name, part) for b in names)]
        for form in {_folded(one) for one in own}:
            known[form].append((region, code))
    return known
