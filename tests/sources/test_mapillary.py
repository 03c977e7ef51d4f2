"""Mapillary: MSLS joined by key, and the descriptions of mapillary_tools."""

import json

import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.reading import read_source

RAW = "key,lon,lat,ca,captured_at,pano"


@pytest.fixture
def msls(tmp_path, write_photo, write_csv):
    """A city with a photo on either side, another with one, and a test city."""

    def side(path, *keys, latitude=55.5):
        rows = [[n, key, 12.5, latitude, 90.0, "2018-06-08", False] for n, key in enumerate(keys)]
        write_csv(path / "raw.csv", ["", *RAW.split(",")], rows)
        frames = [[n, key, f"seq-{key[0]}", n] for n, key in enumerate(keys)]
        write_csv(path / "seq_info.csv", ["", "key", "sequence_key", "frame_number"], frames)
        header = ["", "key", "easting", "night", "view_direction"]
        views = [[n, key, 7.0, False, "Forward"] for n, key in enumerate(keys)]
        write_csv(path / "postprocessed.csv", header, views)
        for key in keys:
            write_photo(path / "images" / f"{key}.jpg")

    home = tmp_path / "msls"
    side(home / "train_val" / "cph" / "query", "qA")
    side(home / "train_val" / "cph" / "database", "dB", "dC")
    side(home / "train_val" / "oslo" / "query", "qD", latitude=59.5)
    write_photo(home / "test" / "miami" / "query" / "images" / "x.jpg")
    return home


def test_msls_is_joined_by_key(msls):
    reading = read_source(msls)
    frame = reading.table.frame
    assert (reading.kind, reading.bad_rows, reading.missing) == ("msls", [], [])
    assert frame.select("photo", "latitude", "longitude").rows() == [
        ("train_val/cph/database/images/dB.jpg", 55.5, 12.5),
        ("train_val/cph/database/images/dC.jpg", 55.5, 12.5),
        ("train_val/cph/query/images/qA.jpg", 55.5, 12.5),
        ("train_val/oslo/query/images/qD.jpg", 59.5, 12.5),
    ]
    joined = ("id", "sequence", "captured_at", "city", "subset", "frame_number", "view_direction")
    assert frame.select(joined).row(1) == (
        *("dC", "seq-d", "2018-06-08", "cph", "database", "1", "Forward"),
    )
    assert reading.notices == [f"{msls}: left out, because MSLS has no coordinates: miami"]


@pytest.mark.parametrize(
    ("inside", "photos"), [("train_val", 4), ("train_val/cph", 3), ("train_val/cph/query", 1)]
)
def test_a_part_of_msls_is_read_alone(msls, inside, photos):
    reading = read_source(msls / inside)
    assert (reading.kind, len(reading.table)) == ("msls", photos)
    assert set(reading.table.frame["city"]) <= {"cph", "oslo"}
    assert reading.missing == []


def test_msls_without_its_other_tables_has_fewer_columns(msls):
    side = msls / "train_val" / "cph" / "query"
    (side / "seq_info.csv").unlink()
    (side / "postprocessed.csv").unlink()
    assert not read_source(side).table.has("sequence")


def test_the_test_cities_of_msls_are_refused_with_the_reason(msls):
    message = "MSLS publishes no coordinates of its test cities.*`geoguess data import train_val`"
    for inside in ("test", "test/miami", "test/miami/query"):
        with pytest.raises(PhotoTableError, match=message):
            read_source(msls / inside)


@pytest.fixture
def described(tmp_path, write_photo):
    """A folder as `mapillary_tools process` leaves it."""
    place = {"MAPLatitude": 45.5, "MAPLongitude": -111.5, "MAPSequenceUUID": "s-1"}
    items = [
        {**place, "filename": "a.jpg", "MAPCaptureTime": "2018_06_08_13_24_10_123"},
        {"filename": "b.jpg", "error": {"type": "MapillaryGeoTaggingError", "message": "no GPS"}},
        {"filename": "c.mp4", "filetype": "video", "MAPGPSTrack": []},
        {**place, "filename": "sub/d.jpg", "filetype": "image", "MAPCaptureTime": "soon"},
    ]
    items[0]["MAPCompassHeading"] = {"TrueHeading": 90.5, "MagneticHeading": 91.5}
    (tmp_path / "mapillary_image_description.json").write_text(json.dumps(items))
    for name in ("a", "b", "sub/d"):
        write_photo(tmp_path / f"{name}.jpg", gps=(1, 1))
    return tmp_path


def test_a_description_of_mapillary_tools_is_read(described):
    for source in (described, described / "mapillary_image_description.json"):
        reading = read_source(source)
        assert reading.kind == "mapillary_tools"
        columns = ("photo", "latitude", "longitude", "sequence", "captured_at", "compass_angle")
        assert reading.table.frame.select(columns).rows() == [
            ("a.jpg", 45.5, -111.5, "s-1", 1528464250123, 90.5),
            ("sub/d.jpg", 45.5, -111.5, "s-1", None, None),
        ]
        video = "c.mp4: it is a video; `mapillary_tools sample_video` makes photos of it"
        assert reading.bad_rows == [
            BadRow(2, "b.jpg: no GPS", "mapillary_image_description.json"),
            BadRow(3, video, "mapillary_image_description.json"),
        ]


@pytest.mark.parametrize(
    ("text", "message"), [("[", "cannot be read"), ('{"a": 1}', "writes it anew")]
)
def test_a_damaged_description_is_refused(tmp_path, text, message):
    (tmp_path / "mapillary_image_description.json").write_text(text)
    with pytest.raises(PhotoTableError, match=message):
        read_source(tmp_path)
