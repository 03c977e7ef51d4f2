"""Memory: how much is free, and what an error says of a shortage."""

import re
from pathlib import Path

from geoguess_cli.wording import byte_size

_SHORT = (
    "defaultcpuallocator",  # torch on a CPU
    "std::bad_alloc",  # its libraries
    "out of memory",  # torch on a GPU
    "could not create a memory object",  # oneDNN
    "could not create a primitive",
    "cannot allocate memory",  # the system
)
"""One of these is in the message, in lower case, where there was not enough memory."""

_UNITS = {
    "bytes": 1,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "kb": 2**10,
    "mb": 2**20,
    "gb": 2**30,
}
_ASKED = re.compile(r"tr(?:ied|ying) to allocate ([\d.]+) (bytes|[kmg]i?b)", re.IGNORECASE)


def shortage(error: BaseException) -> str | None:
    """How much memory was asked for in vain, in words; None for an error of another kind.

    >>> shortage(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."))
    '2.1 GB more were needed'
    >>> shortage(MemoryError()), shortage(RuntimeError("shapes do not match"))
    ('there is too little memory', None)
    """
    text = str(error)
    known = isinstance(error, RuntimeError | OSError)
    short = known and any(words in text.lower() for words in _SHORT)
    if not short and not isinstance(error, MemoryError):
        return None
    asked = _ASKED.search(text)
    if asked is None:
        return "there is too little memory"
    size = float(asked[1]) * _UNITS[asked[2].lower()]
    return f"{byte_size(size)} more were needed"


_LIMITS = (
    ("memory.max", "memory.current"),  # a container by cgroup v2
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),  # v1
)


def free_memory(
    *, processes: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Bytes of memory that this machine or its container can still give; None if it does not say.

    Args:
        processes: Where Linux shows its memory.
        groups: Where Linux shows the limit of a container.
    """
    try:
        lines = (processes / "meminfo").read_text(encoding="ascii").splitlines()
        (kilobytes,) = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        free = [int(kilobytes) * 1024]
    except (OSError, ValueError):
        return None
    for limit, used in _LIMITS:
        try:
            most, now = (int((groups / name).read_text(encoding="ascii")) for name in (limit, used))
        except (OSError, ValueError):  # "max" is no limit
            continue
        free.append(most - now)
    return max(0, min(free))
