"""The numbers of a datasheet, on tables whose answers are known."""

import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.report.datasheet import AT_SEA, Datasheet, datasheet

TODAY = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def sheet_of(make_table):
    """The datasheet of a table of coordinates and columns."""

    def make(latlng, *, of=None, **columns) -> Datasheet:
        table = make_table(latlng, **columns)
        frame = table.frame.with_columns(of or [])
        return datasheet(PhotoTable(frame, table.root), title="towns", today=TODAY)

    return make


def test_countries_and_regions_by_the_shipped_borders(sheet_of) -> None:
    sheet = sheet_of([(45.68, -111.04), (45.68, -111.04), (48.86, 2.35), (0, -30)])
    assert sheet.countries == {"United States of America": 2, "France": 1, AT_SEA: 1}
    assert sheet.regions == {"Montana": 2}


def test_precision_is_the_decimals_that_a_place_needs(sheet_of) -> None:
    sheet = sheet_of([(45, -111), (45.5, -111.25), (45.123456789, -111), (-45.1, -111.000001)])
    assert sheet.coordinates.decimals == {0: 1, 2: 1, 6: 1, 7: 1}


def test_photos_that_share_a_place_and_photos_at_no_place(sheet_of) -> None:
    own = sheet_of([(1, 1), (1, 1), (1, 1), (2, 2), (0, 0)]).coordinates
    assert (own.places, own.shared, own.null_island) == (3, 3, 1)


@pytest.mark.parametrize(
    ("longitudes", "span"),
    [((-10, 0, 20), (-10, 20)), ((170, -175, 179), (170, -175)), ((5,), (5, 5))],
)
def test_the_span_of_longitudes_is_the_narrowest(sheet_of, longitudes, span) -> None:
    own = sheet_of([(0, longitude) for longitude in longitudes]).coordinates
    assert (own.west, own.east) == span


def test_gaps_are_counted_and_the_emptiest_column_is_first(sheet_of) -> None:
    sheet = sheet_of([(1, 1), (2, 2), (3, 3)], country=["a", None, "b"], region=[None] * 3)
    filled = {of.name: (of.filled, of.distinct) for of in sheet.columns}
    assert filled["country"] == (2, 2)
    assert filled["region"] == (0, 0)
    assert [of.name for of in sheet.gaps] == ["region", "country"]


def test_groups_have_median_most_and_largest_tenth(sheet_of) -> None:
    names = [f"d{n}" for n in range(20) for _ in range(10 if n < 2 else 1)]
    (groups,) = sheet_of([(1, 1)] * len(names), sequence=names).groups
    assert (groups.known, groups.number, groups.median) == (38, 20, 1.0)
    assert (groups.most, groups.tenth) == (10, 20)


def test_dates_are_those_of_epoch_milliseconds(sheet_of) -> None:
    moments = [datetime(year, 3, 1, tzinfo=UTC) for year in (2019, 2021, 2021)]
    values = [int(moment.timestamp() * 1000) for moment in moments]
    taken = pl.Series("captured_at", [*values, 0, 4 * 10**12, None], dtype=pl.Int64)
    dates = sheet_of([(1, 1)] * 6, of=[taken]).dates
    assert (dates.known, dates.odd) == (5, 2)
    assert (dates.first, dates.last) == ("2019-03-01", "2021-03-01")
    assert dates.years == {2019: 1, 2020: 0, 2021: 2}


def test_dates_as_text_are_read_too(sheet_of) -> None:
    texts = ["2019-03-01T12:00:00", "2020-01-31", "1583020800000", "a while ago"]
    dates = sheet_of([(1, 1)] * 4, captured_at=texts).dates
    assert (dates.known, dates.first, dates.last) == (3, "2019-03-01", "2020-03-01")


def test_no_date_is_none(sheet_of) -> None:
    assert sheet_of([(1, 1)]).dates is None
    assert sheet_of([(1, 1)], captured_at=["soon"]).dates is None


def test_licences_come_from_the_column_that_gives_them(sheet_of) -> None:
    assert sheet_of([(1, 1)] * 3, License=["CC0", None, "CC0"]).licences == {"CC0": 2}
    assert sheet_of([(1, 1)]).licences == {}


def test_splits_and_leaks(make_table) -> None:
    table = make_table(
        [(1, 1), (1, 1), (9, 9), (20, 20)],
        split=["train", "test", "test", None],
        sequence=["a", "a", "b", "c"],
    )
    sheet = datasheet(table, title="x", leaks=find_leaks(table), today=TODAY)
    assert (sheet.splits, sheet.unassigned) == ({"train": 1, "test": 2}, 1)
    assert sheet.leaks is not None
    assert sheet.leaks.level == "leaking"
    assert not sheet.looked


def test_the_record_is_plain_and_names_no_place_of_a_photo(sheet_of) -> None:
    sheet = sheet_of([(45.68, -111.04)], sequence=["a"], captured_at=["2019-03-01"])
    record = json.loads(json.dumps(sheet.record(), allow_nan=False))
    assert record["photos"] == 1
    assert record["groups"][0]["column"] == "sequence"
    assert "latlng" not in record


def test_photos_in_archives_are_counted(sheet_of) -> None:
    archive = pl.Series("archive", ["00.zip", None, "00.zip"])
    assert sheet_of([(1, 1)] * 3, of=[archive]).archived == 2


def test_it_does_not_depend_on_the_order_of_rows(make_table) -> None:
    rng = np.random.default_rng(3)
    latlng = np.stack([rng.uniform(-60, 60, 40), rng.uniform(-180, 180, 40)], axis=1)
    order = rng.permutation(40)
    one, other = (
        datasheet(make_table(places), title="x", today=TODAY).record()
        for places in (latlng, latlng[order])
    )
    assert one == other
