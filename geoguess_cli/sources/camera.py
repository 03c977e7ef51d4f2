"""A folder of photos whose camera wrote the place into their EXIF."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView


def _photos(view: "SourceView") -> list[Path]:
    return view.photos


def _read(view: "SourceView", photos: Sequence[Path]) -> "Rows":
    return view.rows_by_exif(photos)


FOLDER = Layout(
    name="exif",
    title="folder of photos with GPS in their EXIF",
    signs="photos with GPS in their EXIF",
    recognise=_photos,
    read=_read,
)
