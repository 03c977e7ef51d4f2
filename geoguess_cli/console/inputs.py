"""What verbs read before they work: the configuration with the flags on top, photos, models."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.config import Config, load_config
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import MissingFileError, PhotoTableError

if TYPE_CHECKING:
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.photos.leak_report import LeakReport
    from geoguess_cli.photos.sources import Reading
    from geoguess_cli.photos.table import PhotoTable

BAD_ROWS_SHOWN = 5


def settings(config: Path | None, **flags: Any) -> Config:
    """The configuration with the given flags laid over it.

    Args:
        config: The file named by --config.
        flags: Keys of the configuration; a double underscore enters a table
            (`cells__max_photos`). None means that the flag was not given.
    """
    loaded = load_config(config, environment=os.environ)
    top: dict[str, Any] = {}
    tables: dict[str, dict[str, Any]] = {}
    for name, value in flags.items():
        if value is None:
            continue
        table, nested, key = name.rpartition("__")
        if nested:
            tables.setdefault(table, {})[key] = value
        else:
            top[key] = value
    for table, values in tables.items():
        top[table] = dataclasses.replace(getattr(loaded, table), **values)
    return dataclasses.replace(loaded, **top)


def full_precision(config: Config) -> Config:
    """The configuration with fp32 where its precision is "auto".

    An occlusion map needs it: drops of a hundredth would drown in the rounding of bf16.
    """
    return dataclasses.replace(config, precision="fp32") if config.precision == "auto" else config


def read_photos(source: Path, sink: Sink, *, places_only: bool = False) -> "PhotoTable":
    """The photo table of any source; rows that were left out are said on stderr.

    With `places_only`, a list of coordinates without photos will do.
    """
    from geoguess_cli.photos.sources import read_source

    if not source.exists():
        raise MissingFileError(
            f"no photos at {source}; name a photo table or folder with --photos, "
            "or write one with `geoguess data import SOURCE`"
        )
    reading = read_source(source, places_only=places_only)
    report_reading(reading, source, sink)
    return reading.table


def report_reading(reading: "Reading", source: Path, sink: Sink) -> None:
    """Say which rows of a source were left out, the first few in full."""
    for row in reading.bad_rows[:BAD_ROWS_SHOWN]:
        sink.warn(f"{row}; left out")
    more = len(reading.bad_rows) - BAD_ROWS_SHOWN
    if more > 0:
        sink.warn(f"{source}: {more} more rows left out; `geoguess data inspect` lists them")
    if reading.missing:
        sink.warn(
            f"{source}: {len(reading.missing)} photos are not there, such as {reading.missing[0]}"
        )


def photos_of_split(table: "PhotoTable", split: str, sink: Sink) -> "PhotoTable":
    """The photos of `split`; all of them for "all", or where the table has no split (it is said).

    Raises:
        PhotoTableError: The table has a split, and none of its photos is in this one.
    """
    if split == "all":
        return table
    if not table.has("split"):
        sink.notice(
            f"the photo table has no split, so all {len(table)} photos count; "
            "`geoguess data split` makes one"
        )
        return table
    if split not in table.splits:
        raise PhotoTableError(
            f"no photo of the table is in the split `{split}`; it has {', '.join(table.splits)}; "
            "--split all takes every photo"
        )
    return table.only(split)


def require_splits(table: "PhotoTable", *names: str) -> None:
    """Refuse a table that lacks photos in one of these splits.

    Raises:
        PhotoTableError: It says how to make a split.
    """
    there = table.splits if table.has("split") else {}
    missing = [name for name in names if name not in there]
    if missing:
        raise PhotoTableError(
            f"the photo table has no {' and no '.join(missing)} photos; "
            "`geoguess data split` assigns them by drive, or by place where drives are not known"
        )


def check_leaks(table: "PhotoTable", split: str, sink: Sink) -> "LeakReport | None":
    """Say in one line whether the photos of a split were half seen in training.

    Judged by the table alone, no photo is opened. A leaking split is a warning with what to do.

    Args:
        table: The whole table, its training photos too.
        split: The side that figures are to be made of.
        sink: Where the line goes.

    Returns:
        What was found; None where there is nothing to compare: the split is `train` or none of
        the table's, or the table has no training photos.
    """
    from geoguess_cli.photos.leaks import find_leaks

    there = table.splits
    if split == "train" or not {"train", split} <= there.keys():
        return None
    report = find_leaks(table, between=("train", split))
    if report.level == "leaking":
        sink.warn(
            f"{report.verdict}; figures of {split} will look better than those of new places. "
            f"{report.advice}"
        )
    else:
        sink.notice(f"leak check: {report.verdict}")
    return report


def load_predictor(config: Config, model: Path | None) -> "Predictor":
    """The trained model of --model or of the artifacts folder, ready to predict."""
    from geoguess_cli.inference.predictor import Predictor

    return Predictor.load(
        model or config.model_path, device=config.device, precision=config.precision
    )


def expand_photos(names: Sequence[Path], sink: Sink) -> list[Path]:
    """The photos named one by one, by folder (searched whole) or by a photo table.

    Raises:
        MissingFileError: A name that is neither file nor folder.
        PhotoTableError: A folder without photos.
    """
    from geoguess_cli.photos.sources import TABLE_SUFFIXES, find_photos

    found: list[Path] = []
    for name in names:
        if name.is_dir():
            inside = find_photos(name)
            if not inside:
                raise PhotoTableError(f"{name} holds no photos (.jpg, .jpeg, .png, .webp, …)")
            found += inside
        elif name.suffix.lower() in TABLE_SUFFIXES:
            found += read_photos(name, sink).paths
        elif name.is_file():
            found.append(name)
        else:
            raise MissingFileError(f"no photo, folder or table at {name}")
    return found


def truth_of(
    photo: Path, given: tuple[float, float] | None, config: Config
) -> tuple[float, float] | None:
    """Where a photo was taken, in degrees: as given, else by the photo table, else by its EXIF."""
    return given if given is not None else truths_of([photo], config)[0]


def truths_of(photos: Sequence[Path], config: Config) -> list[tuple[float, float] | None]:
    """Where each photo was taken, in degrees: by the photo table, else by its EXIF."""
    from geoguess_cli.photos.sources import read_source
    from geoguess_cli.photos.truth import find_truths

    table = read_source(config.photos).table if config.photos.exists() else None
    return find_truths(photos, table)
