"""GPS positions in EXIF: read right in all four quarters of the Earth, or not read at all."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.exif import read_exif_gps

GOOD = {1: "N", 2: (55.0, 42.0, 30.0), 3: "E", 4: (13.0, 30.0, 0.0)}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
def test_a_position_is_read_back_in_every_hemisphere(tmp_path, write_photo, latitude, longitude):
    path = write_photo(tmp_path / "p.jpg", gps=(latitude, longitude))
    found = read_exif_gps(path)
    assert read_exif_gps(path.read_bytes()) == found
    assert found == pytest.approx((latitude, longitude), abs=2e-7)


def test_degrees_minutes_and_seconds_add_up(tmp_path, write_photo):
    tags = {1: "S", 2: (33.0, 30.0, 36.0), 3: "W", 4: (70.0, 15.0, 0.0)}
    found = read_exif_gps(write_photo(tmp_path / "p.jpg", gps_tags=tags))
    assert found == pytest.approx((-33.51, -70.25))


def test_a_hemisphere_stored_as_bytes_is_read(tmp_path, write_photo):
    path = write_photo(tmp_path / "p.jpg", gps_tags={**GOOD, 1: "S"})
    # Tag 1, of type ASCII (2) or UNDEFINED (7), two bytes: big-endian, as Pillow writes.
    as_text, as_bytes = b"\0\1\0\2\0\0\0\2S\0", b"\0\1\0\7\0\0\0\2S\0"
    data = path.read_bytes()
    assert data.count(as_text) == 1
    path.write_bytes(data.replace(as_text, as_bytes))
    found = read_exif_gps(path)
    assert found is not None
    assert found[0] < -55


@pytest.mark.parametrize(
    "change",
    [
        {1: "X"},
        {3: "\0"},
        {2: (IFDRational(55, 1), IFDRational(1, 0), IFDRational(0, 1))},
        {4: (IFDRational(0, 0),) * 3},
        {2: (91.0, 0.0, 0.0)},
        {4: (180.0, 30.0, 0.0)},
        {2: (55.0, 0.0, 0.0, 1.0)},
    ],
)
def test_a_doubtful_position_is_none(tmp_path, write_photo, change):
    assert read_exif_gps(write_photo(tmp_path / "good.jpg", gps_tags=GOOD)) is not None
    path = write_photo(tmp_path / "p.jpg", gps_tags={**GOOD, **change})
    assert read_exif_gps(path) is None


@pytest.mark.parametrize("absent", GOOD)
def test_half_a_position_is_none(tmp_path, write_photo, absent):
    tags = {tag: value for tag, value in GOOD.items() if tag != absent}
    assert read_exif_gps(write_photo(tmp_path / "p.jpg", gps_tags=tags)) is None


def test_no_exif_is_none(tmp_path):
    for suffix in ("jpg", "png", "webp", "tif", "bmp"):
        path = tmp_path / f"p.{suffix}"
        Image.new("RGB", (4, 4)).save(path)
        assert read_exif_gps(path) is None


def test_damaged_exif_is_none(tmp_path, write_photo):
    path = write_photo(tmp_path / "p.jpg", gps_tags=GOOD)
    data = bytearray(path.read_bytes())
    start = data.index(b"Exif\0\0") + 6
    data[start + 4 : start + 40] = b"\xff" * 36
    path.write_bytes(bytes(data))
    assert read_exif_gps(path) is None


def test_what_is_no_picture_is_told(tmp_path):
    path = tmp_path / "p.jpg"
    path.write_bytes(b"nothing")
    with pytest.raises(PhotoError, match="is not a picture"):
        read_exif_gps(path)
