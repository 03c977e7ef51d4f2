"""JSON of every shape that photos are listed in."""

import json

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.json_files import flat_texts, read_json, read_json_lines
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source


def rows_of(reading):
    return reading.table.frame.select("photo", "latitude", "longitude").rows()


POINT = {"type": "Point", "coordinates": [-111.04, 45.68, 1500]}
FEATURE = {"type": "Feature", "properties": {"photo": "a.jpg", "id": 7}, "geometry": POINT}


def test_half_an_emoji_costs_no_row(csv_of):
    lines = [
        r'{"photo": "a.jpg", "lat": 45.5, "lon": -111, "title": "pier \ud83c"}',
        r'{"photo": "b.jpg", "lat": 45.6, "lon": -111.1, "title": "\ud83c\udf05"}',
    ]
    reading = read_source(csv_of("\n".join(lines), "t.jsonl"))
    assert rows_of(reading) == [("a.jpg", 45.5, -111), ("b.jpg", 45.6, -111.1)]
    titles = ["pier \N{REPLACEMENT CHARACTER}", "\N{SUNRISE}"]
    assert reading.table.frame["title"].to_list() == titles


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson"])
def test_both_endings_of_json_lines_are_read(csv_of, name):
    reading = read_source(csv_of('{"photo": "a.jpg", "lat": 1, "lng": 2}\n\n[]\n', name))
    assert rows_of(reading) == [("a.jpg", 1, 2)]
    assert reading.bad_rows == [BadRow(3, "the line is not a JSON object", name)]


def test_an_array_is_a_table_and_its_entries_are_counted(csv_of):
    records = [{"photo": "a.jpg", "lat": 1, "lon": 2}, 5, {"photo": "b.jpg", "lat": 91, "lon": 2}]
    reading = read_source(csv_of(json.dumps(records), "t.json"))
    assert rows_of(reading) == [("a.jpg", 1, 2)]
    assert reading.bad_rows == [
        BadRow(2, "the entry is not a JSON object", "t.json"),
        BadRow(3, "latitude is 91; it must lie in [-90, 90]", "t.json"),
    ]


@pytest.mark.parametrize(
    "document",
    [
        {"data": [{"photo": "a.jpg", "lat": 1, "lon": 2}], "paging": {"next": "…"}},
        [{"photo": "a.jpg", "location": {"lat": 1, "lng": 2}}],
        [{"photo": "a.jpg", "geoData": {"latitude": 1, "longitude": 2, "altitude": 3}}],
        [{"photo": "a.jpg", "computed_geometry": {"type": "Point", "coordinates": [2, 1]}}],
    ],
)
def test_coordinates_are_found_where_others_put_them(csv_of, document):
    assert rows_of(read_source(csv_of(json.dumps(document), "t.json"))) == [("a.jpg", 1, 2)]


def test_lines_of_mapillary_are_read_as_they_come(csv_of, tmp_path, write_photo):
    write_photo(tmp_path / "images" / "123456789012345678.jpg")
    line = {
        "id": "123456789012345678",
        "geometry": {"type": "Point", "coordinates": [13.19, 55.71]},
        "captured_at": 1606155034123,
        "sequence": "s1",
        "creator": {"username": "ann", "id": 5},
    }
    reading = read_source(csv_of(json.dumps(line), "t.jsonl"))
    row = reading.table.frame.row(0, named=True)
    assert row == {
        "photo": "images/123456789012345678.jpg",
        "latitude": 55.71,
        "longitude": 13.19,
        "id": "123456789012345678",
        "sequence": "s1",
        "creator": "ann",
        "captured_at": 1606155034123,
        "creator.id": "5",
    }


@pytest.mark.parametrize("name", ["t.geojson", "t.json"])
def test_a_feature_collection_is_a_table_of_its_properties(csv_of, name):
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    others = [
        {**FEATURE, "properties": {"photo": "b.jpg"}, "geometry": line},
        {**FEATURE, "properties": {"photo": "c.jpg"}, "geometry": None},
    ]
    document = {"type": "FeatureCollection", "features": [FEATURE, *others]}
    reading = read_source(csv_of(json.dumps(document), name))
    assert rows_of(reading) == [("a.jpg", 45.68, -111.04)]
    assert reading.table.frame["id"].to_list() == ["7"]
    assert [(bad.row, bad.reason) for bad in reading.bad_rows] == [
        (2, "'LINESTRING' is no point, such as POINT (-111.04 45.68)"),
        (3, "no coordinates"),
    ]


def test_geojson_in_another_system_is_refused_with_the_command(csv_of):
    name = "urn:ogc:def:crs:EPSG::3857"
    crs = {"type": "name", "properties": {"name": name}}
    document = {"type": "FeatureCollection", "crs": crs, "features": [FEATURE]}
    with pytest.raises(PhotoTableError, match=r"EPSG::3857, not longitude.*ogr2ogr -t_srs"):
        read_source(csv_of(json.dumps(document), "t.geojson"))
    crs["properties"]["name"] = "urn:ogc:def:crs:OGC:1.3:CRS84"
    assert len(read_source(csv_of(json.dumps(document), "t.geojson")).table) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: line 1, column 2"),
        ('[{"photo": "a.jpg"}, {"photo"', "is not JSON: line 1"),
        ('{"photo": {"0": "a.jpg"}, "lat": {"0": 1}}', r"holds no list.*orient=.records."),
        ("7", "holds no list of photos"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_table_is_one_line(csv_of, text, message):
    path = csv_of(text, "t.json")
    with pytest.raises(PhotoTableError, match=message):
        read_json(path)


def test_json_lines_under_the_name_of_json_are_read(csv_of):
    frame, bad = read_json(csv_of('{"photo": "a.jpg"}\n{"photo": "b.jpg"}\n', "t.json"))
    assert frame.select("photo", "@row").rows() == [("a.jpg", 1), ("b.jpg", 2)]
    assert bad == []


def test_a_deep_line_costs_only_itself(csv_of):
    frame, bad = read_json_lines(csv_of('{"a": ' * 100_000 + '\n{"photo": "b.jpg"}', "t.jsonl"))
    assert (frame["photo"].to_list(), [row.row for row in bad]) == (["b.jpg"], [1])


def test_numbers_stay_the_text_that_they_were():
    assert flat_texts({"a": {"b": {"c": "1.50"}}, "d": None, "e": False}) == {
        "a.b.c": "1.50",
        "d": None,
        "e": "false",
    }
