"""Where photos were really taken, as far as anybody wrote it down."""

from collections.abc import Sequence
from pathlib import Path

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.exif import read_exif_gps
from geoguess_cli.photos.table import PhotoTable


def find_truth(photo: Path, table: PhotoTable | None = None) -> tuple[float, float] | None:
    """Latitude and longitude of a photo, in degrees: by the photo table, else by its EXIF.

    Args:
        photo: The photo file.
        table: Where to look first; a photo is known by its resolved path.
    """
    return find_truths([photo], table)[0]


def find_truths(
    photos: Sequence[Path], table: PhotoTable | None = None
) -> list[tuple[float, float] | None]:
    """Latitude and longitude of each photo, as by `find_truth`; None for an unreadable one.

    Args:
        photos: The photo files.
        table: Where to look first.
    """
    known: dict[Path, tuple[float, float]] = {}
    if table is not None:
        # Names first: resolving a path asks the file system.
        wanted = {photo.name for photo in photos}
        for row, path in enumerate(table.paths):
            if path.name in wanted:
                latitude, longitude = table.latlng[row].tolist()
                known.setdefault(path.resolve(), (latitude, longitude))
    return [known.get(photo.resolve()) or _by_exif(photo) for photo in photos]


def _by_exif(photo: Path) -> tuple[float, float] | None:
    try:
        return read_exif_gps(photo)
    except PhotoError:
        return None
