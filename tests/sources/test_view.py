"""A source as layouts see it: tables by name, columns, rows."""

import polars as pl
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.view import SourceView


def test_a_file_is_its_own_table_and_a_folder_has_the_one_called_photos(csv_of, tmp_path):
    assert SourceView(tmp_path).tables == []
    path = csv_of("photo,lat,lon\n", "photos.csv")
    assert SourceView(path).tables == SourceView(tmp_path).tables == [path]
    csv_of("", "photos.jsonl")
    with pytest.raises(PhotoTableError, match=r"photos\.csv and photos\.jsonl; name the table"):
        _ = SourceView(tmp_path).tables


def test_columns_are_the_usual_ones_then_all_others(csv_of):
    path = csv_of("LON,note,path,LAT\n")
    assert SourceView(path).columns(path) == {
        "photo": "path",
        "latitude": "LAT",
        "longitude": "LON",
        "note": "note",
    }


def test_only_places_need_no_photo(csv_of):
    path = csv_of("lat,lon\n1,2\n")
    with pytest.raises(PhotoTableError, match="has no photo column; it has lat, lon; rename one"):
        SourceView(path).columns(path)
    view = SourceView(path, places_only=True)
    rows = view.rows(path, view.columns(path))
    assert rows.frame["photo"].to_list() == ["row 2"]
    assert view.located(rows) is rows


def test_rows_start_from_the_root_and_take_the_split(csv_of, tmp_path):
    (tmp_path / "d").mkdir()
    path = csv_of("id,lat,lon\n7.0,1,2\n8.5,91,0\n", "d/t.csv")
    view = SourceView(tmp_path)
    columns = {"photo": "id", "latitude": "lat", "longitude": "lon"}
    rows = view.rows(path, columns, split="val", root=tmp_path, whole=["photo"])
    assert rows.root == tmp_path.resolve()
    assert rows.frame["split"].to_list() == ["val"]
    assert rows.frame["photo"].to_list() == ["d/7.0"]  # a path is no whole number
    assert view.rows(path, columns, whole=["photo"]).frame["photo"].to_list() == ["7"]
    assert [str(bad) for bad in rows.bad_rows] == [
        "d/t.csv, row 3: latitude is 91; it must lie in [-90, 90]"
    ]
    both = view.joined([rows, rows])
    assert both.frame.equals(pl.concat([rows.frame, rows.frame]))
    assert len(both.bad_rows) == 2
