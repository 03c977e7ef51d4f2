"""Writing files whole or not at all, and records as text."""

import csv
import errno
import io
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from geoguess_cli.errors import OutputError
from geoguess_cli.names import WRITABLE, text_of


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path`; it replaces `path` if the block ends well.

    The folder is made if need be. After an error the old file is unchanged and the temporary file
    is deleted. Both paths have the same ending, because some writers choose a format by it.

    Raises:
        OutputError: `path` is a folder, its disk is full, or it cannot be written there.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the path of a file")
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Faults of the disk while `path` is written become errors of one line.

    Raises:
        OutputError: The disk of `path` is full, or it cannot be written there.
    """
    try:
        yield
    except OSError as error:
        fault = _fault_of_writing(error, path)
        if fault is None:
            raise
        raise OutputError(fault) from error


_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG),
    *(errno.ENOTDIR, errno.EEXIST, errno.EIO),
}


def _fault_of_writing(error: OSError, path: Path) -> str | None:
    """What an error says of the disk that `path` lies on; None for an error of another kind."""
    # Polars gives the number of the error in its text only.
    number = error.errno or next(
        (int(digits) for digits in re.findall(r"\(os error (\d+)\)", str(error))), None
    )
    if number in _FULL:
        return (
            f"no space is left to write {path}; free some, or give a path on another disk. "
            "Nothing was replaced"
        )
    if number in _REFUSED and str(path.parent) in str(error.filename or path):
        reason = os.strerror(number).lower()
        return f"{path} cannot be written: {reason}; give a path where you may write"
    return None


def readable(path: Path) -> Path | io.BytesIO:
    """A file for libraries that know paths in UTF-8 only: its path, else its content."""
    return path if text_of(path) == str(path) else io.BytesIO(path.read_bytes())


def write_text(text: str, path: Path) -> None:
    """Write a UTF-8 text file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", errors=WRITABLE)


def json_lines(records: Sequence[Mapping[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False, default=str) + "\n" for record in records)


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """CSV with a heading row; truth values are written as in JSON, true and false."""
    if not records:
        return ""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(
            {key: str(own).lower() if isinstance(own, bool) else own for key, own in record.items()}
        )
    return buffer.getvalue()
