"""Sources as people have them, a few rows each, made on the spot.

`docs/data.md` shows each of them, and `test_data_page.py` runs what it shows. A new layout adds a
function here and its block there.
"""

import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from photo_worlds import rational
from PIL import Image

from geoguess_cli.geo.partition import build_partition

Row = tuple[str, float, float]
"""Photo, latitude and longitude."""


@dataclass(frozen=True)
class RawSource:
    """A source to read.

    Attributes:
        build: Writes its files into an empty folder.
        path: What `geoguess data import` is given, from that folder.
        kind: The layout that reads it; None if it is refused.
        rows: Its rows, exactly and in order.
    """

    build: Callable[[Path], object]
    path: str
    kind: str | None
    rows: Sequence[Row]


SOURCES: dict[str, RawSource] = {}
"""All sources, by the name that a block of the page gives."""


def source(
    path: str, kind: str | None = None, rows: Sequence[Row] = ()
) -> Callable[[Callable[[Path], object]], Callable[[Path], object]]:
    """Adds the source that a function builds to `SOURCES`, under the function's name."""

    def add(build: Callable[[Path], object]) -> Callable[[Path], object]:
        SOURCES[build.__name__] = RawSource(build, path, kind, rows)
        return build

    return add


def write_photo(path: Path, gps: tuple[float, float] | None = None) -> None:
    """Write a small photo, with a position in its EXIF if one is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if gps is not None:
        (latitude, south), (longitude, west) = rational(gps[0]), rational(gps[1])
        exif.get_ifd(0x8825).update({1: "NS"[south], 2: latitude, 3: "EW"[west], 4: longitude})
    Image.new("RGB", (24, 16), "teal").save(path, exif=exif)


def a_photo(gps: tuple[float, float] | None = None) -> bytes:
    """The bytes of a small photo, with a position in its EXIF if one is given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jpg")
        write_photo(path, gps)
        return path.read_bytes()


def write_archive(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write a zip or a tar, by the ending of its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        return
    with tarfile.open(path, "w") as archive:
        for name, content in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def write_text(path: Path, *lines: str) -> None:
    """Write lines of text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write JSON."""
    write_text(path, json.dumps(content))


@source("photos.csv", "photo table", [("town/a.jpg", 45.68, -111.04), ("town/b.jpg", 45.7, -111.1)])
def photo_table(folder: Path) -> None:
    lines = ("photo,latitude,longitude,sequence", "town/a.jpg,45.68,-111.04,drive-1")
    write_text(folder / "photos.csv", *lines, "town/b.jpg,45.70,-111.10,drive-2")
    for name in "ab":
        write_photo(folder / "town" / f"{name}.jpg")


@source("holiday", "exif", [("day-1/a.jpg", -33.5, -70.25), ("day-2/b.jpg", 55.75, 13.5)])
def camera(folder: Path) -> None:
    write_photo(folder / "holiday" / "day-1" / "a.jpg", (-33.5, -70.25))
    write_photo(folder / "holiday" / "day-2" / "b.jpg", (55.75, 13.5))
    write_photo(folder / "holiday" / "day-2" / "indoors.jpg")


_OSV_COLUMNS = ("id,latitude,longitude,country,sequence,captured_at,region", "creator_username")


@source(
    "osv-mini",
    "osv",
    [
        ("train_images/Kansas/101515151515151.jpg", 38.5, -98.25),
        ("test_images/Texas/202525252525252.jpg", 31.5, -97.25),
    ],
)
def osv_mini(folder: Path) -> None:
    home = folder / "osv-mini" / "osv5m"
    header = ",".join(_OSV_COLUMNS)
    train = "101515151515151,38.5,-98.25,US,s1,1606155034123,Kansas,ann"
    test = "202525252525252,31.5,-97.25,US,s2,1606155034123,Texas,bob"
    write_text(home / "train_mini.csv", header, train)
    write_text(home / "test_mini.csv", header, test)
    write_photo(home / "train_images" / "Kansas" / "101515151515151.jpg")
    write_photo(home / "test_images" / "Texas" / "202525252525252.jpg")


_OSV_5M = "12345678901234"


@source(
    "osv-5m",
    "osv",
    [
        (f"images/train/00.zip/{_OSV_5M}1.jpg", 38.5, -98.25),
        (f"images/train/00.zip/{_OSV_5M}2.jpg", 39.5, -99.25),
        (f"images/test/00.zip/{_OSV_5M}3.jpg", 31.5, -97.25),
    ],
)
def osv_5m(folder: Path) -> None:
    home, header = folder / "osv-5m", ",".join(_OSV_COLUMNS)
    end = "US,s1,1606155034123,Kansas,ann"
    train = (f"{_OSV_5M}1,38.5,-98.25,{end}", f"{_OSV_5M}2,39.5,-99.25,{end}")
    write_text(home / "train.csv", header, *train)
    write_text(home / "test.csv", header, f"{_OSV_5M}3,31.5,-97.25,{end}")
    for split, numbers in (("train", "12"), ("test", "3")):
        names = [f"{_OSV_5M}{number}.jpg" for number in numbers]
        write_archive(home / "images" / split / "00.zip", dict.fromkeys(names, a_photo()))


@source(
    "trip.zip", "archives", [("trip.zip/a.jpg", -33.5, -70.25), ("trip.zip/d/b.jpg", 55.75, 13.5)]
)
def archives(folder: Path) -> None:
    parts = {"a.jpg": a_photo((-33.5, -70.25)), "d/b.jpg": a_photo((55.75, 13.5))}
    write_archive(folder / "trip.zip", {**parts, "indoors.jpg": a_photo()})


@source(
    "sites.csv",
    "photo table",
    [("sites.tar/gate/a.jpg", 45.68, -111.04), ("sites.tar/gate/b.jpg", 45.7, -111.1)],
)
def packed_table(folder: Path) -> None:
    rows = ("gate/a.jpg,45.68,-111.04", "gate/b.jpg,45.70,-111.10")
    write_text(folder / "sites.csv", "photo,latitude,longitude", *rows)
    write_archive(folder / "sites.tar", {f"gate/{name}.jpg": a_photo() for name in "ab"})


@source(
    "shards",
    "webdataset",
    [
        ("test-0000.tar/3.jpg", 31.5, -97.25),
        ("train-0000.tar/1.jpg", 38.5, -98.25),
        ("train-0000.tar/2.jpg", 39.5, -99.25),
    ],
)
def webdataset(folder: Path) -> None:
    rows = {"train": (("1", 38.5, -98.25), ("2", 39.5, -99.25)), "test": (("3", 31.5, -97.25),)}
    for split, places in rows.items():
        parts = {}
        for key, latitude, longitude in places:
            record = {"latitude": latitude, "longitude": longitude, "sequence": f"s{key}"}
            parts |= {f"{key}.jpg": a_photo(), f"{key}.json": json.dumps(record).encode()}
        write_archive(folder / "shards" / f"{split}-0000.tar", parts)


@source("sites.csv", "table", [("day-1/a.jpg", 45.68, -111.04), ("day-1/b.jpg", 45.7, -111.1)])
def table(folder: Path) -> None:
    lines = ("path;lat;lon;note", "day-1/a.jpg;45.68;-111.04;gate", "day-1/b.jpg;45.70;-111.10;")
    write_text(folder / "sites.csv", *lines)
    for name in "ab":
        write_photo(folder / "day-1" / f"{name}.jpg")


@source("fotos.csv")
def odd_names(folder: Path) -> None:
    lines = ("foto;breite;x;drive", "a.jpg;45,68;-111,04;1", "b.jpg;45,7;-111,1;1")
    write_text(folder / "fotos.csv", *lines)
    for name in "ab":
        write_photo(folder / f"{name}.jpg")


@source("exif.csv", "table", [("a.jpg", 45.68, -111.04), ("b.jpg", -33.5, -70.25)])
def exiftool(folder: Path) -> None:
    a = """./a.jpg,"45 deg 40' 48.00"" N","111 deg 2' 24.00"" W\""""
    b = """./b.jpg,"33 deg 30' 0.00"" S","70 deg 15' 0.00"" W\""""
    write_text(folder / "exif.csv", "SourceFile,GPSLatitude,GPSLongitude", a, b)
    for name in "ab":
        write_photo(folder / f"{name}.jpg")


@source("sites.geojson", "table", [("day-1/a.jpg", 45.68, -111.04)])
def geojson(folder: Path) -> None:
    point = {"type": "Point", "coordinates": [-111.04, 45.68]}
    feature = {"type": "Feature", "properties": {"photo": "day-1/a.jpg"}, "geometry": point}
    write_json(folder / "sites.geojson", {"type": "FeatureCollection", "features": [feature]})
    write_photo(folder / "day-1" / "a.jpg")


@source(
    "im2gps3k.csv",
    "im2gps",
    [("im2gps3ktest/97344248_30a4521091.jpg", 48.86, 2.29), ("im2gps3ktest/1_b.jpg", 41.9, 12.5)],
)
def im2gps(folder: Path) -> None:
    header, author = "IMG_ID,AUTHOR,LAT,LON", "48600101@N00"
    rows = (f"97344248_30a4521091.jpg,{author},48.86,2.29", f"1_b.jpg,{author},41.9,12.5")
    write_text(folder / "im2gps3k.csv", header, *rows)
    for name in ("97344248_30a4521091", "1_b"):
        write_photo(folder / "im2gps3ktest" / f"{name}.jpg")


@source(
    "roads",
    "imagefolder",
    [("test/c.jpg", 45.6, -111.1), ("train/a.jpg", 45.5, -111.0), ("train/b.jpg", 45.7, -111.2)],
)
def imagefolder_by_split(folder: Path) -> None:
    home, header = folder / "roads", "file_name,latitude,longitude"
    write_text(home / "train" / "metadata.csv", header, "a.jpg,45.5,-111.0", "b.jpg,45.7,-111.2")
    write_text(home / "test" / "metadata.csv", header, "c.jpg,45.6,-111.1")
    for name in ("train/a", "train/b", "test/c"):
        write_photo(home / f"{name}.jpg")


@source(
    "mp16",
    "im2gps",
    [("mp16/34_8d_9055806529.jpg", 48.86, 2.29), ("mp16/b6_0e_4356281023.jpg", 41.9, 12.5)],
)
def mp16(folder: Path) -> None:
    home = folder / "mp16"
    rows = ("34/8d/9055806529.jpg,ann,48.86,2.29", "b6/0e/4356281023.jpg,bob,41.9,12.5")
    write_text(home / "MP16_Pro_places365.csv", "IMG_ID,AUTHOR,LAT,LON", *rows)
    for name in ("34_8d_9055806529", "b6_0e_4356281023"):
        write_photo(home / "mp16" / f"{name}.jpg")


@source("mp16-train.csv", "im2gps", [("mp16/34/8d/9055806529.jpg", 48.86, 2.29)])
def geoclip(folder: Path) -> None:
    write_text(folder / "mp16-train.csv", "IMG_FILE,LAT,LON", "34/8d/9055806529.jpg,48.86,2.29")
    write_photo(folder / "mp16" / "34" / "8d" / "9055806529.jpg")


@source("roads", "imagefolder", [("train/a.jpg", 45.5, -111.0), ("test/c.jpg", 45.6, -111.1)])
def imagefolder(folder: Path) -> None:
    home, header = folder / "roads", "file_name,latitude,longitude"
    write_text(home / "metadata.csv", header, "train/a.jpg,45.5,-111.0", "test/c.jpg,45.6,-111.1")
    for name in ("train/a", "test/c"):
        write_photo(home / f"{name}.jpg")


@source(
    "roads",
    "imagefolder",
    [("data/test/c.jpg", 45.6, -111.1), ("data/train/a.jpg", 45.5, -111.0)],
)
def imagefolder_in_data(folder: Path) -> None:
    for split, name, place in (("train", "a", (45.5, -111.0)), ("test", "c", (45.6, -111.1))):
        home = folder / "roads" / "data" / split
        record = {"file_name": f"{name}.jpg", "latitude": place[0], "longitude": place[1]}
        write_json(home / "metadata.jsonl", record)
        write_photo(home / f"{name}.jpg")


def _msls_side(side: Path, key: str, place: tuple[float, float]) -> None:
    raw = f"0,{key},{place[1]},{place[0]},90.0,2018-06-08,False"
    write_text(side / "raw.csv", ",key,lon,lat,ca,captured_at,pano", raw)
    write_text(side / "seq_info.csv", ",key,sequence_key,frame_number", f"0,{key},seq-{key},7")
    views = ",key,easting,northing,unique_cluster,night,control_panel,view_direction"
    write_text(side / "postprocessed.csv", views, f"0,{key},1.0,2.0,3,False,False,Forward")
    write_photo(side / "images" / f"{key}.jpg")


@source(
    "msls",
    "msls",
    [
        ("train_val/cph/database/images/Jb2.jpg", 55.67, 12.57),
        ("train_val/cph/query/images/Qa1.jpg", 55.66, 12.56),
    ],
)
def msls(folder: Path) -> None:
    city = folder / "msls" / "train_val" / "cph"
    _msls_side(city / "query", "Qa1", (55.66, 12.56))
    _msls_side(city / "database", "Jb2", (55.67, 12.57))
    write_photo(folder / "msls" / "test" / "miami" / "query" / "images" / "Zz9.jpg")


@source("test")
def msls_test(folder: Path) -> None:
    write_photo(folder / "test" / "miami" / "query" / "images" / "Zz9.jpg")
    write_text(folder / "test" / "miami" / "query" / "subtask_index.csv", "all")


@source("drive", "mapillary_tools", [("a.jpg", 45.5, -111.0)])
def mapillary_tools(folder: Path) -> None:
    place = {"MAPLatitude": 45.5, "MAPLongitude": -111.0, "MAPSequenceUUID": "s-1"}
    error = {"type": "MapillaryGeoTaggingError", "message": "Unable to extract GPS Longitude"}
    described = {"filename": "a.jpg", **place, "MAPCaptureTime": "2018_06_08_13_24_10_000"}
    items = [described, {"filename": "b.jpg", "error": error}]
    write_json(folder / "drive" / "mapillary_image_description.json", items)
    for name in "ab":
        write_photo(folder / "drive" / f"{name}.jpg")


@source(
    "images.jsonl",
    "mapillary",
    [("photos/101.jpg", 45.0, -111.0), ("photos/102.jpg", 45.2, -111.2)],
)
def mapillary_api(folder: Path) -> None:
    drive = {"sequence": "s-1", "creator": {"username": "ann", "id": "1"}}
    camera = {"type": "Point", "coordinates": [-111.2, 45.2]}
    computed = {"type": "Point", "coordinates": [-111.0, 45.0]}
    records = (
        {"id": "101", "geometry": camera, "computed_geometry": computed, "captured_at": 1, **drive},
        {"id": "102", "geometry": camera, "captured_at": 2, **drive},
    )
    write_text(folder / "images.jsonl", *(json.dumps(record) for record in records))
    for number in (101, 102):
        write_photo(folder / "photos" / f"{number}.jpg")


@source(
    "streetscapes",
    "streetscapes",
    [("Singapore/0a1b2c3d-1111-4222-8333-444455556666.jpeg", 1.3, 103.8)],
)
def streetscapes(folder: Path) -> None:
    uuid = "0a1b2c3d-1111-4222-8333-444455556666"
    row = f"{uuid},Mapillary,4711,1.3,103.8,2020-01-01 10:00:00+08:00"
    home = folder / "streetscapes"
    header = "uuid,source,orig_id,lat,lon,datetime_local"
    write_text(home / "data" / "metadata_common_attributes.csv", header, row)
    write_photo(home / "Singapore" / f"{uuid}.jpeg")


@source(
    "Takeout",
    "takeout",
    [
        ("Google Photos/Trip/IMG(1).jpg", 45.7, -111.1),
        ("Google Photos/Trip/IMG.jpg", 45.5, -111.0),
        ("Google Photos/Trip/old.jpg", 45.6, -111.2),
    ],
)
def takeout(folder: Path) -> None:
    home = folder / "Takeout" / "Google Photos" / "Trip"
    for photo, sidecar, place in (
        ("IMG.jpg", "IMG.jpg.supplemental-metadata.json", (45.5, -111.0)),
        ("IMG(1).jpg", "IMG.jpg.supplemental-metadata(1).json", (45.7, -111.1)),
        ("old.jpg", "old.jpg.json", (45.6, -111.2)),
        ("indoors.jpg", "indoors.jpg.supplemental-metadata.json", (0.0, 0.0)),
    ):
        write_photo(home / photo)
        geo = {"latitude": place[0], "longitude": place[1], "altitude": 0.0}
        taken = {"timestamp": "1528463050"}
        write_json(home / sidecar, {"title": photo, "photoTakenTime": taken, "geoData": geo})


@source(
    "Streetview_Image_Dataset",
    "numbered photos",
    [("0.png", 20.8, -98.8), ("1.png", -23.6, -46.7), ("2.png", 1.3, 103.8)],
)
def numbered(folder: Path) -> None:
    home = folder / "Streetview_Image_Dataset"
    rows = ("20.8,-98.8", "-23.6,-46.7", "1.3,103.8")
    write_text(home / "coordinates.csv", "latitude,longitude", *rows)
    for number in range(3):
        write_photo(home / f"{number}.png")


@source(
    "unsplash",
    "unsplash",
    [("photos/XMyPniM9LF0.jpg", 40.4, -3.7), ("photos/9_6pQ1x2.jpg", 48.1, 11.6)],
)
def unsplash(folder: Path) -> None:
    home = folder / "unsplash"
    names = ("photo_id", "photographer_username", "photo_location_latitude")
    header = "\t".join((*names, "photo_location_longitude"))
    rows = ("XMyPniM9LF0\tann\t40.4\t-3.7", "rDLBArZUl1c\tbob\t\t")
    write_text(home / "photos.tsv000", header, *rows)
    write_text(home / "photos.tsv001", header, "9_6pQ1x2\tann\t48.1\t11.6")
    write_text(home / "keywords.tsv000", "photo_id\tkeyword", "XMyPniM9LF0\troad")
    for name in ("XMyPniM9LF0", "9_6pQ1x2"):
        write_photo(home / "photos" / f"{name}.jpg")


@source("compressed_dataset")
def countries(folder: Path) -> None:
    for country in ("Albania", "Andorra"):
        write_photo(folder / "compressed_dataset" / country / "canvas_1629256847.jpg")


_DRIVES = [
    (f"{town}-{drive}-{number}.jpg", latitude + drive / 2, longitude + number / 1e4)
    for town, latitude, longitude in (("abq", 35.08, -106.65), ("boise", 43.62, -116.2))
    for drive in range(6)
    for number in range(4)
]


@source("photos.parquet", "photo table", _DRIVES)
def drives(folder: Path) -> None:
    columns = ("photo", "latitude", "longitude")
    frame = pl.DataFrame(_DRIVES, columns, orient="row")
    drive = pl.col("photo").str.replace(r"-\d\.jpg$", "")
    frame.with_columns(drive.alias("sequence")).write_parquet(folder / "photos.parquet")
    for name, _, _ in _DRIVES:
        write_photo(folder / name)
    # A report with two photos in a cell of the page's partition, one of them right.
    latlng = frame.select("latitude", "longitude").to_numpy()
    token = build_partition(latlng, max_photos=10, min_photos=4).tokens[0]
    (folder / "artifacts" / "eval").mkdir(parents=True)
    report = pl.DataFrame({"token": [token, token], "rank": [1, 2]})
    report.write_parquet(folder / "artifacts" / "eval" / "predictions.parquet")


@source(
    "street-view",
    "parquet images",
    [
        ("data/test-00000-of-00001.parquet/1", 48.85, 2.35),
        ("data/train-00000-of-00001.parquet/1", 45.68, -111.04),
        ("data/train-00000-of-00001.parquet/2", 45.7, -111.1),
    ],
)
def parquet_images(folder: Path) -> None:
    write_photo(folder / "photo.jpg")
    image = {"bytes": (folder / "photo.jpg").read_bytes(), "path": "photo.jpg"}
    (folder / "photo.jpg").unlink()
    shards = {"train": [(45.68, -111.04), (45.7, -111.1)], "test": [(48.85, 2.35)]}
    home = folder / "street-view" / "data"
    home.mkdir(parents=True)
    for split, places in shards.items():
        rows = [{"image": image, "latitude": at[0], "longitude": at[1]} for at in places]
        pl.DataFrame(rows).write_parquet(home / f"{split}-00000-of-00001.parquet")
