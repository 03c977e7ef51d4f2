"""A zip or tar of photos, or a folder of them, without a table: the photos' EXIF has the places."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.archives import ARCHIVE_SUFFIXES
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")
_CLOSED = (*_COMPRESSED, ".7z", ".rar")


def is_closed(path: Path) -> bool:
    """Whether a file is an archive from which no member can be read without unpacking it."""
    return path.name.lower().endswith(_CLOSED)


def archives_of(view: "SourceView") -> list[Path]:
    """The source itself if it is an archive, else the archives below it that hold a photo."""
    if view.path.is_dir():
        return view.packed.archives if len(view.packed.photos) else []
    return [view.path] if view.path.name.lower().endswith(ARCHIVE_SUFFIXES) else []


def _archive(view: "SourceView") -> list[Path]:
    if view.path.is_dir():
        return []
    compressed = view.path.name.lower().endswith(_COMPRESSED)
    return [view.path] if compressed else archives_of(view)


def _read(view: "SourceView", _: Sequence[Path]) -> "Rows":
    packed, loose = view.packed, view.photos if view.path.is_dir() else []
    rows = view.rows_by_exif([*packed.photos, *loose])
    if len(packed.tables):
        view.notices.append(_taken_out(view))
        if rows.frame.is_empty():
            raise PhotoTableError(f"no photo in {view.path} has a GPS position; {view.notices[-1]}")
    return replace(rows, bad_rows=[*rows.bad_rows, *packed.refused, *packed.damaged])


def _taken_out(view: "SourceView") -> str:
    """The command that takes the first table out of an archive, to lie beside it."""
    archive, table = view.packed.tables.select("archive", "name").row(0)
    path = view.packed.home / archive
    beside = path.with_name(PurePosixPath(table).name)
    take = "unzip -p" if path.suffix.lower() == ".zip" else "tar -xOf"
    quoted = [shlex.quote(str(part)) for part in (path, table, beside)]
    return (
        f"{archive} holds the table {table}, which is read beside its archive only: "
        f"`{take} {quoted[0]} {quoted[1]} > {quoted[2]}`, then name {beside}"
    )


ARCHIVE = Layout(name="archives", title="", signs="", recognise=_archive, read=_read)
FOLDER = Layout(
    name="archives",
    title="zip or tar of photos with GPS in their EXIF, or a folder of them",
    signs="zips or tars of such photos",
    recognise=archives_of,
    read=_read,
)
