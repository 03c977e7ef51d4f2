"""Sources as people have them, a few rows each, made on the spot.

`docs/data.md` shows each of them, and `test_data_page.py` runs what it shows. A new layout adds a
function here and its block there.
"""

import json
from collections.abc import Callable, Sequence
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


@source("sites.csv", "table", [("day-1/a.jpg", 45.68, -111.04), ("day-1/b.jpg", 45.7, -111.1)])
def table(folder: Path) -> None:
    lines = ("path;lat;lon;note", "day-1/a.jpg;45.68;-111.04;gate", "day-1/b.jpg;45.70;-111.10;")
    write_text(folder / "sites.csv", *lines)
    for name in "ab":
        write_photo(folder / "day-1" / f"{name}.jpg")


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
