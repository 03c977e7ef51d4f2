"""Room on a disk, looked at before hours of writing."""

import shutil
from pathlib import Path

from geoguess_cli.errors import OutputError
from geoguess_cli.wording import byte_size


def require_room(folder: Path, needed: int) -> None:
    """Raise OutputError if the disk of a folder has too little room.

    Args:
        folder: The folder; it need not exist yet.
        needed: Bytes to be written.
    """
    folder = folder.resolve()
    home = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(home).free
    if needed > free:
        raise OutputError(
            f"the photos take {byte_size(needed)}, and {home} has {byte_size(free)} left; "
            f"free {byte_size(needed - free)}, or name a place on another disk with -o"
        )
