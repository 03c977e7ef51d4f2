"""Whether the coordinates of a source can be what they seem: a look at the whole column.

Some published lists have latitude and longitude exchanged. Each row may be in range and the column
still wrong, so both orders are held against the map: land and sea, and the country or region that
the source itself names. Nothing is changed here; `--swap` and `--as-is` are the user's answer.
"""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from geoguess_cli.geo.basemap import Layer
from geoguess_cli.geo.borders import REACH_KM, ShapeFinder, country_finder, region_finder
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.towns import load_towns, nearest_towns
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.wording import percent

SAMPLE = 2000
"""Rows that are looked at: enough for shares that are right to about a percentage point."""

SOUND_SHARE = 0.8
"""If this share lies on land, the order is right: a few wrong positions are in every source."""

LEAST_ON_LAND, LEAST_NAMED = 10, 5
"""Fewest rows that can show an exchange: by land and sea, and by the source's own names."""

Witness = Literal["land", "country", "region"]

WITNESSES: dict[Witness, str] = {
    "land": "on land",
    "country": "in the country that the source names",
    "region": "in the region that the source names",
}
"""What explains a row, in words that follow its share."""

ANSWERS = "add --swap to exchange them, or --as-is to keep them as they stand"
"""The remedy for a verb that takes these options."""

_FINDERS: tuple[tuple[Witness, Callable[[], ShapeFinder]], ...] = (
    ("country", country_finder),
    ("region", region_finder),
)

_OTHER_NAMES = {
    "usa": "united states of america",
    "united states": "united states of america",
    "uk": "united kingdom",
}
"""Usual names of countries that are neither the basemap's name nor the ISO code."""


@dataclass(frozen=True)
class OrderCheck:
    """How well either order of the two coordinates explains the rows of a source.

    Attributes:
        by: What the shares count, a key of `WITNESSES`.
        as_is: Share of the rows that the given order explains.
        exchanged: Share of the rows that the exchanged order explains; None where the given order
            left no doubt.
        looks_exchanged: Whether the source seems to have latitude and longitude exchanged.
    """

    by: Witness
    as_is: float
    exchanged: float | None
    looks_exchanged: bool

    def __str__(self) -> str:
        return (
            f"latitude and longitude look exchanged: as they stand, {percent(self.as_is)} of the "
            f"rows are {WITNESSES[self.by]}; exchanged, {percent(self.exchanged or 0.0)}"
        )


def exchanging(source: Path) -> str:
    """The remedy for a verb without --swap."""
    command = f"geoguess data import {shlex.quote(str(source))} --swap -o photos.parquet"
    return f"`{command}` writes a table with them exchanged"


def check_order(frame: pl.DataFrame, bad_rows: Sequence[BadRow] = ()) -> OrderCheck:
    """Whether a source seems to have latitude and longitude exchanged.

    A source is never accused on less than clear evidence: its own order must explain at most half
    of what the exchanged order explains. Where both orders lie on land (much of central Italy lies
    in Ethiopia if it is exchanged) and the source names no country, nothing can be seen.

    Args:
        frame: `latitude` and `longitude` in degrees and, if the source has them, `country` and
            `region`.
        bad_rows: The rows that were left out; those whose coordinates are out of range count too.
    """
    pairs = [bad.latlng for bad in bad_rows if bad.latlng is not None]
    outside = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    outside = outside[~_in_range(outside)]
    rows = _drawn(len(frame) + len(outside))
    good = frame[rows[rows < len(frame)]]
    inside = good.select(pl.col("latitude", "longitude").cast(pl.Float64)).to_numpy()
    latlng = np.concatenate([inside, outside[rows[rows >= len(frame)] - len(frame)]])
    for witness, finder in _FINDERS:
        if witness in good.columns:
            check = _by_names(witness, finder(), inside, good[witness])
            if check is not None:
                return check
    return _by_land(latlng)


def _drawn(count: int) -> Int[np.ndarray, " n"]:
    """At most `SAMPLE` rows of a source, in order; the same rows for the same count."""
    if count <= SAMPLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(count).choice(count, SAMPLE, replace=False))


def _by_names(
    witness: Witness, finder: ShapeFinder, latlng: np.ndarray, names: pl.Series
) -> OrderCheck | None:
    """The check by the source's own names; None if they are too few, unknown or say nothing."""
    expected = _shapes_named(finder.layer, names)
    rows = np.flatnonzero(expected >= 0)
    if len(rows) < max(LEAST_NAMED, names.count() / 2):
        return None
    as_is, exchanged = (
        float((_holding(order[rows], finder, reach=False) == expected[rows]).mean())
        for order in (latlng, latlng[:, ::-1])
    )
    if as_is >= 0.5:
        return OrderCheck(witness, as_is, exchanged, looks_exchanged=False)
    if exchanged >= 0.5 and as_is <= exchanged / 2:
        return OrderCheck(witness, as_is, exchanged, looks_exchanged=True)
    return None


def _by_land(latlng: Float[np.ndarray, "n 2"]) -> OrderCheck:
    """The check by land and sea, and by the range of the numbers: out of range is no land."""
    if not len(latlng):
        return OrderCheck("land", 1.0, None, looks_exchanged=False)
    strict = float((_holding(latlng, country_finder(), reach=False) >= 0).mean())
    if strict >= SOUND_SHARE:
        return OrderCheck("land", strict, None, looks_exchanged=False)
    as_is, exchanged = (float(_on_land(order).mean()) for order in (latlng, latlng[:, ::-1]))
    # A right source has next to no latitude beyond a pole, so a tenth of them is a clear sign.
    beyond = 1.0 - float(_in_range(latlng).mean())
    at_sea = as_is <= 0.5 and len(latlng) >= LEAST_ON_LAND
    looks = exchanged >= 0.9 and as_is < exchanged and (at_sea or beyond >= 0.1)
    return OrderCheck("land", as_is, exchanged, looks)


def _shapes_named(layer: Layer, names: pl.Series) -> Int[np.ndarray, " n"]:
    """The row of a layer that each name or ISO code stands for; -1 for none."""
    rows = {name.casefold(): row for row, name in reversed(list(enumerate(layer.names)))}
    rows |= {code.casefold(): row for row, code in enumerate(layer.codes) if code}
    rows |= {other: rows[name] for other, name in _OTHER_NAMES.items() if name in rows}
    texts = (str(name or "").strip().casefold() for name in names)
    return np.fromiter((rows.get(text, -1) for text in texts), np.int64, len(names))


def _in_range(latlng: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
    latitude, longitude = latlng.T
    return np.asarray((np.abs(latitude) <= 90) & (longitude >= -180) & (longitude <= 360))


def _holding(
    latlng: Float[np.ndarray, "n 2"], finder: ShapeFinder, *, reach: bool
) -> Int[np.ndarray, " n"]:
    """The shape that holds each point; -1 for none, and for a point out of range."""
    shapes = np.full(len(latlng), -1)
    rows = np.flatnonzero(_in_range(latlng))
    shapes[rows] = finder.find(np.ascontiguousarray(latlng[rows]), reach=reach)
    return shapes


def _on_land(latlng: Float[np.ndarray, "n 2"]) -> Bool[np.ndarray, " n"]:
    """Whether each point is in a country or within `REACH_KM` of one, or of a town.

    The basemap lacks small islands, but not their towns.
    """
    land = _holding(latlng, country_finder(), reach=True) >= 0
    rows = np.flatnonzero(~land & _in_range(latlng))
    points = np.ascontiguousarray(latlng[rows])
    towns = load_towns().latlng[nearest_towns(points, [""] * len(rows), [""] * len(rows))]
    land[rows] = great_circle_km(points, towns) <= REACH_KM
    return land
