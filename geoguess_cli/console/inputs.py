"""What verbs read before they work: the configuration, changed by options; photos."""

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from geoguess_cli.config import ColumnsConfig, Config, load_config
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.names import is_there
from geoguess_cli.wording import counted

if TYPE_CHECKING:
    from geoguess_cli.photos.archives import PhotoFile
    from geoguess_cli.photos.leak_report import LeakReport
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.sources.originals import Originals
    from geoguess_cli.sources.reading import Reading

BAD_ROWS_SHOWN = 5


def settings(config: Path | None, **flags: Any) -> Config:
    """The configuration, in which each given option replaces the value of its key.

    Args:
        config: The file named by --config.
        flags: Values by key of the configuration; a double underscore enters a table
            (`cells__max_photos`). None means that the option was not given.

    Raises:
        ConfigError: The file, the environment or an option holds an invalid value.
    """
    loaded = load_config(config, environment=os.environ)
    given: dict[str, dict[str, Any]] = {"": {}}
    for name, value in flags.items():
        table, _, key = name.rpartition("__")
        if value is not None:
            given.setdefault(table, {})[key] = value
    top = given.pop("")
    if "columns" in given:
        given["columns"]["demanded"] = tuple(given["columns"])
    for table, values in given.items():
        top[table] = dataclasses.replace(getattr(loaded, table), **values)
    return dataclasses.replace(loaded, **top)


def read_photos(
    source: Path,
    sink: Sink,
    *,
    columns: ColumnsConfig | None = None,
    places_only: bool = False,
    swap: bool | None = None,
    stops: bool = False,
) -> "Reading":
    """What a source of any layout holds, with a warning for each row that was left out.

    Args:
        source: A table file or a folder.
        sink: Where the warnings go.
        columns: What the table calls its columns.
        places_only: Only coordinates are wanted: a table may lack photos.
        swap: The value of --swap (True) or --as-is (False); None without either.
        stops: Whether the verb has these options, and stops where coordinates look exchanged.

    Raises:
        MissingFileError: The source does not exist.
        PhotoTableError: The source has no known layout, is damaged, or has no usable row; or its
            coordinates look exchanged, and the verb stops.
    """
    from geoguess_cli.sources.reading import read_source

    if not is_there(source):
        raise MissingFileError(
            f"no photos at {source}; name a photo table or a folder with --photos, "
            "or write a table with `geoguess data import SOURCE`"
        )
    columns = columns or ColumnsConfig()
    reading = read_source(
        source,
        places_only=places_only,
        columns=columns.chosen,
        preferred=columns.preferred,
        swap=bool(swap),
    )
    settle_order(reading, source, sink, swap=swap, stops=stops)
    report_reading(reading, source, sink)
    return reading


def settle_order(
    reading: "Reading", source: Path, sink: Sink, *, swap: bool | None = None, stops: bool = True
) -> None:
    """Stop or warn where latitude and longitude look exchanged; --as-is is silent.

    Args:
        reading: The source, read with `swap`.
        source: Its path, for the message.
        sink: Where a warning goes.
        swap: The value of --swap (True) or --as-is (False); None without either.
        stops: Whether the verb has these options; a verb without them only warns.

    Raises:
        PhotoTableError: The coordinates look exchanged, and the verb stops.
    """
    from geoguess_cli.sources.checks import ANSWERS, exchanging

    if swap is False or not reading.order.looks_exchanged:
        return
    if swap:
        sink.warn(f"{source}: with --swap, {reading.order}; it may have been right without --swap")
    elif stops:
        raise PhotoTableError(f"{source}: {reading.order}; {ANSWERS}")
    else:
        sink.warn(f"{source}: {reading.order}; {exchanging(source)}")


def report_reading(reading: "Reading", source: Path, sink: Sink) -> None:
    """Say how a source was read, and warn of the rows left out, the first few in full."""
    for notice in reading.notices:
        sink.notice(notice)
    for row in reading.bad_rows[:BAD_ROWS_SHOWN]:
        sink.warn(f"{row}; left out")
    more = len(reading.bad_rows) - BAD_ROWS_SHOWN
    if more > 0:
        sink.warn(f"{source}: {more} more rows left out; `geoguess data inspect` lists them")
    if reading.missing:
        lost = len(reading.missing)
        sink.warn(
            f"{source}: {counted(lost, 'photo')} {'does' if lost == 1 else 'do'} not exist, such "
            f"as {reading.missing[0]}"
        )


def report_spread(reading: "Reading", sink: Sink) -> None:
    """Say where the positions of a source are all alike, on a grid or at a country's middle."""
    for sentence in reading.spread:
        sink.notice(f"note: {sentence}")


def originals_of(config: Config) -> "Originals":
    """The place of the training photos that a model may name: that of the configured photos.

    Args:
        config: It names the photo table, or the folder of photos; neither need exist.
    """
    from geoguess_cli.sources.originals import Originals

    source, silent = config.photos, Sink(quiet=True)

    def names() -> set[str]:
        table = read_photos(source, silent, columns=config.columns).table
        return set(table.frame["photo"].to_list())

    return Originals(source if source.is_dir() else source.parent, names)


def photos_of_split(table: "PhotoTable", split: str, sink: Sink) -> "PhotoTable":
    """The photos of a split; every photo for "all", or if the table has no split.

    Args:
        table: The photos.
        split: `train`, `val`, `test` or `all`.
        sink: Where a notice goes if the table has no split.

    Raises:
        PhotoTableError: The table has splits, but no photo in this split.
    """
    from geoguess_cli import api

    if split != "all" and not table.has("split"):
        sink.notice(
            f"the photo table has no split, so all {len(table)} photos are used; "
            "`geoguess data split` assigns one"
        )
    return api.photos_of_split(table, split)


def require_splits(table: "PhotoTable", *names: str) -> None:
    """Raise PhotoTableError unless the table has photos in each of these splits."""
    missing = [name for name in names if name not in table.splits]
    if missing:
        raise PhotoTableError(
            f"the photo table has no {' and no '.join(missing)} photos; "
            "`geoguess data split` assigns them, by drive if drives are known, else by place"
        )


def check_leaks(table: "PhotoTable", split: str, sink: Sink) -> "LeakReport | None":
    """Say in one line whether the photos of a split share drives or places with training photos.

    The table alone decides; no photo is opened. A leaking split gives a warning with the remedy.

    Args:
        table: The whole table, including its training photos.
        split: The split that a model is to be judged on.
        sink: Where the line goes.

    Returns:
        The report; None if there is nothing to compare: the split is `train` or has no photo, or
        the table has no training photos.
    """
    from geoguess_cli.photos.leaks import find_leaks

    if split == "train" or not {"train", split} <= table.splits.keys():
        return None
    report = find_leaks(table, between=("train", split))
    if report.level == "leaking":
        sink.warn(
            f"{report.verdict}; accuracy on {split} will look better than on new places. "
            f"{report.advice}"
        )
    else:
        sink.notice(f"leak check: {report.verdict}")
    return report


@dataclass(frozen=True)
class PhotoArguments:
    """The photos that the arguments of a verb name.

    Attributes:
        files: The photos, in the order of the arguments.
        tables: The photo tables among the arguments, by resolved path.
    """

    files: "Sequence[PhotoFile]"
    tables: dict[Path, "PhotoTable"]


def expand_photos(
    names: Sequence[Path], sink: Sink, *, columns: ColumnsConfig | None = None
) -> PhotoArguments:
    """The photos named one by one, by a folder (searched with its subfolders and the archives in
    it), by an archive or by a photo table.

    Args:
        names: Photo files, members such as `00.zip/a.jpg`, folders, archives and photo tables.
        sink: Where it goes what a folder leaves out, and each row that a table leaves out.
        columns: What the tables call their columns.

    Raises:
        MissingFileError: A name is neither a file nor a folder.
        PhotoTableError: A folder has no photo, or a table cannot be read.
    """
    from geoguess_cli.photos.kinds import PHOTO_SUFFIXES

    parts: list[Sequence[PhotoFile]] = []
    tables: dict[Path, PhotoTable] = {}
    for name in names:
        if name.suffix.lower() in PHOTO_SUFFIXES and name.is_file():
            parts.append([name])
        else:
            parts += _photos_of(name, sink, columns, tables)
    parts = [part for part in parts if len(part)]
    # A table alone stays as compact as it is; it can have millions of photos.
    files = parts[0] if len(parts) == 1 else [file for part in parts for file in part]
    return PhotoArguments(files, tables)


def _photos_of(
    name: Path, sink: Sink, columns: ColumnsConfig | None, tables: "dict[Path, PhotoTable]"
) -> "list[Sequence[PhotoFile]]":
    """The photos of one argument; a table goes to `tables` too."""
    from geoguess_cli.photos.archives import ARCHIVE_SUFFIXES
    from geoguess_cli.photos.files import TABLE_SUFFIXES
    from geoguess_cli.photos.kinds import PHOTO_SUFFIXES
    from geoguess_cli.sources.folder import FolderPhotos, photos_below
    from geoguess_cli.sources.packed import find_archives, photo_at, photos_in

    archive = name.is_file() and name.suffix.lower() in ARCHIVE_SUFFIXES
    if archive or name.is_dir():
        loose = FolderPhotos(name) if archive else photos_below(name)
        inside = photos_in([name] if archive else find_archives(name))
        if not loose.photos and not inside:
            raise PhotoTableError(
                f"{name} has no photo; a photo ends in {', '.join(PHOTO_SUFFIXES)}"
                + "".join(f"; {notice}" for notice in loose.notices)
            )
        for notice in loose.notices:
            sink.notice(notice)
        return [loose.paths, inside]
    if name.suffix.lower() in TABLE_SUFFIXES:
        table = tables[name.resolve()] = read_photos(name, sink, columns=columns).table
        return [table.files]
    if (file := photo_at(name)) is None:
        raise MissingFileError(f"{name} does not exist; name a photo, a folder or a table")
    return [[file]]


def truths_of(
    photos: PhotoArguments, config: Config, sink: Sink, given: tuple[float, float] | None = None
) -> list[tuple[float, float] | None]:
    """Latitude and longitude of each photo, in degrees: by the photo table, else by its EXIF.

    The configured photo table is read here unless it is one of the arguments.

    Args:
        photos: The photos; None is returned for one whose place is unknown.
        config: It names the photo table.
        sink: Where a warning goes for each row of the table that was left out.
        given: The value of --truth, for the only photo.

    Raises:
        typer.BadParameter: --truth was given for several photos.
    """
    from geoguess_cli.photos.truth import find_truths

    if given is not None and len(photos.files) > 1:
        raise typer.BadParameter(f"--truth takes one photo; {len(photos.files)} were given")
    if given is not None:
        return [given]
    table = photos.tables.get(config.photos.resolve())
    if table is None and is_there(config.photos):
        # --column speaks of the tables among the arguments, if there are any.
        columns = replace(config.columns, demanded=()) if photos.tables else config.columns
        table = read_photos(config.photos, sink, columns=columns).table
    return find_truths(photos.files, table)
