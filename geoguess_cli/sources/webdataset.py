"""WebDataset shards: tars (or zips) in which `KEY.jpg` has its place beside it in `KEY.json`."""

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.columns import split_name
from geoguess_cli.sources.layout import Layout
from geoguess_cli.sources.zips import archives_of

if TYPE_CHECKING:
    import polars as pl

    from geoguess_cli.photos.rows import BadRow
    from geoguess_cli.sources.view import Rows, SourceView

_TEXTS = ("cls", "txt")
"""Endings of small text files beside a photo, which become columns of this name."""

_MOST_BYTES = 1 << 20
"""Limit of a file beside a photo."""


def _shard(view: "SourceView") -> list[Path]:
    return [] if view.path.is_dir() else _shards(view)


def _shards(view: "SourceView") -> list[Path]:
    """The archives, if a photo of the first has a JSON file beside it."""
    import polars as pl

    archives = archives_of(view)
    if not archives:
        return []
    keyed = _keyed(view.packed.files)
    first = keyed.filter(pl.col("archive") == pl.col("archive").first())
    described = first.filter(first["kind"] == "json")["key"].implode()
    photos = first.filter(first["is_photo"])
    return archives if photos["key"].is_in(described).any() else []


def _keyed(files: "pl.DataFrame") -> "pl.DataFrame":
    """The files with their key: the path up to the first dot of the file name, as in WebDataset."""
    import polars as pl

    from geoguess_cli.sources.packed import is_photo

    name = pl.col("name")
    return files.with_columns(
        name.str.extract(r"^((?:.*/)?[^/.]*)", 1).alias("key"),
        name.str.extract(r"[.]([^./]*)$", 1).str.to_lowercase().alias("kind"),
        is_photo().alias("is_photo"),
    )


def _read(view: "SourceView", _: Sequence[Path]) -> "Rows":
    import polars as pl

    from geoguess_cli.photos.rows import ROW
    from geoguess_cli.sources.view import Rows

    parts, bad_rows = [], list(view.packed.damaged)
    for shard in _keyed(view.packed.files).partition_by("archive", maintain_order=True):
        frame, bad = _shard_rows(view.packed.home, shard)
        parts.append(frame)
        bad_rows += bad
    frame = pl.concat(parts, how="diagonal_relaxed")
    frame = frame.with_columns(pl.col(ROW).cast(pl.UInt32))
    return Rows(frame, view.packed.home.resolve(), bad_rows, located=True)


def _shard_rows(home: Path, shard: "pl.DataFrame") -> "tuple[pl.DataFrame, list[BadRow]]":
    """The checked rows of one shard; a row's number is that of its photo in the shard."""
    import polars as pl

    from geoguess_cli.photos.columns import ARCHIVE_COLUMNS
    from geoguess_cli.photos.rows import FILE, ROW, BadRow, checked_rows, reject

    archive = str(shard["archive"][0])
    photos = shard.filter("is_photo").with_row_index(ROW, offset=1)
    records, unread = _records(home, shard)
    header = dict.fromkeys(name for record in records.values() for name in record)
    columns = _columns(home / archive, list(header)) if records else {}
    described = pl.DataFrame(
        {name: [record.get(own) for record in records.values()] for name, own in columns.items()},
        schema=dict.fromkeys(columns, pl.String()),
    ).with_columns(pl.Series("@key", list(records), dtype=pl.String))
    frame = photos.with_columns(
        pl.col("key").alias("@key"), pl.format("{}/{}", "archive", "name").alias("photo")
    ).select(ROW, "@key", "photo", "refused", pl.lit(archive).alias(FILE), *ARCHIVE_COLUMNS)
    frame = frame.join(described, on="@key", how="left", maintain_order="left")
    lacking = ~pl.col("@key").is_in(list(records))
    reason = pl.coalesce(
        pl.format("{} {}", "photo", "refused"),
        pl.when(lacking).then(pl.format("{} has no {}.json beside it", "photo", "@key")),
    )
    frame, bad = reject(frame, reason)
    ids = {} if "id" in columns else {"id": pl.col("@key").str.extract(r"([^/]*)$", 1)}
    split = None if "split" in columns else _split_of(archive)
    sides = {} if split is None else {"split": pl.lit(split)}
    frame = frame.with_columns(**ids, **sides).drop("@key", "refused", FILE)
    if not columns:  # every photo of the shard is bad
        nothing = pl.lit(None, pl.String)
        frame = frame.with_columns(latitude=nothing, longitude=nothing)
    frame, wrong = checked_rows(frame, file=archive)
    alone = sorted(records.keys() - set(photos["key"]))
    lone = [BadRow(0, f"{archive}/{key}.json has no photo beside it") for key in alone]
    return frame, [*unread, *bad, *wrong, *lone]


def _columns(archive: Path, header: Sequence[str]) -> dict[str, str]:
    """The name in the JSON files of each column: those of a photo table, then all others.

    Raises:
        PhotoTableError: They have no latitude or no longitude.
    """
    from geoguess_cli.photos.columns import (
        ARCHIVE_COLUMNS,
        OTHER_NAMES,
        REQUIRED_COLUMNS,
        known_columns,
    )

    known = known_columns(header, photo=(), other={**OTHER_NAMES, "photo": ()})
    for column in ("latitude", "longitude"):
        if column not in known and "point" not in known:
            raise PhotoTableError(
                f"the .json files in {archive} have no {column}; they have {', '.join(header)}; "
                f"write it in them as `{column}`, or name a table with the places"
            )
    taken = {*known.values(), *known, *ARCHIVE_COLUMNS, *REQUIRED_COLUMNS}
    return {**known, **{name: name for name in header if name not in taken}}


def _records(
    home: Path, shard: "pl.DataFrame"
) -> "tuple[dict[str, dict[str, str | None]], list[BadRow]]":
    """What the files beside each photo say, by the photo's key; and the files that say nothing."""
    import polars as pl

    from geoguess_cli.photos.rows import BadRow
    from geoguess_cli.sources.packed import member_list

    archive = str(shard["archive"][0])
    sound = pl.col("refused").is_null() & (pl.col("length") <= _MOST_BYTES)
    beside = shard.filter(sound & pl.col("kind").is_in(["json", *_TEXTS]))
    records: dict[str, dict[str, str | None]] = {}
    texts: list[tuple[str, str, str]] = []
    bad: list[BadRow] = []
    files = member_list(beside, home)
    for key, kind, file in zip(beside["key"], beside["kind"], files, strict=True):
        content = file.read_bytes().decode("utf-8", "replace")
        if kind in _TEXTS:
            texts.append((key, kind, content.strip()))
            continue
        record = _flat(content)
        if record is None:
            bad.append(BadRow(0, f"{archive}/{file.name} is not a JSON object"))
        else:
            records[key] = record
    for key, kind, text in texts:
        if key in records:
            records[key].setdefault(kind, text)
    return records, bad


def _flat(content: str) -> dict[str, str | None] | None:
    """The plain values of a JSON object as text; None if the text is no JSON object."""
    from geoguess_cli.photos.json_files import flat_texts

    try:
        # As text, so that an id of 16 digits is never taken for a float.
        record = json.loads(content, parse_int=str, parse_float=str, parse_constant=str)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    return {
        name: value and value.encode("utf-8", "replace").decode()  # half of a surrogate pair
        for name, value in flat_texts(record).items()
    }


def _split_of(archive: str) -> str | None:
    """The split that the name of a shard or else its folder says.

    >>> _split_of("x/osv5m-test_012.tar"), _split_of("validation/3.tar"), _split_of("00.tar")
    ('test', 'val', None)
    """
    path = PurePosixPath(archive)
    for name in (path.stem, *reversed(path.parent.parts)):
        for word in re.split(r"[^A-Za-z]+", name):
            if split := split_name(word):
                return split
    return None


SHARD = Layout(name="webdataset", title="", signs="", recognise=_shard, read=_read)
FOLDER = Layout(
    name="webdataset",
    title="WebDataset shards (KEY.jpg and KEY.json in tars)",
    signs="tars with KEY.jpg and KEY.json",
    recognise=_shards,
    read=_read,
)
