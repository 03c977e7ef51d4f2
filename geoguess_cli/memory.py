"""Memory: what an error says of a shortage, in words."""

import re

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
