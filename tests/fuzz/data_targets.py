"""Readers of tables, coordinates, configurations, photos, archives, regions and addresses."""

import io
import json
import math
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import get_args

import polars as pl
from command_worlds import CONFIG
from fuzz.registry import Parts, target
from PIL import Image
from source_worlds import SOURCES, RawSource, write_archive

from geoguess_cli.config import Config, load_config, to_toml
from geoguess_cli.geo.cells import token_to_cell
from geoguess_cli.geo.regions import find_region, read_region
from geoguess_cli.hub.address import address_of
from geoguess_cli.photos.coordinates import Axis, degrees_of
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.position import find_position
from geoguess_cli.photos.table import read_photo_table
from geoguess_cli.sources.parquet_footer import read_footer
from geoguess_cli.sources.reading import describe, read_source


def _read_all(path: Path) -> None:
    """Read a source as `data inspect` and `data import` do."""
    reading = read_source(path, check_files=True, allow_parquet=True)
    describe(reading)
    str(reading.order)
    assert len(reading.table) == len(reading.table.latlng)
    list(reading.spread)


def _table(suffix: str) -> Callable[[bytes, Path], None]:
    def read(content: bytes, folder: Path) -> None:
        path = folder / f"t{suffix}"
        path.write_bytes(content)
        for name in ("a.jpg", "b.jpg"):  # what the sound tables name
            (folder / name).touch()
        try:
            read_photo_table(path)
        finally:
            _read_all(path)

    return read


_ROWS = b'photo,latitude,longitude,split\na.jpg,45.5,-111.25,train\nb.jpg,"45 30\' N",111 W,val\n'
_COLUMNS = (b"photo", b"latitude", b"longitude", b"split", b"train", b"id", b"archive", b"offset")
_JSON = (b'"', b"[", b"]", b"{", b"}", b",", b":", b"null", b"1e999", b"\\ud800", b"NaN")
_GEO = (b'"type"', b'"Feature"', b'"Point"', b'"coordinates"', b'"geometry"', b'"features"')


def _json_rows() -> list[bytes]:
    rows = [{"photo": "a.jpg", "latitude": 45.5, "longitude": -111.2, "at": {"lat": 1, "box": []}}]
    point = {"type": "Point", "coordinates": [-111.2, 45.5]}
    feature = {"type": "Feature", "properties": {"photo": "a.jpg"}, "geometry": point}
    collection = {"type": "FeatureCollection", "features": [feature]}
    return [json.dumps(document).encode() for document in (rows, rows[0], feature, collection)]


def _parquet_rows() -> list[bytes]:
    contents = []
    for columns in (
        {"photo": ["a.jpg", "b.jpg"], "latitude": [45.5, 1.0], "longitude": [-111.25, 2.0]},
        {"image": [{"bytes": _photo(), "path": "a.jpg"}], "lat": [45.5], "lon": [-111.25]},
    ):
        for compression in ("uncompressed", "zstd"):
            file = io.BytesIO()
            pl.DataFrame(columns).write_parquet(file, compression=compression)
            contents.append(file.getvalue())
    return contents


@target(
    lambda: [_ROWS, _ROWS.replace(b",", b";").decode().encode("utf-16")], *_COLUMNS, b'"', b"\0"
)
def csv(content: bytes, folder: Path) -> None:
    _table(".csv")(content, folder)


@target(_json_rows, *_COLUMNS, *_JSON, *_GEO)
def json_document(content: bytes, folder: Path) -> None:
    _table(".json")(content, folder)


@target(_json_rows, *_COLUMNS, *_JSON, *_GEO, b"\n")
def json_lines(content: bytes, folder: Path) -> None:
    _table(".jsonl")(content, folder)


@target(_parquet_rows, b"PAR1")
def parquet(content: bytes, folder: Path) -> None:
    _table(".parquet")(content, folder)


@target(
    lambda: [
        content[-8 - int.from_bytes(content[-8:-4], "little") : -8] for content in _parquet_rows()
    ]
)
def parquet_footer(content: bytes, folder: Path) -> None:
    path = folder / "t.parquet"
    path.write_bytes(b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1")
    assert read_footer(path).rows >= 0


@target(lambda: [b"47e66ff", b"1", b"89c2589"])
def token(content: bytes, folder: Path) -> None:
    del folder
    token_to_cell(content.decode("utf-8", "replace").split("\n"))


@target(lambda: [b"45.5", "45\N{DEGREE SIGN} 30' 15.5\" N".encode(), b"W 111,25"], b"NaN", b"1e999")
def coordinate(content: bytes, folder: Path) -> None:
    del folder
    text = content.decode("utf-8", "replace")
    for axis in get_args(Axis):
        assert math.isfinite(degrees_of(text, axis))


def _configurations() -> list[bytes]:
    return [CONFIG.encode(), to_toml(Config()).encode()]


@target(_configurations, b"[", b"]", b"[[", b"=", b'"', b"inf", b"nan", b"-1", b"true", b"~")
def toml(content: bytes, folder: Path) -> None:
    path = folder / "geoguess.toml"
    path.write_bytes(content)
    load_config(path, environment={})


def _image(**saved: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(file, **{"format": "JPEG", **saved})
    return file.getvalue()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (45.0, 30.0, 15.5), 3: "W", 4: (111.0, 2.0, 0.0), 29: "2024:05:06"}
    )
    return exif.tobytes()


def _xmp() -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="45,30.5N">'
        b"<exif:GPSLongitude>111,2,30W</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


@cache
def _photo() -> bytes:
    return _image(exif=_exif())


def _photos() -> list[bytes]:
    kinds = [{"format": name} for name in ("PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "JPEG2000")]
    kinds += [{"format": "JPEG", "progressive": True}, {"format": "JPEG", "xmp": _xmp()}]
    kinds += [{"format": name, "exif": _exif()} for name in ("JPEG", "PNG", "TIFF", "WEBP")]
    return [_image(**kind) for kind in kinds]


@target(_photos)
def photo(content: bytes, folder: Path) -> None:
    del folder
    try:
        find_position(content)
    finally:
        decode_photo(content, at_least=16, max_pixels=1 << 16)


@target(lambda: [_exif()])
def exif(content: bytes, folder: Path) -> None:
    del folder
    find_position(_image(exif=b"Exif\0\0" + content[: 1 << 15]))


@target(lambda: [_xmp()], b"<!DOCTYPE", b"<!ENTITY", b"&", b"<rdf:Description", b"GPSLatitude")
def xmp(content: bytes, folder: Path) -> None:
    del folder
    find_position(_image(xmp=content[: 1 << 15]))


def _archives() -> list[bytes]:
    parts = {"images/a.jpg": _photo(), "b.json": b'{"latitude": 1, "longitude": 2}', "b.jpg": b"x"}
    return [
        _written(lambda path: write_archive(path, parts), f"a{end}") for end in (".zip", ".tar")
    ]


def _written(write: Callable[[Path], object], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, name))
        return Path(folder, name).read_bytes()


@target(_archives, b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"ustar\0", b"../", b"\xff" * 4)
def archive(content: bytes, folder: Path) -> None:
    for name in ("a.zip", "a.tar"):  # the content tells which it is; the name must not matter
        (folder / name).write_bytes(content)
        try:
            _read_all(folder / name)
        finally:
            (folder / name).unlink()


def _layouts() -> dict[str, RawSource]:
    """The layouts of few files."""
    return {name: own for name, own in SOURCES.items() if name != "drives"}


_LAYOUTS = Parts(
    *(own.build for own in _layouts().values()), whole=(".jpg", ".jpeg", ".png", ".webp")
)


@target(_LAYOUTS.seeds, *_COLUMNS, *_JSON, *_GEO)
def layout(content: bytes, folder: Path) -> None:
    number, _ = _LAYOUTS.write(content, folder)
    _read_all(folder / list(_layouts().values())[number].path)


def _regions() -> list[bytes]:
    ring = [[-112.0, 45.0], [-110.0, 45.0], [-110.0, 46.0], [-112.0, 45.0]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "properties": None, "geometry": polygon}
    several = {"type": "MultiPolygon", "coordinates": [[ring], [ring]]}
    collection = {"type": "FeatureCollection", "features": [feature, feature]}
    gathered = {"type": "GeometryCollection", "geometries": [polygon, several]}
    return [json.dumps(one).encode() for one in (polygon, feature, collection, gathered)]


@target(_regions, *_JSON, *_GEO, b'"Polygon"', b'"LineString"', b'"geometries"', b"1e308", b"-180")
def region(content: bytes, folder: Path) -> None:
    path = folder / "region.geojson"
    path.write_bytes(content)
    found = read_region(path)
    assert math.isfinite(found.shape.area)
    assert found.border.is_valid


@target(lambda: [b"Montana, US", b"US-MT", b"170,-20,-170,-10", b"peru"], b",", b"nan", b"1e999")
def within(content: bytes, _: Path) -> None:
    found = find_region(content[:200].decode("utf-8", "replace"))
    assert 0 < found.shape.area <= 360 * 180


@target(lambda: [b"hf://owner/name", b"hf://owner/name@v1.0/x"], b"hf:", b"//", b"@", b"..", b"--")
def address(content: bytes, _: Path) -> None:
    found = address_of(content.decode("utf-8", "replace"))
    if found is not None:
        assert str(found).startswith("hf://")
        assert ".." not in f"{found.revision}"
        assert address_of(str(found)) == found
