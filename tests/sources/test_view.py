"""A source as layouts see it: tables by name, columns, rows."""

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.reading import read_source
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
    with pytest.raises(
        PhotoTableError, match="has no photo column; it has lat, lon; name it: --column"
    ):
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


def test_a_chosen_name_goes_before_the_known_ones(csv_of):
    path = csv_of("photo,lat,lon,y,x,k\np.jpg,1,2,3,4,q.jpg\n")
    view = SourceView(path, chosen={"photo": "k", "latitude": "y"}, preferred={"longitude": "x"})
    assert view.columns(path) == {
        "photo": "k",
        "latitude": "y",
        "longitude": "x",
        "lat": "lat",
        "lon": "lon",
    }
    assert view.notices == [f"{path}: its own `photo` gave way to the columns above"]


def test_a_preferred_name_counts_where_the_table_has_it(csv_of):
    path = csv_of("photo,lat,lon\n")
    view = SourceView(path, preferred={"photo": "key", "latitude": "lat"})
    expected = {"photo": "photo", "latitude": "lat", "longitude": "lon"}
    assert view.columns(path) == expected


def test_a_chosen_name_that_is_not_there_lists_all_columns(csv_of):
    path = csv_of("photo,lat,lon,a b,c\n")
    with pytest.raises(PhotoTableError, match="no column `nope`; it has photo, lat, lon, a b, c;"):
        SourceView(path, chosen={"photo": "nope"}).columns(path)
    with pytest.raises(PhotoTableError, match="`foto` is no column of a photo table; they are ph"):
        SourceView(path, chosen={"foto": "photo"}).columns(path)


def test_one_column_can_be_chosen_for_points_or_instead_of_them(csv_of):
    path = csv_of("photo,place,geometry,latitude\na.jpg,POINT (2 1),POINT (4 3),9\n")
    assert SourceView(path).columns(path)["point"] == "geometry"
    columns = SourceView(path, chosen={"point": "place"}).columns(path)
    assert columns == {"photo": "photo", "point": "place", "geometry": "geometry"}


def test_a_chosen_photo_without_an_ending_is_looked_for(csv_of, tmp_path, write_photo):
    write_photo(tmp_path / "deep" / "k1.jpg")
    path = csv_of("name,lat,lon\nk1,1,2\n")
    reading = read_source(path, columns={"photo": "name"})
    assert reading.table.frame["photo"].to_list() == ["deep/k1.jpg"]


def test_a_photo_table_whose_columns_are_chosen_is_another_table(csv_of):
    path = csv_of("photo,latitude,longitude,y\na.jpg,1,2,3\n")
    assert read_source(path, preferred={"photo": "photo"}).kind == "photo table"
    assert read_source(path, columns={"latitude": "y"}).kind == "table"
