"""What a datasheet says about the composition of a photo table: where, columns, gaps."""

import math
from collections.abc import Mapping

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.report.content import Cell, Picture, Section, Table
from geoguess_cli.report.datasheet import DECIMALS, CoordinateSummary, Datasheet
from geoguess_cli.wording import StatisticText, coordinates, counted, kilometres, number, percent

ROWS_SHOWN = 12
"""Rows of a table on the page; card.json has all."""

_ALL_AROUND_DEG = 300.0


def where_section(sheet: Datasheet) -> Section:
    """Where the photos lie: map, countries, regions, precision of the coordinates."""
    own = sheet.coordinates
    tables = [
        shares_table(
            "Countries by the borders that ship with geoguess, which are simplified to a few "
            "kilometres.",
            "country",
            sheet.countries,
            sheet.photos,
        )
    ]
    if sheet.regions:
        tables.append(
            shares_table(
                "First-level regions of the United States, Canada, Australia and Brazil.",
                "region",
                sheet.regions,
                sheet.photos,
            )
        )
    tables.append(_precision(own, sheet.photos))
    return Section(
        "where",
        "Composition: where",
        [_span(own), *_oddities(own, sheet.photos)],
        [
            Picture(
                "places",
                "Photos in cells of one size; the darker, the more. Where there is no colour, "
                "there is no photo.",
            )
        ],
        tables,
    )


def _span(own: CoordinateSummary) -> str:
    """The box that holds all photos; longitudes of photos all around the Earth say nothing."""
    if (own.east - own.west) % 360.0 < _ALL_AROUND_DEG:
        corners = coordinates(own.south, own.west), coordinates(own.north, own.east)
        return f"The photos lie between {corners[0]} and {corners[1]}."
    south, north = (
        coordinates(latitude, 0.0).partition(",")[0] for latitude in (own.south, own.north)
    )
    return f"The photos lie all around the Earth, between {south} and {north}."


def _oddities(own: CoordinateSummary, photos: int) -> list[str]:
    """What is odd about the coordinates; empty for nothing."""
    text = []
    if own.shared:
        text.append(
            f"{own.shared:,} of {counted(photos, 'photo')} ({percent(own.shared / photos)}) have "
            f"exactly the place of another photo; there are {own.places:,} different places."
        )
    if own.null_island:
        text.append(
            f"{counted(own.null_island, 'photo')} at 0° N, 0° E: most programs write that for "
            "`no position`."
        )
    return text


def _precision(own: CoordinateSummary, photos: int) -> Table:
    rows: list[list[Cell]] = []
    for decimals, count in own.decimals.items():
        step_km = math.radians(10.0**-decimals) * EARTH_RADIUS_KM
        name = f"{decimals}" if decimals < DECIMALS else f"{DECIMALS} or more"
        step = kilometres(step_km) if step_km >= 0.1 else f"{1000 * step_km:.3g} m"
        rows.append([name, StatisticText(step), count_cell(count), share_cell(count, photos)])
    return Table(
        "Decimals of a degree that the coordinates need. A step is how far the last decimal moves "
        "a place; it limits the precision, and does not promise it.",
        ("decimals", "step", "photos", "share"),
        rows,
    )


def columns_section(sheet: Datasheet) -> Section:
    """Every column of the table, and how far it is filled."""
    rows: list[list[Cell]] = [
        [
            of.name,
            StatisticText(of.kind),
            count_cell(of.filled),
            count_cell(sheet.photos - of.filled),
            share_cell(of.filled, sheet.photos),
            count_cell(of.distinct),
        ]
        for of in sheet.columns
    ]
    gaps = sheet.gaps
    text = (
        f"{counted(len(gaps), 'column')} of {len(sheet.columns)} "
        f"{'has' if len(gaps) == 1 else 'have'} gaps; {gaps[0].name} has the most, "
        f"{sheet.photos - gaps[0].filled:,} photos without a value."
        if gaps
        else "No column has gaps."
    )
    archived = (
        f"{sheet.archived:,} of {counted(sheet.photos, 'photo')} are read inside archives."
        if sheet.archived
        else ""
    )
    return Section(
        "columns",
        "Composition: columns and gaps",
        [text, *([archived] if archived else [])],
        tables=[
            Table(
                "Every column of the table.",
                ("column", "type", "with a value", "without", "filled", "different values"),
                rows,
            )
        ],
    )


def shares_table(caption: str, name: str, counts: Mapping[str, int], photos: int) -> Table:
    """Counts with their share of all photos, the first `ROWS_SHOWN` of them."""
    more = len(counts) - ROWS_SHOWN
    caption += f" {more:,} more stand in card.json." if more > 0 else ""
    rows: list[list[Cell]] = [
        [of, count_cell(count), share_cell(count, photos)] for of, count in most_of(counts).items()
    ]
    return Table(caption, (name, "photos", "share"), rows)


def most_of(counts: Mapping[str, int]) -> dict[str, int]:
    """The first `ROWS_SHOWN` counts, which come with the most first."""
    return dict(list(counts.items())[:ROWS_SHOWN])


def count_cell(count: int) -> StatisticText:
    """A number of photos or of other things."""
    return StatisticText(f"{count:,}")


def share_cell(count: int, total: int) -> StatisticText:
    """A share in percent; – of nothing."""
    return StatisticText(number(count / total if total else None, "share"))
