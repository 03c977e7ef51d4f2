"""Parquet files with the photos inside, as Hugging Face publishes data sets: one, or shards."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.columns import REQUIRED_COLUMNS
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_PLACES = ("*.parquet", "*/*.parquet", "*/*/*.parquet")
"""Where shards lie in a folder, such as `data/train-00000-of-00002.parquet`."""


def _files(view: "SourceView") -> list[Path]:
    """The source itself, or the Parquet files in it, if they have a column of photos."""
    if view.path.is_file():
        files = [view.path] if view.path.suffix.lower() == ".parquet" else []
    else:
        paths = sorted(path for place in _PLACES for path in view.path.glob(place))
        files = [path for path in paths if not _hidden(path.relative_to(view.path))]
    first = next((file for file in files if _holds_photos(file)), None)
    if first is None or set(REQUIRED_COLUMNS) <= set(view.header(first)):
        return []  # or it is a photo table, whatever else it holds
    return files


def _holds_photos(file: Path) -> bool:
    """Whether a file can be read and has a column of photos."""
    from geoguess_cli.sources.parquet_files import image_column

    try:
        return image_column(file) is not None
    except PhotoTableError:
        return False


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    from geoguess_cli.sources.parquet_photos import read_parquet_photos

    return read_parquet_photos(view, files)


SHARDS = Layout(
    name="parquet images",
    title="Parquet files with the photos inside",
    signs="Parquet files with a column of photos",
    recognise=_files,
    read=_read,
)
