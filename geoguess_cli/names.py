"""Names of files as text, and back: the one place that decides how names are written.

A name on disk is bytes, and not all are UTF-8: archives and old disks bring `caf\\xe9.jpg`. Python
holds such a byte as half a surrogate pair, which no file and no terminal takes. Here it is written
as in a URL, `caf%E9.jpg`, and read back from that. All other names stay as they are, accents that
are decomposed included.
"""

import codecs
import os
import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

WRITABLE = "geoguess.writable"
"""Name of the error handler of an encoding that writes what the encoding lacks, as `\\uXXXX`."""

_LONE = re.compile("[\ud800-\udfff]")
_BYTE = range(0xDC80, 0xDD00)  # how Python holds a byte from 80 to FF (PEP 383)


def text_of(path: object) -> str:
    """A path as text that every file takes; a part that is not UTF-8 is written as in a URL.

    Args:
        path: The path, or an object such as a member of an archive whose `str` is one.

    >>> text_of("a/caf\\udce9 100%.jpg"), text_of("a/100%.jpg")
    ('a/caf%E9 100%25.jpg', 'a/100%.jpg')
    """
    text = str(path)
    if not _LONE.search(text):
        return text
    return "/".join(_escaped(part) if _LONE.search(part) else part for part in text.split("/"))


def is_there(path: Path) -> bool:
    """Whether there is something at a path; False too for a name that no file can have.

    `Path.exists` raises an error for a name that is too long.

    >>> is_there(Path("a" * 10_000))
    False
    """
    return os.path.exists(path)


def file_of(path: Path) -> Path:
    """The file that a path means: the path itself, or the file that `text_of` writes so.

    >>> file_of(Path("absent/caf%E9.jpg")) == Path("absent/caf\\udce9.jpg")
    True
    """
    if "%" not in str(path) or is_there(path):
        return path
    return Path(*(_unescaped(part) for part in path.parts))


def plain_text(text: str) -> str:
    """A text that every file takes: a byte of a name as in a URL, another half character as �.

    >>> plain_text("caf\\udce9 \\ud83c")
    'caf%E9 �'
    """
    return _LONE.sub(_plain, text)


def _plain(lone: re.Match[str]) -> str:
    code = ord(lone[0])
    return f"%{code - 0xDC00:02X}" if code in _BYTE else "\N{REPLACEMENT CHARACTER}"


def _escaped(part: str) -> str:
    return plain_text(part.replace("%", "%25"))


def _unescaped(part: str) -> str:
    """The name that is written so, if it is one that is not UTF-8; else the part itself."""
    if _LONE.search(part):  # it is a name as on disk already
        return part
    name = unquote_to_bytes(part).decode("utf-8", "surrogateescape")
    return name if _LONE.search(name) else part


def _writable(error: UnicodeError) -> tuple[bytes, int]:
    """The characters that cannot be encoded, in bytes that can be written."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = plain_text(error.object[error.start : error.end])
    return b"".join(_encoded(character, error.encoding) for character in text), error.end


def _encoded(character: str, encoding: str) -> bytes:
    """A character in an encoding; one that it lacks as `\\uXXXX`, which JSON reads back."""
    try:
        return character.encode(encoding)
    except UnicodeEncodeError:
        units = character.encode("utf-16-be").hex()
        text = "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
        return text.encode(encoding)


codecs.register_error(WRITABLE, _writable)
