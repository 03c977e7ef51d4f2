"""Coordinates as people and programs write them, read to degrees.

`45.68`, `45,68`, `45°40'48"N`, `45 deg 40' 48.00" N`, `45,40.8N` (XMP), `N 45 40.8`, `45:40:48` and
`48.2° S` are all read. A text that can mean two places, such as `45,40N`, is refused.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import polars as pl

from geoguess_cli.errors import CoordinateError

Axis = Literal["latitude", "longitude"]

_HEMISPHERES: dict[str, tuple[Axis, int]] = {
    "n": ("latitude", 1),
    "s": ("latitude", -1),
    "e": ("longitude", 1),
    "w": ("longitude", -1),
}
_LETTERS: dict[Axis, str] = {"latitude": "N or S", "longitude": "E or W"}

_LOOK_ALIKES = str.maketrans(
    {
        **dict.fromkeys("\N{MASCULINE ORDINAL INDICATOR}\N{RING ABOVE}", "°"),
        **dict.fromkeys("′’‘ʹ´`", "'"),
        **dict.fromkeys("″”“ʺ", '"'),
        **dict.fromkeys("\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}", "-"),
    }
)
_NUMBER = r"\d+(?:[.,]\d*)?"
_WORDS = tuple(
    (re.compile(pattern), sign)
    for pattern, sign in (
        (rf"(?<=\d)\s*m\s*({_NUMBER})\s*s(?=[\snsew]*$)", r"'\1" + '"'),
        (r"(?<=\d)\s*(?:degrees?\b|deg\b\.?|d(?![a-z]))", "°"),
        (r"(?<=\d)\s*(?:minutes?\b|min\b\.?|m(?![a-z]))", "'"),
        (r"(?<=\d)\s*(?:seconds?\b|sec\b\.?)", '"'),
        (r"\b([nsew])(?:orth|outh|ast|est)\b", r"\1"),
        (r"''", '"'),
    )
)
"""Units and hemispheres in words, and the sign or letter of each."""

_WHOLE = re.compile(r"([nsew]?)\s*([+-]?)\s*(\d[^a-z+-]*?)\s*([nsew]?)")
_PARTS = re.compile(
    rf"({_NUMBER})\s*°?"
    rf"|(\d+)(?:\s*[°:]\s*|\s+)({_NUMBER})\s*'?"
    rf"|(\d+)(?:\s*[°:]\s*|\s+)(\d+)(?:\s*[':]\s*|\s+)({_NUMBER})\s*\"?"
)
_XMP = re.compile(r"(\d+),(\d+(?:\.\d*)?)(?:,(\d+(?:\.\d*)?))?")
_DECIMAL_COMMA = r"^([+-]?\d+),(\d+)$"
_USUAL = (
    r"^(\d+)(?:\s*(?:deg|°)\s*|[\s:])([0-5]?\d)(?:\s*['′]\s*|[\s:])([0-5]?\d(?:\.\d*)?)"
    r"\s*[\"″]?\s*"
)
"""Degrees, minutes and seconds as whole columns are read; the hemisphere follows."""


def degrees_of(text: str, axis: Axis) -> float:
    """The signed degrees that a text stands for; the range is not checked.

    Args:
        text: A number, or degrees with minutes and seconds, with or without a hemisphere.
        axis: Which coordinate it is: a latitude lies N or S, a longitude E or W.

    Raises:
        CoordinateError: The text is no coordinate, its hemisphere contradicts its sign, or it is
            of the other axis.

    >>> degrees_of("45 deg 40' 48.00\\" N", "latitude"), degrees_of("111,2.4W", "longitude")
    (45.68, -111.04)
    """
    plain = text.strip().translate(_LOOK_ALIKES).lower()
    for word, sign in _WORDS:
        plain = word.sub(sign, plain)
    whole = _WHOLE.fullmatch(plain)
    if whole is None:
        raise CoordinateError(f"{axis} is not a number: '{text}'")
    before, sign, body, after = whole.groups()
    letter = before or after
    if before and after:
        raise CoordinateError(f"{axis} has two hemispheres: '{text}'")
    if letter and _HEMISPHERES[letter][0] != axis:
        raise CoordinateError(f"{axis} is '{text}'; it must lie {_LETTERS[axis]}")
    facing = _HEMISPHERES[letter][1] if letter else 1
    if letter and sign and (sign == "+") != (facing > 0):
        raise CoordinateError(f"{axis} is '{text}'; its sign contradicts its hemisphere")
    size = _size(_parts(body, letter, text, axis), text, axis)
    return -size if sign == "-" or facing < 0 else size


def _parts(body: str, letter: str, text: str, axis: Axis) -> list[str]:
    """Degrees, minutes and seconds as far as the text has them."""
    xmp = _XMP.fullmatch(body) if letter else None
    if xmp is not None:
        degrees, minutes, seconds = xmp.groups()
        if seconds is not None or "." in minutes:
            return [part for part in (degrees, minutes, seconds) if part is not None]
        if len(minutes) <= 2 and int(minutes) < 60:
            raise CoordinateError(
                f"{axis} is '{text}'; that can be {degrees}°{minutes}' or {degrees}.{minutes}°"
            )
    match = _PARTS.fullmatch(body)
    if match is None:
        raise CoordinateError(f"{axis} is not a number: '{text}'")
    return [part for part in match.groups() if part is not None]


def _size(parts: list[str], text: str, axis: Axis) -> float:
    """Degrees without a sign from degrees, minutes and seconds."""
    values = [float(part.replace(",", ".")) for part in parts]
    # Programs that round to hundredths of a second print 60.00.
    if any(value >= 60 for value in values[1:-1]) or (len(values) > 1 and values[-1] > 60):
        raise CoordinateError(f"{axis} is '{text}'; minutes and seconds must be below 60")
    seconds = sum(value * 60.0 ** (2 - power) for power, value in enumerate(values))
    size = seconds / 3600 if len(values) > 1 else values[0]
    if not math.isfinite(size):
        raise CoordinateError(f"{axis} is too large for a number: '{text}'")
    return size


def degree_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with `@latitude` and `@longitude` in degrees, and `@fault` of what is unreadable.

    Numbers and the usual degrees, minutes and seconds are read as whole columns, and only other
    texts one by one.

    Args:
        frame: `latitude` and `longitude` as text, null where there is none; `@fault` if it has
            faults already.
    """
    numbers = pl.col(get_args(Axis)).cast(pl.Float64, strict=False)
    frame = frame.with_columns(numbers.name.prefix("@"))
    if "@fault" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.String).alias("@fault"))
    for axis in get_args(Axis):
        unread = pl.col(axis).is_not_null() & pl.col(f"@{axis}").is_null()
        if frame.select(unread.any()).item():
            frame = frame.with_columns(pl.coalesce(f"@{axis}", _usual(axis)).alias(f"@{axis}"))
        texts = frame.filter(unread)[axis].unique()
        if texts.is_empty():
            continue
        read = pl.DataFrame([_read(text, axis) for text in texts], _SCHEMA, orient="row")
        frame = (
            frame.join(read, left_on=axis, right_on="@text", how="left", maintain_order="left")
            .with_columns(
                pl.coalesce(f"@{axis}", "@value").alias(f"@{axis}"),
                pl.coalesce("@fault", "@wrong").alias("@fault"),
            )
            .drop("@value", "@wrong")
        )
    return frame


def hemisphere_columns(header: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """The column of the hemispheres, such as `GPSLatitudeRef`, by the column of its degrees.

    Args:
        header: The column names of a table.
        columns: The table's own names of `latitude` and `longitude`, if it has them.
    """
    own = [columns[axis] for axis in get_args(Axis) if axis in columns]
    return {name: f"{name}Ref" for name in own if f"{name}Ref" in header}


def with_hemispheres(frame: pl.DataFrame, sides: Mapping[str, str]) -> pl.DataFrame:
    """The frame with `N`, `S`, `E` or `W` behind each number whose hemisphere has its own column.

    EXIF keeps degrees without a sign and the hemisphere beside them, and so do tables made of it.

    Args:
        frame: Rows with all these columns.
        sides: The column of the hemisphere, by that of the degrees.
    """
    texts = {
        name: pl.col(name).cast(pl.String).str.strip_chars() for name in (*sides, *sides.values())
    }
    return frame.with_columns(
        pl.when(texts[name].str.contains(r"^[\d.,]+$") & texts[side].is_not_null())
        .then(pl.format("{} {}", texts[name], texts[side]))
        .otherwise(texts[name])
        .alias(name)
        for name, side in sides.items()
    )


def _usual(axis: Axis) -> pl.Expr:
    """Degrees of decimal commas and of degrees, minutes and seconds; null for other texts."""
    text = pl.col(axis)
    comma = pl.when(text.str.contains(_DECIMAL_COMMA)).then(text.str.replace(",", "."))
    positive, negative = (letter for letter in _HEMISPHERES if _HEMISPHERES[letter][0] == axis)
    groups = text.str.extract_groups(rf"(?i){_USUAL}([{positive}{negative}])$")
    degrees, minutes, seconds = (
        groups.struct.field(str(part)).cast(pl.Float64) for part in (1, 2, 3)
    )
    size = (degrees * 3600 + minutes * 60 + seconds) / 3600
    south_or_west = groups.struct.field("4").str.to_lowercase() == negative
    return pl.coalesce(comma.cast(pl.Float64), pl.when(south_or_west).then(-size).otherwise(size))


_SCHEMA = {"@text": pl.String, "@value": pl.Float64, "@wrong": pl.String}


def _read(text: str, axis: Axis) -> tuple[str, float | None, str | None]:
    try:
        return text, degrees_of(text, axis), None
    except CoordinateError as error:
        return text, None, str(error)
