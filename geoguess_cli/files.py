"""Writing files whole or not at all, and records as text."""

import csv
import errno
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
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


def part_of(path: Path) -> Path:
    """The file in which a file of lines grows until it is whole."""
    return path.with_name(f"{path.name}.part")


def write_lines(lines: Iterable[str], path: Path) -> None:
    """Write a UTF-8 text file line by line as the lines come, so that an error loses none of them.

    The file grows as `part_of(path)`, which gets the name `path` once it is whole. After an error,
    or a kill, it stays there.

    Raises:
        OutputError: `path` is a folder, its disk is full, or it cannot be written there.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the path of a file")
    part = part_of(path)
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Each line goes to the disk as it ends.
        with part.open("w", encoding="utf-8", errors=WRITABLE, buffering=1) as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def json_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON object a line."""
    for record in records:
        yield json.dumps(record, ensure_ascii=False, default=str) + "\n"


def csv_lines(records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """CSV with a heading row; truth values are written as in JSON, true and false."""
    line = io.StringIO()
    writer = None
    for record in records:
        if writer is None:
            writer = csv.DictWriter(line, fieldnames=list(record), lineterminator="\n")
            writer.writeheader()
        writer.writerow(
            {key: str(own).lower() if isinstance(own, bool) else own for key, own in record.items()}
        )
        yield line.getvalue()
        line.seek(0)
        line.truncate()
