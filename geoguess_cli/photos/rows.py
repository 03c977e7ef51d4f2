"""The rows of a photo table: text is converted and checked, and bad rows are left out."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from geoguess_cli.photos.archives import COMPRESSIONS
from geoguess_cli.photos.columns import COLUMNS, SPLIT_NAMES, TEXT_COLUMNS, has_archives
from geoguess_cli.photos.coordinates import degree_columns
from geoguess_cli.photos.points import split_points

ROW, FILE = "@row", "@file"
"""Columns for the number of a row and for its file, beside the columns of the source."""

ZERO_IS_MISSING = "no position: 0, 0 is what a missing position is written as"
"""Why a photo at latitude 0 and longitude 0 is left out."""

_MAX_EXACT = 2**53  # above it a float cannot hold every whole number


@dataclass(frozen=True)
class BadRow:
    """A row that was left out.

    Attributes:
        row: Its number.
        reason: Why it was left out.
        file: The name of its file or folder.
        latlng: Its two numbers, latitude first, if both are numbers; they may be out of range.
    """

    row: int
    reason: str
    file: str = ""
    latlng: tuple[float, float] | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.reason}" if self.file else self.reason


def checked_rows(
    frame: pl.DataFrame, *, file: str, swap: bool = False
) -> tuple[pl.DataFrame, list[BadRow]]:
    """The good rows in the types of a photo table, and the bad rows with their reasons.

    Args:
        frame: `photo`, `latitude` and `longitude` or `point`, any further columns, and `@row`.
        file: The name of the file, which both kinds of rows keep.
        swap: Exchange latitude and longitude first.
    """
    if has_archives(frame.columns):
        frame = frame.with_columns(_path(frame, "archive"), *_positions(frame))
    if "point" in frame.columns:
        frame = split_points(frame)
    if swap:
        frame = frame.rename({"latitude": "longitude", "longitude": "latitude"})
    frame = frame.with_columns(
        _path(frame, "photo"),
        *(_text(frame, name) for name in TEXT_COLUMNS if name in frame.columns),
        _number_text(frame, "latitude"),
        _number_text(frame, "longitude"),
        pl.lit(file).alias(FILE),
    )
    frame = degree_columns(frame)
    if "split" in frame.columns:
        known = pl.col("split").str.to_lowercase().replace_strict(SPLIT_NAMES, default=None)
        frame = frame.with_columns(known.alias("@split"))
    # Polars makes the texts of all reasons for all rows; most tables have no bad row.
    faults = _faults(frame)
    bad = frame.select(pl.any_horizontal(fault.fill_null(False) for fault, _ in faults)).to_series()
    if not bad.any():
        return _finished(frame), []
    reason: Any = pl
    for fault, words in faults:
        reason = reason.when(fault).then(words)
    good, bad_rows = reject(frame, reason.otherwise(None))
    return _finished(good), bad_rows


def unique_rows(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[BadRow]]:
    """The first row of each photo, and the later rows of the same photo as bad rows."""
    # Different hashes show different names, and take less memory than names.
    if any(names.n_unique() == len(frame) for names in (frame["photo"].hash(), frame["photo"])):
        return frame, []
    first = {name: pl.col(name).first().over("photo") for name in (FILE, ROW)}
    same_file = pl.col(FILE) == first[FILE]
    where = pl.when(~same_file).then(pl.format("{}, ", first[FILE])).otherwise(pl.lit(""))
    reason = pl.format("photo '{}' is already in {}row {}", "photo", where, first[ROW])
    is_first = same_file & (pl.col(ROW) == first[ROW])
    return reject(frame, pl.when(~is_first).then(reason))


def reject(frame: pl.DataFrame, reason: pl.Expr) -> tuple[pl.DataFrame, list[BadRow]]:
    """The rows whose reason is null, and the others as bad rows."""
    frame = frame.with_columns(reason.alias("@reason"))
    if frame["@reason"].null_count() == len(frame):  # most often, and then no row is copied
        return frame.drop("@reason"), []
    bad = frame.filter(pl.col("@reason").is_not_null())
    good = frame.filter(pl.col("@reason").is_null()).drop("@reason")
    numbers = [name for name in ("@latitude", "@longitude") if name in frame.columns]
    return good, [_bad_row(*values) for values in bad.select(ROW, "@reason", FILE, *numbers).rows()]


def _bad_row(
    row: int,
    reason: str,
    file: str,
    latitude: float | None = None,
    longitude: float | None = None,
) -> BadRow:
    if latitude is None or longitude is None:
        return BadRow(row, reason, file)
    return BadRow(row, reason, file, (latitude, longitude))


def _finished(frame: pl.DataFrame) -> pl.DataFrame:
    """The good rows with their converted columns, in the order of a photo table."""
    longitude = pl.col("@longitude")
    frame = frame.with_columns(
        pl.col("@latitude").alias("latitude"),
        pl.when(longitude > 180).then(longitude - 360).otherwise(longitude).alias("longitude"),
    )
    if "@split" in frame.columns:
        frame = frame.with_columns(pl.col("@split").alias("split"))
    if "captured_at" in frame.columns:
        frame = frame.with_columns(_captured_at(frame))
    first = [name for name in COLUMNS if name in frame.columns]
    return frame.select(*first, pl.exclude(*first, "@latitude", "@longitude", "@split", "@fault"))


def _faults(frame: pl.DataFrame) -> list[tuple[pl.Expr, pl.Expr]]:
    """What makes a row bad, the first that holds first, each with the reason in words."""
    latitude, longitude = pl.col("latitude"), pl.col("longitude")
    faults = [
        (pl.col("photo").is_null(), pl.lit("no photo path")),
        (
            pl.col("photo").str.contains("\0", literal=True),
            pl.lit("the photo path has a zero byte"),
        ),
        (latitude.is_null() & pl.col("@fault").is_not_null(), pl.col("@fault")),
        (latitude.is_null() & longitude.is_null(), pl.lit("no coordinates")),
    ]
    for name, low, high in (("latitude", -90, 90), ("longitude", -180, 360)):
        number = pl.col(f"@{name}")
        outside = pl.format(f"{name} is {{}}; it must lie in [{low}, {high}]", name)
        faults += [
            (pl.col(name).is_null(), pl.lit(f"no {name}")),
            (number.is_null(), pl.col("@fault")),
            (number.is_nan() | ~number.is_between(low, high), outside),
        ]
    at_zero = (pl.col("@latitude") == 0) & (pl.col("@longitude") == 0)
    faults.append((at_zero, pl.lit(ZERO_IS_MISSING)))
    if "@split" in frame.columns:
        unknown = pl.col("split").is_not_null() & pl.col("@split").is_null()
        wrong = pl.format("split is '{}'; it must be train, val or test", "split")
        faults.append((unknown, wrong))
    if has_archives(frame.columns):
        inside, archive = pl.col("archive").is_not_null(), pl.col("archive")
        elsewhere = pl.format("photo '{}' must start with its archive '{}'", "photo", "archive")
        unsound = (
            "offset and length must be whole numbers of 0 or more, and compression "
            f"{' or '.join(COMPRESSIONS)}; `geoguess data import` writes them"
        )
        faults += [
            (inside & ~pl.col("photo").str.starts_with(archive + "/"), elsewhere),
            (inside & ~archived_soundly(), pl.lit(unsound)),
        ]
    return faults


def archived_soundly() -> pl.Expr:
    """Whether a row says soundly where its photo lies in its archive."""
    numbers = ((pl.col(name) >= 0).fill_null(False) for name in ("offset", "length"))
    known = pl.col("compression").is_in(COMPRESSIONS).fill_null(False)
    return pl.all_horizontal(*numbers, known)


def _positions(frame: pl.DataFrame) -> list[pl.Expr]:
    """The position of each photo in its archive: whole numbers, and the compression as text."""
    numbers = [
        pl.col(name).cast(pl.Int64)
        if frame.schema[name].is_integer()
        else _text(frame, name).str.replace(r"\.0+$", "").cast(pl.Int64, strict=False).alias(name)
        for name in ("offset", "length")
    ]
    return [*numbers, _text(frame, "compression")]


def _path(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as paths with forward slashes, without `./` at their start."""
    if frame.schema[name] == pl.String() and _stripped(frame[name]):
        paths = frame[name].str
        if not (paths.contains("\\", literal=True).any() or paths.starts_with("./").any()):
            return pl.col(name)
    forward = _text(frame, name).str.replace_all("\\", "/", literal=True)
    return forward.str.replace(r"^(\./)+", "")


def _text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column as stripped text, empty as null; whole numbers lose the `.0` of a float."""
    column = pl.col(name)
    if frame.schema[name] == pl.String() and _stripped(frame[name]):
        return column  # a copy of each column would double the memory of a large table
    if frame.schema[name].is_float():
        exact = (column == column.floor()) & (column.abs() < _MAX_EXACT)
        whole = pl.when(exact).then(column).cast(pl.Int64).cast(pl.String)
        column = pl.coalesce(whole, column.cast(pl.String))
    column = column.cast(pl.String).str.strip_chars()
    return pl.when(column != "").then(column).alias(name)


def _stripped(texts: pl.Series) -> bool:
    """Whether no text is empty or has a blank at its start or end."""
    length = texts.str.len_bytes()
    return not ((length == 0) | (texts.str.strip_chars().str.len_bytes() != length)).any()


def _number_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    """A column of numbers as text, empty as null; pandas writes a missing number as `nan`.

    Numbers of full precision stay numbers: their texts would take gigabytes in a large table.
    """
    if frame.schema[name] == pl.Float64():
        return pl.col(name).fill_nan(None)
    column = pl.col(name).cast(pl.String).str.strip_chars()
    absent = column.str.to_lowercase().is_in(["", "nan", "null", "none"])
    return pl.when(~absent).then(column).alias(name)


def _captured_at(frame: pl.DataFrame) -> pl.Expr:
    """Epoch milliseconds if the source has times or whole numbers, else the source's text."""
    kind = frame.schema["captured_at"]
    if isinstance(kind, pl.Datetime):
        return pl.col("captured_at").dt.epoch("ms")
    if kind == pl.Int64():
        return pl.col("captured_at")
    text = _text(frame, "captured_at").str.replace(r"\.0+$", "")
    values = frame.select(text.alias("text"), text.cast(pl.Int64, strict=False).alias("whole"))
    if values["text"].null_count() == values["whole"].null_count():
        return text.cast(pl.Int64, strict=False)
    return _text(frame, "captured_at")
