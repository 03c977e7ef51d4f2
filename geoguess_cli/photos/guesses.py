"""Which columns of an unknown table look like photos and coordinates, by their values."""

import shlex
from collections.abc import Iterable, Mapping

import polars as pl

from geoguess_cli.photos.coordinates import Axis, degree_columns
from geoguess_cli.photos.kinds import PHOTO_SUFFIXES

ROWS_LOOKED_AT = 500

_HINTS: dict[str, tuple[str, ...]] = {
    "latitude": ("lat", "breit", "north", "y", "coord_y"),
    "longitude": ("lon", "lng", "läng", "laeng", "lang", "east", "x", "coord_x"),
}
"""Beginnings of names; a single letter is a whole name."""

_LIMITS: dict[Axis, int] = {"latitude": 90, "longitude": 180}


def guess_columns(frame: pl.DataFrame, missing: Iterable[str]) -> dict[str, str]:
    """The column that each missing one may be; a column without a likely one is left out.

    Args:
        frame: Rows of a table, of which the first few hundred are looked at.
        missing: Any of `photo`, `latitude` and `longitude`.
    """
    frame = frame.head(ROWS_LOOKED_AT)
    wanted, guesses = set(missing), dict[str, str]()
    names = [name for name in frame.columns if not name.startswith("@")]
    if "photo" in wanted:
        shares = {name: _photo_share(frame[name]) for name in names}
        best = max(shares, key=lambda name: shares[name], default="")
        if shares.get(best, 0) > 0.5:
            guesses["photo"] = best
    for axis in ("latitude", "longitude"):
        if axis not in wanted:
            continue
        free = [name for name in names if name not in guesses.values()]
        fitting = [name for name in free if _are_degrees(frame[name], axis)]
        fitting.sort(key=lambda name: not _hinted(name, axis))
        # Without a hint in its name, the column of the other axis is no guess for this one.
        others = {"latitude", "longitude"} - {axis}
        fitting = [name for name in fitting if not any(_hinted(name, other) for other in others)]
        if fitting:
            guesses[axis] = fitting[0]
    return guesses


def options_for(guesses: Mapping[str, str], missing: Iterable[str]) -> str:
    """The options that name the missing columns, with NAME where nothing is guessed.

    >>> options_for({"photo": "foto", "latitude": "my y"}, ["photo", "latitude", "longitude"])
    "--column photo=foto --column 'latitude=my y' --column longitude=NAME"
    """
    pairs = [f"{column}={guesses.get(column, 'NAME')}" for column in missing]
    return " ".join(f"--column {shlex.quote(pair)}" for pair in pairs)


def _photo_share(values: pl.Series) -> float:
    texts = values.cast(pl.String, strict=False).drop_nulls().str.to_lowercase()
    if texts.is_empty():
        return 0.0
    photos = sum(text.endswith(PHOTO_SUFFIXES) for text in texts)
    return float(photos * texts.n_unique() / len(texts) ** 2)


def _are_degrees(values: pl.Series, axis: Axis) -> bool:
    """Whether all values are coordinates in range, and not all of them whole numbers."""
    texts = values.cast(pl.String, strict=False).str.strip_chars()
    frame = pl.DataFrame({"latitude": texts, "longitude": texts}).drop_nulls()
    frame = frame.filter(pl.col("latitude") != "")
    degrees = degree_columns(frame)[f"@{axis}"]
    if degrees.is_empty() or degrees.null_count() or not degrees.is_finite().all():
        return False
    return bool((degrees.abs() <= _LIMITS[axis]).all() and (degrees != degrees.floor()).any())


def _hinted(name: str, axis: str) -> bool:
    plain = name.strip().lower()
    return any(plain == hint if len(hint) == 1 else plain.startswith(hint) for hint in _HINTS[axis])
