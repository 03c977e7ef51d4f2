"""A photo table with its photos, written for other tools."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.choices import ExportFormat
from geoguess_cli.errors import GeoguessWarning

if TYPE_CHECKING:
    from geoguess_cli.photos.table import PhotoTable


def export_photos(
    photos: "PhotoTable",
    folder: str | Path,
    *,
    to: ExportFormat,
    force: bool = False,
    on_photo: Callable[[int], None] | None = None,
) -> int:
    """The number of photos written as WebDataset tars, an imagefolder, or stored zips.

    `read_photos` reads each of them again, with the same rows.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    print(gg.export_photos(photos, "export", to="webdataset"))
    ```

    Args:
        photos: The photo table. Photos that cannot be read are left out, with a Python warning.
        folder: Where to write; it must be empty or not exist.
        to: "webdataset", "imagefolder" or "zip".
        force: Replace an earlier export in the folder.
        on_photo: Called with the number of photos done.

    Raises:
        OutputError: The folder holds other files, or the photos themselves; the disk has too
            little room; or a file cannot be written.
    """
    from geoguess_cli.sources.exports import Export

    job = Export(photos, to, Path(folder))
    job.write(force=force, on_photo=on_photo)
    if job.failures:
        name, reason = job.failures[0]
        warnings.warn(
            f"{len(job.failures)} photos are left out, such as {name}: {reason}",
            GeoguessWarning,
            stacklevel=2,
        )
    return len(photos) - len(job.failures)
