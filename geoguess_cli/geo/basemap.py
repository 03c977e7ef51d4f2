"""Land, lakes, countries and first-level regions that ship with the package; no network is used.

`data/NOTICE.md` names their sources; `tools/build_basemap.py` writes the file.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import polars as pl
import shapely
from jaxtyping import Shaped


@dataclass(frozen=True, eq=False)
class Layer:
    """Shapes of one kind.

    Attributes:
        names: English names; "" for land and lakes.
        codes: ISO 3166-1 alpha-2 for countries ("US"), ISO 3166-2 for regions ("US-MT"); "" for a
            shape without a code.
        geometries: Shapely multipolygons in (longitude, latitude), degrees, within ±180°.
    """

    names: list[str]
    codes: list[str]
    geometries: Shaped[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, eq=False)
class Basemap:
    """The layers of a map, accurate to a few kilometres; US states to a few hundred metres.

    Attributes:
        land: All land as one shape.
        lakes: Lakes, the largest first.
        countries: Countries and territories; the United States is the union of its regions.
        regions: First-level regions of the United States, Canada, Australia and Brazil.
    """

    land: Layer
    lakes: Layer
    countries: Layer
    regions: Layer


@cache
def load_basemap() -> Basemap:
    """The basemap, read once and kept.

    >>> basemap = load_basemap()
    >>> basemap.regions.names[basemap.regions.codes.index("US-MT")]
    'Montana'
    """
    content = resources.files("geoguess_cli.geo").joinpath("data/basemap.parquet").read_bytes()
    frame = pl.read_parquet(content)
    return Basemap(*(_layer(frame, name) for name in ("land", "lakes", "countries", "regions")))


def _layer(frame: pl.DataFrame, name: str) -> Layer:
    rows = frame.filter(pl.col("layer") == name)
    geometries = shapely.from_wkb(rows["geometry"].to_numpy())
    return Layer(rows["name"].to_list(), rows["code"].to_list(), geometries)
