"""The places of photos inside Parquet files, read without the photos."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from geoguess_cli.photos.columns import split_of_path
from geoguess_cli.photos.files import read_rows
from geoguess_cli.photos.position import position_or_fault
from geoguess_cli.photos.rows import FILE, ROW, BadRow, checked_rows, reject
from geoguess_cli.sources.parquet_files import ParquetFile, ParquetFiles, image_column
from geoguess_cli.sources.parquet_footer import read_footer
from geoguess_cli.sources.view import Rows, SourceView

_NO_PHOTO = "the row has no photo"


def read_parquet_photos(view: SourceView, files: Sequence[Path]) -> Rows:
    """The rows of Parquet files with photos inside, with the split that their paths name.

    A photo is called `FILE/ROW` until it is unpacked. A file that has no columns of coordinates
    gives the positions in the EXIF of its photos.

    Args:
        view: The source.
        files: The Parquet files; one without a column of photos becomes a bad row.
    """
    from geoguess_cli.sources.rows import joined

    root = view.path if view.path.is_dir() else view.path.parent
    parts, shards, bad_rows = [], [], []
    columns: dict[tuple[str, ...], dict[str, str]] = {}
    for path in files:
        name = path.relative_to(root).as_posix()
        column = image_column(path)
        if column is None:
            bad_rows.append(BadRow(0, "the file has no column of photos", name))
            continue
        shards.append(ParquetFile(path, name, column, read_footer(path)))
        header = tuple(view.header(path))
        if header not in columns:  # shards are alike: what is said of the columns is said once
            columns[header] = _columns(view, path)
        parts.append(_rows(shards[-1], columns[header], view, root))
    rows = joined(parts)
    return Rows(
        rows.frame,
        rows.root,
        [*bad_rows, *rows.bad_rows],
        located=True,
        parquet=ParquetFiles(tuple(shards)),
    )


def _columns(view: SourceView, file: Path) -> dict[str, str]:
    """The table's own name of each column; without coordinates if no column has any."""
    known = view.known(file, photo=())
    if {"latitude", "longitude", "point"} & set(known):
        return view.columns(file, photo=())
    others = [name for name in view.header(file) if name not in {*known, *known.values()}]
    return {**known, **{name: name for name in others}}


def _rows(file: ParquetFile, columns: dict[str, str], view: SourceView, root: Path) -> Rows:
    split = split_of_path(file.name)
    if "latitude" in columns or "point" in columns:
        rows = view.rows(file.path, columns, split=split, root=root)
    else:
        rows = _rows_by_exif(file, columns, split, root)
    empty = pl.Series(sorted(file.without_photo()), dtype=pl.UInt32)
    absent = pl.when(pl.col(ROW).is_in(empty.implode())).then(pl.lit(_NO_PHOTO))
    frame, without = reject(rows.frame, absent)
    frame = frame.with_columns(pl.format("{}/{}", FILE, ROW).alias("photo"))
    bad_rows = sorted([*rows.bad_rows, *without], key=lambda bad: bad.row)
    return Rows(frame, rows.root, bad_rows)


def _rows_by_exif(
    file: ParquetFile, columns: dict[str, str], split: str | None, root: Path
) -> Rows:
    """The rows of a file without columns of coordinates; each photo's EXIF says where it was."""
    if columns:
        frame, _ = read_rows(file.path, columns=list(dict.fromkeys(columns.values())))
        frame = frame.select(ROW, *(pl.col(own).alias(name) for name, own in columns.items()))
    else:
        frame = pl.DataFrame({ROW: pl.int_range(1, file.footer.rows + 1, eager=True)})
    places = pl.DataFrame(
        [
            (row, *_position(content, f"{file.name}/{row}"))
            for first, rows, _ in file.groups()
            for row, content, _ in file.photos(first, rows)
        ],
        {ROW: pl.UInt32, "latitude": pl.Float64, "longitude": pl.Float64, "@nowhere": pl.String},
        orient="row",
    )
    frame = frame.with_columns(pl.col(ROW).cast(pl.UInt32)).join(
        places, on=ROW, how="right", maintain_order="right"
    )
    if split is not None:
        frame = frame.with_columns(pl.lit(split).alias("split"))
    nowhere = pl.col("@nowhere")
    frame, unplaced = reject(frame.with_columns(pl.lit(file.name).alias(FILE)), nowhere)
    frame = frame.drop("@nowhere").with_columns(pl.format("row {}", ROW).alias("photo"))
    frame, bad_rows = checked_rows(frame, file=file.name)
    return Rows(frame, root.resolve(), [*unplaced, *bad_rows])


def _position(content: bytes | None, name: str) -> tuple[float | None, float | None, str | None]:
    """Latitude and longitude, in degrees, of a photo; without them, the reason."""
    if content is None:
        return None, None, _NO_PHOTO
    position = position_or_fault(content, name)
    latitude, longitude = position.latlng or (None, None)
    return latitude, longitude, position.reason or None
