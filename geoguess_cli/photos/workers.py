"""How many processes decode photos."""

import os
import shutil
import warnings
from pathlib import Path

from geoguess_cli.errors import GeoguessWarning
from geoguess_cli.wording import byte_size, counted

FEW_PHOTOS = 256
MAX_WORKERS = 8


PREFETCH = 2
"""Batches that a worker makes before they are asked for."""

SHARED_MEMORY = Path("/dev/shm")


def automatic_workers(photos: int, *, few: int = FEW_PHOTOS) -> int:
    """The number of decoding processes for some photos: 0 for few photos, at most one a core.

    Args:
        photos: Number of photos.
        few: For fewer photos than this it takes longer to start a process than to decode them.
    """
    if photos < few:
        return 0
    return min(usable_cores(), MAX_WORKERS)


def workers_of_each(workers: int, photos: int, processes: int) -> int:
    """The decoding processes of each of several processes that share a machine.

    Args:
        workers: The number that is wanted for each; -1 chooses by the machine.
        photos: Number of photos of each.
        processes: Their number on this machine.
    """
    if workers >= 0 or processes == 1:
        return workers
    return automatic_workers(photos) // processes


def workers_that_fit(workers: int, batch_bytes: int, *, folder: Path = SHARED_MEMORY) -> int:
    """The number of workers, or fewer, whose batches fit in the shared memory that is free.

    A worker hands its batches over in shared memory, of which a container often has only 64 MB.
    Where it is full, a worker cannot deliver, and the reader of its batches would wait for ever.

    Args:
        workers: The number that is wanted.
        batch_bytes: Size of a batch.
        folder: Where the system shows its shared memory; a system without it has no such limit.
    """
    if workers == 0 or not folder.is_dir():
        return workers
    free = shutil.disk_usage(folder).free
    # Each worker has PREFETCH batches under way, and the reader holds one and takes the next.
    fitting = min(workers, max(0, (free // max(batch_bytes, 1) - 2) // PREFETCH))
    if fitting < workers:
        chosen = counted(fitting, "worker") if fitting else "no workers"
        need = byte_size((workers * PREFETCH + 2) * batch_bytes)
        warnings.warn(
            f"{counted(workers, 'worker')} may need {need} of shared memory, and {folder} has "
            f"{byte_size(free)}: {chosen} decode the photos. A container gets more with "
            "--shm-size 1g",
            GeoguessWarning,
            stacklevel=2,
        )
    return fitting


def usable_cores() -> int:
    """The number of cores that this process may use; a container can have fewer than a machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
