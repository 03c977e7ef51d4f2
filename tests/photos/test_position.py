"""GPS positions in EXIF: read right in all four quarters of the Earth, or not read at all."""

import struct
import time

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.position import find_position, read_position

GOOD = {1: "N", 2: (55.0, 42.0, 30.0), 3: "E", 4: (13.0, 30.0, 0.0)}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
def test_a_position_is_read_back_in_every_hemisphere(tmp_path, write_photo, latitude, longitude):
    assume(max(abs(latitude), abs(longitude)) > 1e-6)  # 0, 0 is no position
    path = write_photo(tmp_path / "p.jpg", gps=(latitude, longitude))
    found = read_position(path)
    assert read_position(path.read_bytes()) == found
    assert found == pytest.approx((latitude, longitude), abs=2e-7)


def test_degrees_minutes_and_seconds_add_up(tmp_path, write_photo):
    tags = {1: "S", 2: (33.0, 30.0, 36.0), 3: "W", 4: (70.0, 15.0, 0.0)}
    found = read_position(write_photo(tmp_path / "p.jpg", gps_tags=tags))
    assert found == pytest.approx((-33.51, -70.25))


def test_a_hemisphere_stored_as_bytes_is_read(tmp_path, write_photo):
    path = write_photo(tmp_path / "p.jpg", gps_tags={**GOOD, 1: "S"})
    # Tag 1, of type ASCII (2) or UNDEFINED (7), two bytes: big-endian, as Pillow writes.
    as_text, as_bytes = b"\0\1\0\2\0\0\0\2S\0", b"\0\1\0\7\0\0\0\2S\0"
    data = path.read_bytes()
    assert data.count(as_text) == 1
    path.write_bytes(data.replace(as_text, as_bytes))
    found = read_position(path)
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
    assert read_position(write_photo(tmp_path / "good.jpg", gps_tags=GOOD)) is not None
    path = write_photo(tmp_path / "p.jpg", gps_tags={**GOOD, **change})
    assert read_position(path) is None


@pytest.mark.parametrize("absent", GOOD)
def test_half_a_position_is_none(tmp_path, write_photo, absent):
    tags = {tag: value for tag, value in GOOD.items() if tag != absent}
    assert read_position(write_photo(tmp_path / "p.jpg", gps_tags=tags)) is None


def test_no_exif_is_none(tmp_path):
    for suffix in ("jpg", "png", "webp", "tif", "bmp"):
        path = tmp_path / f"p.{suffix}"
        Image.new("RGB", (4, 4)).save(path)
        assert read_position(path) is None


def test_damaged_exif_is_none(tmp_path, write_photo):
    path = write_photo(tmp_path / "p.jpg", gps_tags=GOOD)
    data = bytearray(path.read_bytes())
    start = data.index(b"Exif\0\0") + 6
    data[start + 4 : start + 40] = b"\xff" * 36
    path.write_bytes(bytes(data))
    assert read_position(path) is None


def test_what_is_no_picture_is_told(tmp_path):
    path = tmp_path / "p.jpg"
    path.write_bytes(b"nothing")
    with pytest.raises(PhotoError, match="is not a picture"):
        read_position(path)


def xmp(properties: str, inside: str = "") -> bytes:
    """An XMP packet: attributes of its description, and elements in it."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:exif="http://ns.adobe.com/exif/1.0/"'
        ' xmlns:drone-dji="http://www.dji.com/drone-dji/1.0/"'
        f' xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {properties}>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
    ).encode()


MINUTES = 'exif:GPSLatitude="45,40.8N" exif:GPSLongitude="111,2.4W"'


@pytest.mark.parametrize(
    "packet",
    [
        xmp(MINUTES),
        xmp('exif:GPSLatitude="45,40,48N" exif:GPSLongitude="111,2,24W"'),
        xmp('exif:GPSLatitude="45.68" exif:GPSLongitude="-111.04"'),
        xmp(
            "",
            "<exif:GPSLatitude>45,40.8N</exif:GPSLatitude>"
            "<exif:GPSLongitude>111,2.4W</exif:GPSLongitude>",
        ),
        xmp('drone-dji:GpsLatitude="45.68" drone-dji:GpsLongitude="-111.04"'),
        xmp('drone-dji:GpsLatitude="+45.680000" drone-dji:GpsLongtitude="-111.040000"'),
        xmp('drone-dji:Latitude="45.68" drone-dji:Longitude="-111.04"'),
        xmp(
            'exif:GPSLatitude="0,0N" exif:GPSLongitude="0,0E" drone-dji:GpsLatitude="45.68"'
            ' drone-dji:GpsLongitude="-111.04"'
        ),
        xmp(MINUTES).decode().encode("utf-16"),
    ],
)
def test_a_position_in_xmp_is_read(tmp_path, packet):
    path = tmp_path / "p.jpg"
    Image.new("RGB", (4, 4)).save(path, xmp=packet)
    assert read_position(path) == pytest.approx((45.68, -111.04))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic", "avif"])
def test_xmp_is_read_from_every_kind_of_photo(tmp_path, suffix):
    path = tmp_path / f"p.{suffix}"
    image, more = Image.new("RGB", (64, 64), "teal"), {"xmp": xmp(MINUTES)}
    if suffix == "png":
        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", xmp(MINUTES).decode())
        more = {"pnginfo": text}
    if suffix == "tif":
        more = {"tiffinfo": {700: xmp(MINUTES)}}
    if suffix == "heic":
        heif = pytest.importorskip("pillow_heif")
        heif.from_pillow(image).save(path, **more)
    else:
        image.save(path, **more)
    assert read_position(path) == pytest.approx((45.68, -111.04))


def test_exif_goes_before_xmp_and_xmp_mends_what_exif_lacks(tmp_path, write_photo):
    path = tmp_path / "p.jpg"
    assert read_position(write_photo(path, gps_tags=GOOD, xmp=xmp(MINUTES)))[0] > 55
    for broken in ({**GOOD, 1: "\0"}, {**GOOD, 2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)}):
        write_photo(path, gps_tags=broken, xmp=xmp(MINUTES))
        assert read_position(path) == pytest.approx((45.68, -111.04))


@pytest.mark.parametrize(
    "tags",
    [
        {2: 55.7083333333, 4: 13.5},
        {2: (55.7083333333,), 4: (13.5,)},
        {2: (55.0, 42.5), 4: (13.0, 30.0)},
        {1: "North", 2: (55.0, 42.0, 30.0), 3: "east\0", 4: (13.0, 30.0, 0.0)},
    ],
)
def test_every_usual_shape_of_a_value_is_read(tmp_path, write_photo, tags):
    path = write_photo(tmp_path / "p.jpg", gps_tags={**GOOD, **tags})
    assert read_position(path) == pytest.approx((55.7083333333, 13.5), abs=1e-6)


def gps_of_texts(latitude: bytes, longitude: bytes) -> bytes:
    """EXIF whose GPS values are texts, as some programs write them (TIFF 6.0: type 2)."""
    texts = [(1, b"N\0"), (2, latitude + b"\0"), (3, b"E\0"), (4, longitude + b"\0")]
    entries, data = b"", b""
    for tag, text in texts:
        at = 26 + 2 + 12 * len(texts) + 4 + len(data)
        long = len(text) > 4
        entries += struct.pack("<HHI", tag, 2, len(text))
        entries += struct.pack("<I", at) if long else text.ljust(4, b"\0")
        data += text if long else b""
    head = b"Exif\0\0II*\0\x08\0\0\0\1\0" + struct.pack("<HHII", 0x8825, 4, 1, 26) + b"\0" * 4
    return head + struct.pack("<H", len(texts)) + entries + b"\0" * 4 + data


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (b"55.7083333333", b"13.5000000"),
        (b"55,42,30", b"13 30 0"),
        (b"55 deg 42' 30.00\" N", b"13 deg 30' 0.00\" E"),
    ],
)
def test_values_written_as_text_are_read(tmp_path, latitude, longitude):
    path = tmp_path / "p.jpg"
    Image.new("RGB", (4, 4)).save(path, exif=gps_of_texts(latitude, longitude))
    assert read_position(path) == pytest.approx((55.7083333333, 13.5), abs=1e-6)


@pytest.mark.parametrize(
    ("tags", "packet", "reason"),
    [
        (None, b"", "no GPS position in its EXIF or XMP"),
        ({**GOOD, 1: "\0"}, b"", "its GPS position is incomplete or out of range"),
        (None, xmp('exif:GPSLatitude="45,40.8" exif:GPSLongitude="111,2.4W"'), "its GPS"),
        (
            {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
            b"",
            "no position: 0, 0 is what a missing position is written as",
        ),
        (None, xmp('drone-dji:GpsLatitude="0.0" drone-dji:GpsLongitude="0.0"'), "no position: 0"),
        (None, xmp('exif:GPSLatitude="45,40.8N"'), "no GPS"),
        (None, b"<x:xmpmeta", "no GPS"),
        (
            None,
            xmp("", f"<ext:LocationShown><rdf:Description {MINUTES}/></ext:LocationShown>"),
            "no GPS",
        ),
    ],
)
def test_without_a_position_the_reason_is_told(tmp_path, write_photo, tags, packet, reason):
    path = write_photo(tmp_path / "p.jpg", gps_tags=tags, xmp=packet)
    found = find_position(path)
    assert found.latlng is None
    assert found.reason.startswith(reason)


def test_entities_that_grow_without_end_are_not_read(tmp_path, write_photo):
    lines = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(12))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{lines}]>'.encode()
    packet = xmp(MINUTES, "<exif:Note>&l12;</exif:Note>").split(b"?>", 1)[1]
    path = write_photo(tmp_path / "p.jpg", xmp=bomb + packet)
    started = time.process_time()
    assert read_position(path) is None
    assert time.process_time() - started < 1
