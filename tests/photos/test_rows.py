"""The rows of a table: bad rows are left out with the reason, good rows get their types."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geoguess_cli.photos.rows import BadRow, reject, unique_rows
from geoguess_cli.sources.reading import read_source


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.jpg,123.4,2", "latitude is 123.4; it must lie in [-90, 90]"),
        ("a.jpg,1,-181", "longitude is -181; it must lie in [-180, 360]"),
        ("a.jpg,1,abc", "longitude is not a number: 'abc'"),
        ('a.jpg,"1,055.7",13', "latitude is not a number: '1,055.7'"),
        ("a.jpg,91° N,13", "latitude is 91° N; it must lie in [-90, 90]"),
        ("a.jpg,13° E,55° N", "latitude is '13° E'; it must lie N or S"),
        ("a.jpg,inf,2", "latitude is inf; it must lie in [-90, 90]"),
        ("a.jpg,,", "no coordinates"),
        ("a.jpg,nan,NaN", "no coordinates"),
        ("a.jpg,1,", "no longitude"),
        (",1,2", "no photo path"),
        (" ,,", "no photo path"),
        ("good.jpg,5,6", "photo 'good.jpg' is already in row 2"),
    ],
)
def test_a_bad_row_is_left_out_with_its_row_number_and_reason(csv_of, row, reason):
    reading = read_source(csv_of(f"photo,lat,lon\ngood.jpg,1,2\n\n{row}\nlast.jpg,3,4\n"))
    assert reading.bad_rows == [BadRow(4, reason, "t.csv")]
    assert str(reading.bad_rows[0]) == f"t.csv, row 4: {reason}"
    assert rows_of(reading) == [("good.jpg", 1, 2), ("last.jpg", 3, 4)]


def test_valid_coordinates_at_the_limits_are_kept(csv_of):
    text = "photo,lat,lon\na,90,180\nb,-90,-180\nc,0,1e-9\nd, +1.5e1 ,190\ne,1,360\n"
    reading = read_source(csv_of(text))
    expected = [("a", 90, 180), ("b", -90, -180), ("c", 0, 1e-9), ("d", 15, -170), ("e", 1, 0)]
    assert rows_of(reading) == expected


def test_splits_get_their_one_name(csv_of):
    names = ["train", "Train", "training", "val", "valid", "validation", "dev", "test", ""]
    lines = [f"{row}.jpg,1,2,{name}" for row, name in enumerate([*names, "gallery"])]
    reading = read_source(csv_of("\n".join(["photo,lat,lon,split", *lines])))
    expected = ["train"] * 3 + ["val"] * 4 + ["test", None]
    assert reading.table.frame["split"].to_list() == expected
    assert reading.bad_rows == [
        BadRow(11, "split is 'gallery'; it must be train, val or test", "t.csv")
    ]


def test_parquet_keeps_types_and_mends_what_floats_did_to_ids(tmp_path):
    frame = pl.DataFrame(
        {
            "path": ["a.jpg", "b.jpg"],
            "lat": pl.Series([1, 2], dtype=pl.Int32),
            "lon": pl.Series([0.1, None], dtype=pl.Float32),
            "id": [123456789012345.0, None],
            "captured_at": pl.Series([1606155034123, 0]).cast(pl.Datetime("ms")),
            "weight": [0.5, 1.5],
            "image": [{"bytes": b"x"}, {"bytes": b"y"}],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    reading = read_source(tmp_path / "t.parquet")
    row = reading.table.frame.row(0, named=True)
    assert row == {
        "photo": "a.jpg",
        "latitude": 1.0,
        "longitude": 0.1,  # as printed, not 0.10000000149
        "id": "123456789012345",
        "captured_at": 1606155034123,
        "weight": 0.5,
    }
    assert reading.bad_rows == [BadRow(2, "no longitude", "t.parquet")]


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(*[st.text(max_size=6)] * 3), max_size=6))
def test_every_row_is_kept_or_told(tmp_path, write_csv, rows):
    rows = [["anchor.jpg", "1", "2"], *(row for row in rows if any(field for field in row))]
    path = write_csv(tmp_path / "t.csv", ["photo", "lat", "lon"], rows)
    reading = read_source(path)
    assert len(reading.table) + len(reading.bad_rows) == len(rows)
    assert len({bad.row for bad in reading.bad_rows}) == len(reading.bad_rows)
    latlng = reading.table.latlng
    assert (abs(latlng) <= [90, 180]).all()


def test_a_repeat_names_the_file_of_the_first_row() -> None:
    frame = pl.DataFrame({"photo": ["a", "a"], "@row": [2, 2], "@file": ["x.csv", "y.csv"]})
    good, bad = unique_rows(frame)
    assert good["@file"].to_list() == ["x.csv"]
    assert bad == [BadRow(2, "photo 'a' is already in x.csv, row 2", "y.csv")]


def test_rows_with_a_reason_are_rejected() -> None:
    frame = pl.DataFrame({"n": [1, -1], "@row": [2, 3], "@file": ["t", "t"]})
    good, bad = reject(frame, pl.when(pl.col("n") < 0).then(pl.lit("n is negative")))
    assert good["n"].to_list() == [1]
    assert bad == [BadRow(3, "n is negative", "t")]


def test_where_a_photo_lies_in_its_archive_is_checked(csv_of):
    path = csv_of(
        "photo,latitude,longitude,archive,offset,length,compression\n"
        "0.zip/a.jpg,1,2,0.zip,30,5,stored\n"
        "./0.zip/b.jpg,1,2,./0.zip,30.0,5,deflated\n"
        "0.zip\\c.jpg,1,2,0.zip,30,5,stored\n"
        "d.jpg,1,2,,,,\n"
        "0.zip/e.jpg,1,2,0.zip,3x,5,stored\n"
        "0.zip/f.jpg,1,2,0.zip,30,-5,stored\n"
        "0.zip/g.jpg,1,2,0.zip,30,5,lzma\n"
        "1.zip/h.jpg,1,2,0.zip,30,5,stored\n"
    )
    reading = read_source(path)
    names = ["0.zip/a.jpg", "0.zip/b.jpg", "0.zip/c.jpg", "d.jpg"]
    assert reading.table.frame["photo"].to_list() == names
    assert reading.table.frame["offset"].to_list() == [30, 30, 30, None]
    assert [(bad.row, bad.reason.split(";")[0]) for bad in reading.bad_rows] == [
        *(
            (
                row,
                "offset and length must be whole numbers of 0 or more, and compression stored "
                "or deflated",
            )
            for row in (6, 7, 8)
        ),
        (9, "photo '1.zip/h.jpg' must start with its archive '0.zip'"),
    ]
