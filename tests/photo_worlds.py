"""Small photos and tables, made on the spot."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from geoguess_cli.photos.table import PhotoTable

WritePhoto = Callable[..., Path]

_OSV_HEADER = (
    "id,latitude,longitude,thumb_original_url,country,sequence,captured_at,lon_bin,lat_bin,cell,"
    "region,sub-region,city,land_cover,road_index,drive_side,climate,soil,dist_sea,"
    "quadtree_10_5000,quadtree_10_25000,quadtree_10_1000,quadtree_10_50000,quadtree_10_12500,"
    "quadtree_10_500,quadtree_10_2500,unique_region,unique_sub-region,unique_city,unique_country,"
    "creator_username,creator_id"
)
OSV_COLUMNS = _OSV_HEADER.split(",")


def rational(value: float) -> tuple[tuple[float, float, float], bool]:
    degrees = abs(value)
    minutes = degrees % 1 * 60
    return (float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 4)), value < 0


@pytest.fixture
def write_photo() -> WritePhoto:
    """Writes a photo: a path, its size or pixels, and what its EXIF shall say."""

    def write(
        path: Path,
        *,
        size: tuple[int, int] = (24, 16),
        pixels: np.ndarray | None = None,
        gps: tuple[float, float] | None = None,
        gps_tags: dict[int, object] | None = None,
        orientation: int | None = None,
        **save: object,
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", size, "teal") if pixels is None else Image.fromarray(pixels)
        exif = Image.Exif()
        if orientation is not None:
            exif[0x0112] = orientation
        if gps is not None:
            (latitude, south), (longitude, west) = rational(gps[0]), rational(gps[1])
            gps_tags = {1: "NS"[south], 2: latitude, 3: "EW"[west], 4: longitude}
        if gps_tags is not None:
            exif.get_ifd(0x8825).update(gps_tags)
        image.save(path, exif=exif, **save)
        return path

    return write


@pytest.fixture
def write_csv() -> Callable[[Path, Sequence[str], Sequence[Sequence[object]]], Path]:
    """Writes a CSV of a header and rows."""

    def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


@pytest.fixture
def osv_row() -> Callable[..., list[object]]:
    """One of OSV's 32-column rows."""

    def row(identifier: str, latitude: object = 40.5, longitude: object = -100.25, **more: object):
        values = {
            "id": identifier,
            "latitude": latitude,
            "longitude": longitude,
            "thumb_original_url": "https://example.org/a.jpg?x=1,2",
            "country": "US",
            "sequence": "s1",
            "captured_at": 1606155034123,
            "cell": "(18, 64)",
            "region": "Kansas",
            "creator_username": "bob",
            "creator_id": "102175308705443.0",
            **more,
        }
        return [values.get(column, "7") for column in OSV_COLUMNS]

    return row


@pytest.fixture
def osv_header() -> list[str]:
    return list(OSV_COLUMNS)


@pytest.fixture
def make_table() -> Callable[..., PhotoTable]:
    """A photo table of coordinates, with photos that are only names, and further columns."""

    def make(latlng: Sequence[Sequence[float]], **columns: Sequence[object]) -> PhotoTable:
        latitude, longitude = np.asarray(latlng, dtype=np.float64).reshape(-1, 2).T
        frame = pl.DataFrame(
            {
                "photo": [f"{row}.jpg" for row in range(len(latitude))],
                "latitude": latitude,
                "longitude": longitude,
                **columns,
            },
            schema_overrides={"photo": pl.String, **dict.fromkeys(columns, pl.String)},
        )
        return PhotoTable(frame, Path("/photos"))

    return make


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., Path]:
    """Writes a text as a table file; its name decides its format."""

    def write(text: str, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def osv_mini(tmp_path, write_photo, write_csv, osv_row, osv_header):
    """Photos `1<n>` of train and `2<n>` of test, and one row of each without its photo."""
    home = tmp_path / "osv5m"
    train = [osv_row(f"10000000000000{n}", 40 + n, sequence=f"s{n // 2}") for n in range(4)]
    test = [osv_row(f"20000000000000{n}", 30 + n, sequence="s0") for n in range(2)]
    write_csv(home / "train_mini.csv", osv_header, [*train, osv_row("1000000000000099")])
    write_csv(home / "test_mini.csv", osv_header, [*test, osv_row("2000000000000099")])
    for n in range(4):
        state = ("Kansas", "New Mexico")[n % 2]
        write_photo(home / "train_images" / state / f"10000000000000{n}.jpg")
    for n in range(2):
        write_photo(home / "test_images" / "Texas" / f"20000000000000{n}.jpg")
    return tmp_path
