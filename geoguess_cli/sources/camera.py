"""A folder of photos whose camera wrote the place into their EXIF."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView


def _photos(view: "SourceView") -> list[Path]:
    return view.photos


def _read(view: "SourceView", photos: Sequence[Path]) -> "Rows":
    """The photos that have a position of their own.

    Raises:
        PhotoTableError: None has, and their folders are named for countries, as in downloads for
            classifying countries.
    """
    rows = view.rows_by_exif(photos)
    named = [] if len(rows.frame) else _countries({photo.parent.name for photo in photos})
    if named:
        raise PhotoTableError(
            f"{view.path}: no photo has coordinates, only a folder for its country or region "
            f"({', '.join(named[:2])}, …); geoguess learns where in a country a photo was taken, "
            "so each photo needs a latitude and a longitude: list them in a table with the "
            "columns photo, latitude, longitude, and run `geoguess data import TABLE`"
        )
    return rows


def _countries(folders: set[str]) -> list[str]:
    """The names of folders if most of them are countries or regions, and two or more; else none."""
    from geoguess_cli.geo.basemap import load_basemap

    basemap = load_basemap()
    layers = (basemap.countries, basemap.regions)
    names = {name.casefold() for layer in layers for name in (*layer.names, *layer.codes) if name}
    named = sorted(name for name in folders if name.replace("_", " ").casefold() in names)
    return named if len(named) >= max(2, len(folders) / 2) else []


FOLDER = Layout(
    name="exif",
    title="folder of photos with GPS in their EXIF",
    signs="photos with GPS in their EXIF",
    recognise=_photos,
    read=_read,
)
