"""The true places of photos, by the photo table or by EXIF."""

from collections.abc import Sequence

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import PhotoFile, base_name, same_place
from geoguess_cli.photos.position import read_position
from geoguess_cli.photos.table import PhotoTable


def find_truths(
    photos: Sequence[PhotoFile], table: PhotoTable | None = None
) -> list[tuple[float, float] | None]:
    """Latitude and longitude of each photo, in degrees: by the photo table, else by its EXIF.

    Args:
        photos: The photos.
        table: The photo table, searched by resolved path before the EXIF is read.

    Returns:
        A place for each photo; None if the place is unknown or the photo is unreadable.
    """
    known: dict[PhotoFile, tuple[float, float]] = {}
    if table is not None:
        # Names are compared first, because resolving a path asks the file system.
        names = {base_name(photo) for photo in photos}
        for row, name in enumerate(table.files.base_names()):
            if name in names:
                latitude, longitude = table.latlng[row].tolist()
                known.setdefault(same_place(table.files[row]), (latitude, longitude))
    return [known.get(same_place(photo)) or _by_exif(photo) for photo in photos]


def _by_exif(photo: PhotoFile) -> tuple[float, float] | None:
    try:
        return read_position(photo)
    except PhotoError:
        return None
