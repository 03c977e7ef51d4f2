"""What a photo table says about itself: the numbers of its datasheet.

The table alone decides; a photo is opened only for the search for near-duplicates, if it is asked
for. The sections of the page follow "Datasheets for Datasets" (Gebru et al., 2021).
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.borders import find_borders
from geoguess_cli.photos.leak_report import LeakReport
from geoguess_cli.photos.table import PhotoTable

LICENCE_COLUMNS = ("licence", "license", "license_name", "licence_name", "rights", "usage_terms")
"""Columns, in lower case, that give the licence of each photo, preferred first."""

DECIMALS = 7
"""Most decimals of a coordinate that are counted: a seventh one is a centimetre."""

EARLIEST_YEAR = 1990
"""Photos with coordinates are hardly older; an earlier date is more likely a clock that was never
set."""

AT_SEA = "at sea, or in no shipped border"


@dataclass(frozen=True)
class ColumnFill:
    """How far a column is filled.

    Attributes:
        name: The column.
        kind: Its type, in words.
        filled: Photos with a value.
        distinct: Number of different values.
    """

    name: str
    kind: str
    filled: int
    distinct: int


@dataclass(frozen=True)
class GroupSummary:
    """Photos by the value of a column, such as a sequence or a creator.

    Attributes:
        column: The column.
        known: Photos with a value.
        number: Different values.
        median: Photos of the median value.
        most: Photos of the value with the most.
        tenth: Photos of the tenth of the values that have the most.
    """

    column: str
    known: int
    number: int
    median: float
    most: int
    tenth: int


@dataclass(frozen=True)
class DateSummary:
    """When photos were taken, in UTC.

    Attributes:
        known: Photos with a date.
        first: The earliest plausible date, in ISO 8601.
        last: The latest one.
        years: Photos by year, of all years from the first to the last.
        odd: Photos dated before 1990 or after the day of the datasheet.
    """

    known: int
    first: str
    last: str
    years: Mapping[int, int]
    odd: int


@dataclass(frozen=True)
class CoordinateSummary:
    """How exact and how varied the coordinates are.

    Attributes:
        south: The least latitude, in degrees.
        north: The greatest.
        west: The western end of the narrowest span of longitudes that holds all photos.
        east: The eastern end; less than `west` if the span crosses ±180°.
        decimals: Photos by the decimals that their coordinates need, at most `DECIMALS`.
        places: Different places.
        shared: Photos whose place is exactly that of another photo.
        null_island: Photos at 0, 0.
    """

    south: float
    north: float
    west: float
    east: float
    decimals: Mapping[int, int]
    places: int
    shared: int
    null_island: int


@dataclass(frozen=True, eq=False)
class Datasheet:
    """The numbers of a datasheet.

    Attributes:
        title: The name of the data set.
        kind: The layout that it was read from.
        licence: The licence that the user states; "" for none.
        photos: Number of photos.
        archived: Photos that lie in archives.
        left_out: Rows that could not be used, by reason.
        missing: Photos of the source that do not exist.
        columns: Every column, in the order of the table.
        coordinates: How exact and how varied the coordinates are.
        countries: Photos by country, by the shipped borders, the most first.
        regions: Photos by first-level region, of the countries whose regions are shipped.
        groups: Sequences and creators, where they are known.
        dates: When photos were taken; None if no photo has a date.
        licences: Photos by licence; empty if no column gives it.
        splits: Photos by split; empty if the table has none.
        unassigned: Photos without a split, in a table that has splits.
        leaks: What the splits share; None without two splits.
        looked: Whether photos were opened.
        latlng: Latitude and longitude of each photo, in degrees.
    """

    title: str
    kind: str
    licence: str
    photos: int
    archived: int
    left_out: Mapping[str, int]
    missing: int
    columns: tuple[ColumnFill, ...]
    coordinates: CoordinateSummary
    countries: Mapping[str, int]
    regions: Mapping[str, int]
    groups: tuple[GroupSummary, ...]
    dates: DateSummary | None
    licences: Mapping[str, int]
    splits: Mapping[str, int]
    unassigned: int
    leaks: LeakReport | None
    looked: bool
    latlng: Float[np.ndarray, "n 2"]

    def record(self) -> dict[str, Any]:
        """The datasheet as plain values, ready for JSON; without the place of each photo."""
        plain = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name not in ("latlng", "leaks")
        }
        for name in ("columns", "groups"):
            plain[name] = [dataclasses.asdict(item) for item in plain[name]]
        for name in ("coordinates", "dates"):
            plain[name] = plain[name] and dataclasses.asdict(plain[name])
        return {**plain, "leaks": self.leaks and self.leaks.record()}

    @cached_property
    def gaps(self) -> list[ColumnFill]:
        """The columns in which some photos have no value, the emptiest first."""
        return sorted(
            (of for of in self.columns if of.filled < self.photos), key=lambda of: of.filled
        )


def datasheet(
    table: PhotoTable,
    *,
    title: str,
    kind: str = "photo table",
    licence: str = "",
    left_out: Mapping[str, int] | None = None,
    missing: int = 0,
    leaks: LeakReport | None = None,
    today: datetime | None = None,
) -> Datasheet:
    """The datasheet of a photo table.

    Args:
        table: The photos; at least one.
        title: The name of the data set.
        kind: The layout that it was read from.
        licence: The licence that the user states.
        left_out: Rows that could not be used, by reason.
        missing: Photos of the source that do not exist.
        leaks: What the splits share, by `find_leaks`; None without two splits.
        today: The day up to which a date is plausible (default: now).
    """
    frame = table.frame
    countries, regions = _places(table.latlng)
    archived = frame["archive"].count() if "archive" in frame.columns else 0
    return Datasheet(
        title=title,
        kind=kind,
        licence=licence,
        photos=len(table),
        archived=archived,
        left_out=left_out or {},
        missing=missing,
        columns=_columns(frame),
        coordinates=_coordinates(table.latlng),
        countries=countries,
        regions=regions,
        groups=tuple(_groups(frame[name]) for name in ("sequence", "creator") if table.has(name)),
        dates=_dates(frame, today or datetime.now(UTC)),
        licences=_licences(frame),
        splits=table.splits,
        unassigned=frame["split"].null_count() if table.has("split") else 0,
        leaks=leaks,
        looked=leaks is not None and leaks.duplicates is not None,
        latlng=table.latlng,
    )


def counted_reasons(reasons: Sequence[str]) -> dict[str, int]:
    """Rows by the reason why they were left out, the most first.

    The values in a reason are cut away, so that reasons of one kind count together.

    >>> counted_reasons(["latitude is 91; it must lie in [-90, 90]", "latitude is -99; it must …"])
    {'latitude is …': 2}
    """
    series = pl.Series(reasons, dtype=pl.String)
    kinds = series.str.split(";").list.first().str.replace_all(r"'[^']*'|-?\d[\d.]*", "…")
    return _counts(kinds)


def _counts(values: pl.Series) -> dict[str, int]:
    """Number of rows of each value, the most first, then by name."""
    counts = values.alias("value").drop_nulls().value_counts()
    return dict(counts.sort(["count", "value"], descending=[True, False]).iter_rows())


def _columns(frame: pl.DataFrame) -> tuple[ColumnFill, ...]:
    kinds = {pl.String: "text", pl.Float64: "number", pl.Int64: "whole number"}
    return tuple(
        ColumnFill(
            series.name,
            kinds.get(type(series.dtype), str(series.dtype).lower()),
            series.count(),
            series.drop_nulls().n_unique(),
        )
        for series in frame
    )


def _coordinates(latlng: Float[np.ndarray, "n 2"]) -> CoordinateSummary:
    needed = np.full(len(latlng), DECIMALS)
    for decimals in range(DECIMALS - 1, -1, -1):
        exact = np.abs(np.round(latlng, decimals) - latlng).max(axis=1) < 0.5 * 10.0**-9
        needed[exact] = decimals
    _, of, counts = np.unique(
        latlng[:, 0] + 1j * latlng[:, 1], return_inverse=True, return_counts=True
    )
    west, east = _span(latlng[:, 1])
    used, photos = np.unique(needed, return_counts=True)
    return CoordinateSummary(
        south=float(latlng[:, 0].min()),
        north=float(latlng[:, 0].max()),
        west=west,
        east=east,
        decimals=dict(zip(used.tolist(), photos.tolist(), strict=True)),
        places=len(counts),
        shared=int(np.count_nonzero(counts[of] > 1)),
        null_island=int(np.count_nonzero((latlng == 0).all(axis=1))),
    )


def _span(longitudes: Float[np.ndarray, " n"]) -> tuple[float, float]:
    """West and east of the narrowest span of longitudes that holds all points."""
    turns = np.unique((longitudes + 180.0) % 360.0 - 180.0)
    gaps = np.diff(turns, append=turns[0] + 360.0)
    widest = int(np.argmax(gaps))
    return float(turns[(widest + 1) % len(turns)]), float(turns[widest])


def _places(latlng: Float[np.ndarray, "n 2"]) -> tuple[dict[str, int], dict[str, int]]:
    basemap = load_basemap()
    nation, area = find_borders(latlng)
    countries = pl.Series(np.array([*basemap.countries.names, AT_SEA])[nation])
    regions = pl.Series(np.array([*basemap.regions.names, ""])[area])
    return _counts(countries), _counts(regions.filter(regions != ""))


def _groups(values: pl.Series) -> GroupSummary:
    photos = values.drop_nulls().value_counts()["count"].sort(descending=True)
    tenth = photos.head(max(1, round(len(photos) / 10)))
    return GroupSummary(
        column=values.name,
        known=int(photos.sum()),
        number=len(photos),
        median=float(np.median(photos.to_numpy())),
        most=int(photos[0]),
        tenth=int(tenth.sum()),
    )


def _dates(frame: pl.DataFrame, today: datetime) -> DateSummary | None:
    if "captured_at" not in frame.columns:
        return None
    taken = _instants(frame["captured_at"]).drop_nulls()
    if taken.is_empty():
        return None
    days = taken.dt.strftime("%Y-%m-%d")
    plausible = (taken.dt.year() >= EARLIEST_YEAR) & (days <= today.date().isoformat())
    days, odd = days.filter(plausible).sort(), int((~plausible).sum())
    if days.is_empty():
        return DateSummary(len(taken), "", "", {}, odd)
    counts: dict[int, int] = dict(taken.filter(plausible).dt.year().value_counts().iter_rows())
    years = {year: counts.get(year, 0) for year in range(min(counts), max(counts) + 1)}
    return DateSummary(len(taken), days[0], days[-1], years, odd)


def _instants(values: pl.Series) -> pl.Series:
    """Dates of epoch milliseconds or of ISO 8601 text; null where they are neither."""
    if values.dtype == pl.String:
        numbers = values.cast(pl.Int64, strict=False)
        texts = values.str.slice(0, 10).str.to_datetime("%Y-%m-%d", time_unit="ms", strict=False)
        return numbers.cast(pl.Datetime("ms")).zip_with(numbers.is_not_null(), texts)
    if values.dtype.is_temporal():
        return values.cast(pl.Datetime("ms"))
    return values.cast(pl.Int64, strict=False).cast(pl.Datetime("ms"))


def _licences(frame: pl.DataFrame) -> dict[str, int]:
    names = {name.lower(): name for name in reversed(frame.columns)}
    column = next((names[name] for name in LICENCE_COLUMNS if name in names), None)
    return {} if column is None else _counts(frame[column].cast(pl.String))
