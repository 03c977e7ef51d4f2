"""How many processes decode photos."""

import os

FEW_PHOTOS = 256
MAX_WORKERS = 8


def automatic_workers(photos: int) -> int:
    """The number of decoding processes for some photos: 0 for few photos, at most one a core."""
    if photos < FEW_PHOTOS:
        return 0
    return min(_usable_cores(), MAX_WORKERS)


def _usable_cores() -> int:
    """The number of cores that this process may use; a container can have fewer than a machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
