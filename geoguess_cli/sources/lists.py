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


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The rows of a list; its photos are below its folder, or below the source."""
    (file,) = files
    columns = view.columns(file)
    if not view.path.is_dir():
        return view.located(view.rows(file, columns))
    view.notices.append(f"{view.path}: its list {file.relative_to(view.path).as_posix()} is read")
    return view.located(view.rows(file, columns, root=view.path, prefix=""))


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
    recognise=_list_with("photo_id", "photo_location_latitude", "photo_location_longitude"),
    read=_read,
)
