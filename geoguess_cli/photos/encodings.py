"""The encoding of a table of text, recognised by its bytes."""

import codecs
from collections.abc import Callable
from pathlib import Path

from geoguess_cli.errors import PhotoTableError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, and the codec that reads each and drops the mark."""

_CHUNK_BYTES = 1 << 22


def marked_encoding(path: Path) -> str | None:
    """The encoding that the first bytes of a file show; None if they show none.

    UTF-16 without a mark shows by its zero bytes: every second byte of plain text is one.
    """
    with path.open("rb") as file:
        head = file.read(1024)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    half = len(head) // 2
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = head[start::2].count(0), head[1 - start :: 2].count(0)
        if half and zeros >= 0.8 * half and not others:
            return encoding
    return None


def encoding_of(path: Path, *, notice: Callable[[str], object] | None = None) -> str:
    """The codec that decodes the whole of a file: by its mark, else UTF-8, else Windows-1252.

    Args:
        path: A text file.
        notice: Called with a line for the user if the encoding had to be guessed.

    Raises:
        PhotoTableError: No encoding decodes the file.
    """
    marked = marked_encoding(path)
    for encoding in [marked] if marked else ["utf-8-sig", "cp1252"]:
        if _decodes(path, encoding):
            if encoding == "cp1252" and notice is not None:
                notice(
                    f"{path} is not UTF-8 text and was read as Windows-1252; if names look wrong, "
                    "save it as UTF-8"
                )
            return encoding
    name = marked or "UTF-8 or Windows-1252"
    raise PhotoTableError(
        f"{path} cannot be read as a table: it is not {name} text; save it as UTF-8"
    )


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def whole_text(text: str) -> str:
    """The text with each half of a surrogate pair replaced by U+FFFD; no file could hold it.

    >>> whole_text("pier \\ud83c"), whole_text("\\ud83c\\udf05")
    ('pier \N{REPLACEMENT CHARACTER}', '\N{SUNRISE}')
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
