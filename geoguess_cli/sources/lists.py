"""Published lists of photos: a table, by itself or in a folder, beside or above its photos."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView


def _list_with(*columns: str) -> "Callable[[SourceView], list[Path]]":
    """Recognises the one table of a source whose header has these columns, in any letter case."""

    def recognise(view: "SourceView") -> list[Path]:
        return view.table_with(columns)

    return recognise


def _unsplash_parts(view: "SourceView") -> list[Path]:
    """The parts of Unsplash's list, such as `photos.tsv000` and `photos.tsv001`."""
    return view.tables_with(
        ("photo_id", "photo_location_latitude", "photo_location_longitude"),
    )


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The rows of a list in all its parts; photos are below its folder, or below the source."""
    from geoguess_cli.sources.rows import joined

    if not view.path.is_dir():
        (file,) = files
        return view.located(view.rows(file, view.columns(file)))
    names = ", ".join(file.relative_to(view.path).as_posix() for file in files)
    view.notices.append(f"{view.path}: its list {names} is read")
    parts = [view.rows(file, view.columns(file), root=view.path, prefix="") for file in files]
    return view.located(joined(parts))


IM2GPS = Layout(
    name="im2gps",
    title="Im2GPS, YFCC4k or MP-16 list",
    signs="the list of a published data set",
    recognise=_list_with("img_id", "lat", "lon"),
    read=_read,
)
GEOCLIP = Layout("im2gps", "", "", _list_with("img_file", "lat", "lon"), _read)
STREETSCAPES = Layout(
    name="streetscapes",
    title="Global Streetscapes",
    signs="",
    recognise=_list_with("uuid", "source", "orig_id", "lat", "lon"),
    read=_read,
)
UNSPLASH = Layout(
    name="unsplash",
    title="Unsplash Dataset",
    signs="",
    recognise=_unsplash_parts,
    read=_read,
)
