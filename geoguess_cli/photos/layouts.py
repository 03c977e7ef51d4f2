"""The layouts that photos come in, each recognised by looking, each read to the same rows.

A reader of a folder answers None where the folder is not of its layout, so that the next may look.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from geoguess_cli.errors import PhotoError, PhotoTableError
from geoguess_cli.photos.exif import read_exif_gps
from geoguess_cli.photos.files import TABLE_SUFFIXES, read_header, read_rows
from geoguess_cli.photos.index import find_photos, locate_photos
from geoguess_cli.photos.rows import FILE, ROW, BadRow, checked_rows, split_name

PHOTO_COLUMNS = ("photo", "path", "file_name", "filename", "image", "IMG_ID", "id")

COLUMNS = {
    "photo": PHOTO_COLUMNS,
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
    "id": ("id", "IMG_ID"),
    "split": ("split",),
    "sequence": ("sequence",),
    "creator": ("creator", "creator_username", "author"),
    "captured_at": ("captured_at",),
    "country": ("country",),
    "region": ("region",),
}
"""The names that a column of the photo table goes by, the preferred first.

Of each, the first that a table has as written here is taken, else the first that it has in other
letter case.
"""

# Names that are no paths: these photos are looked for below the table's folder.
_LOOKED_UP = ("image", "img_id", "id")

_OSV_COLUMNS = {"id", "latitude", "longitude", "sequence", "captured_at", "creator_username"}
_OSV_FILES = (("train.csv", "test.csv"), ("train_mini.csv", "test_mini.csv"))
_OSV_KEPT = (
    *("photo", "latitude", "longitude"),
    *("id", "sequence", "creator", "captured_at", "country", "region"),
)


@dataclass(frozen=True)
class Found:
    """What a layout held: checked rows, still marked with row and file.

    Attributes:
        frame: The rows; `photo` starts from `root`.
        root: The source's folder.
        kind: The layout's name.
        bad_rows: Rows left out, with the reason.
        missing: Photos that were looked for and are not there.
        looked_up: Every photo was found by looking, so none needs to be asked for again.
    """

    frame: pl.DataFrame
    root: Path
    kind: str
    bad_rows: list[BadRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    looked_up: bool = False


def read_table_file(path: Path, *, places_only: bool = False) -> Found:
    """The rows of a table with usual column names, or of an OSV or Im2GPS CSV.

    Args:
        path: The table.
        places_only: Look for no photo, and let a table do that names none: its rows are then
            called by their numbers.

    Raises:
        PhotoTableError: No table, or one without photo, latitude or longitude.
    """
    header = read_header(path)
    if _is_osv(header):
        found = _read_osv_file(path, header)
        return found if places_only else _looked_up(found)
    names = _names(path, header, photo_needed=not places_only)
    photo = names.get("photo", "")
    kind = "table"
    if (photo, names["latitude"], names["longitude"]) == ("photo", "latitude", "longitude"):
        kind = "photo table"
    elif photo.lower() == "img_id":
        kind = "im2gps"
    elif not photo:
        kind = "places"
    found = _read_columns(path, _with_others(names, header), kind)
    return _looked_up(found) if photo.lower() in _LOOKED_UP and not places_only else found


def read_osv_folder(folder: Path) -> Found | None:
    """The photos of an OSV-5M or OSV-Mini download; train and test come from the files' names."""
    for home in (folder, folder / "osv5m"):
        for files in _OSV_FILES:
            paths = [home / name for name in files if (home / name).is_file()]
            headers = {path: read_header(path) for path in paths}
            parts = [
                _read_osv_file(path, header) for path, header in headers.items() if _is_osv(header)
            ]
            if parts:
                return _looked_up(_joined(parts, home))
    return None


def read_imagefolder(folder: Path) -> Found | None:
    """The photos of a Hugging Face imagefolder: metadata files here or in one folder a split."""
    homes: list[tuple[Path, str | None]] = [(folder, None)]
    for entry in sorted(folder.iterdir()):
        split = split_name(entry.name)
        if split is not None and entry.is_dir():
            homes.append((entry, split))
    parts = []
    for home, split in homes:
        path = _only_file(home, "metadata")
        if path is not None:
            header = read_header(path)
            names = _with_others(_names(path, header, photo=("file_name",)), header)
            below = home.relative_to(folder).as_posix()
            parts.append(_read_columns(path, names, "imagefolder", split=split, below=below))
    return _joined(parts, folder) if parts else None


def read_table_folder(folder: Path) -> Found | None:
    """The photo table in a folder, where it is called `photos`."""
    path = _only_file(folder, "photos")
    return None if path is None else read_table_file(path)


def read_exif_folder(folder: Path) -> Found | None:
    """The photos below a folder that have a GPS position in their EXIF; a row is a photo."""
    paths = find_photos(folder)
    if not paths:
        return None
    good, bad_rows = [], []
    for row, path in enumerate(paths, start=1):
        photo = path.relative_to(folder).as_posix()
        try:
            position = read_exif_gps(path)
        except PhotoError as error:
            bad_rows.append(BadRow(row, str(error), folder.name))
            continue
        if position is None:
            reason = f"'{photo}' has no GPS position in its EXIF"
            bad_rows.append(BadRow(row, reason, folder.name))
        else:
            good.append((photo, *position, row, folder.name))
    schema = {"photo": pl.String, "latitude": pl.Float64, "longitude": pl.Float64}
    frame = pl.DataFrame(good, {**schema, ROW: pl.UInt32, FILE: pl.String}, orient="row")
    return Found(frame, folder.resolve(), "exif", bad_rows, looked_up=True)


FOLDER_READERS = (read_osv_folder, read_imagefolder, read_table_folder, read_exif_folder)
"""In the order in which they look at a folder."""


def tables_in(folder: Path) -> list[str]:
    """The names of the table files in a folder itself."""
    return sorted(
        entry.name for entry in os.scandir(folder) if entry.name.lower().endswith(TABLE_SUFFIXES)
    )


def _names(
    path: Path,
    header: Sequence[str],
    photo: Iterable[str] = PHOTO_COLUMNS,
    *,
    photo_needed: bool = True,
) -> dict[str, str]:
    """The source's name of each column of the photo table that it has."""
    names = {}
    for column, known in {**COLUMNS, "photo": tuple(photo)}.items():
        exact = [name for name in known if name in header]
        folded = [
            name for wanted in known for name in header if name.strip().lower() == wanted.lower()
        ]
        for name in [*exact, *folded][:1]:
            names[column] = name
    for column in ("photo", "latitude", "longitude"):
        if column not in names and (photo_needed or column != "photo"):
            wanted = tuple(photo) if column == "photo" else COLUMNS[column]
            raise PhotoTableError(
                f"{path} has no {column} column; looked for {', '.join(wanted)}, "
                f"and it has {', '.join(header) or 'no column'}"
            )
    return names


def _with_others(names: Mapping[str, str], header: Sequence[str]) -> dict[str, str]:
    """The named columns and those that the source has besides."""
    others = [name for name in header if name not in {*names.values(), *names}]
    return {**names, **{name: name for name in others}}


def _read_columns(
    path: Path, names: Mapping[str, str], kind: str, *, split: str | None = None, below: str = "."
) -> Found:
    """The rows of a file, its columns renamed and checked.

    Args:
        path: The file.
        names: The source's name of each column to read.
        kind: The layout's name.
        split: Of all rows, where the file tells it.
        below: The file's folder, as the source sees it.
    """
    frame, broken = read_rows(path, columns=list(dict.fromkeys(names.values())))
    frame = frame.select(ROW, *(pl.col(source).alias(name) for name, source in names.items()))
    if "photo" not in names:
        frame = frame.with_columns(pl.format("row {}", ROW).alias("photo"))
    if split is not None:
        frame = frame.with_columns(pl.lit(split).alias("split"))
    prefix = "" if below == "." else f"{below}/"
    frame, bad_rows = checked_rows(frame, file=prefix + path.name)
    frame = frame.with_columns((pl.lit(prefix) + pl.col("photo")).alias("photo"))
    bad_rows = sorted([*broken, *bad_rows], key=lambda bad: bad.row)
    return Found(frame, path.parent.resolve(), kind, bad_rows)


def _is_osv(header: Sequence[str]) -> bool:
    paths = {name for name in PHOTO_COLUMNS if name != "id"}
    return set(header) >= _OSV_COLUMNS and paths.isdisjoint(header)


def _read_osv_file(path: Path, header: Sequence[str]) -> Found:
    """The rows of an OSV file with the few of its 32 columns that tell of drives and places."""
    known = _names(path, header)
    names = {name: source for name, source in known.items() if name in _OSV_KEPT}
    if "creator_id" in header:
        names["creator_id"] = "creator_id"
    split = split_name(path.stem.split("_")[0])
    found = _read_columns(path, names, "osv", split=split)
    # The published files print some whole numbers as floats.
    whole = [
        pl.col(name).cast(pl.String).str.replace(r"^(\d+)\.0+$", "$1")
        for name in ("photo", "id", "creator_id")
        if name in names
    ]
    return replace(found, frame=found.frame.with_columns(whole))


def _looked_up(found: Found) -> Found:
    """The rows with their photos found below the root, wherever they lie."""
    frame, ambiguous, missing = locate_photos(found.frame, found.root)
    bad_rows = [*found.bad_rows, *ambiguous]
    return replace(found, frame=frame, bad_rows=bad_rows, missing=missing, looked_up=True)


def _joined(parts: Sequence[Found], root: Path) -> Found:
    """Several files of one layout as one."""
    return Found(
        pl.concat([part.frame for part in parts], how="diagonal_relaxed"),
        root.resolve(),
        parts[0].kind,
        [bad for part in parts for bad in part.bad_rows],
    )


def _only_file(folder: Path, stem: str) -> Path | None:
    """The one table file of this name; two would leave it open which is meant."""
    paths = [path for suffix in TABLE_SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()]
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise PhotoTableError(f"{folder} holds {names}; name the one that is meant")
    return paths[0] if paths else None
