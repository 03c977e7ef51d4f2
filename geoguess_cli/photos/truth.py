"""Where one photo was really taken, as far as anybody wrote it down."""

from pathlib import Path

from geoguess_cli.photos.exif import read_exif_gps
from geoguess_cli.photos.table import PhotoTable


def find_truth(photo: Path, table: PhotoTable | None = None) -> tuple[float, float] | None:
    """Latitude and longitude of a photo, in degrees: by the photo table, else by its EXIF.

    Args:
        photo: The photo file.
        table: Where to look first; a photo is known by its resolved path.
    """
    if table is not None:
        wanted = photo.resolve()
        for row, path in enumerate(table.paths):
            # Names first: resolving a path asks the file system.
            if path.name == photo.name and path.resolve() == wanted:
                latitude, longitude = table.latlng[row].tolist()
                return latitude, longitude
    return read_exif_gps(photo)
