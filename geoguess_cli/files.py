"""Writing files whole or not at all, and records as text."""

import csv
import errno
import io
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from geoguess_cli.errors import BusyError, GeoguessError, OutputError
from geoguess_cli.names import WRITABLE, text_of
from geoguess_cli.wording import byte_size


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path`; it replaces `path` if the block ends well.

    The folder is made if need be. After an error the old file is unchanged and the temporary file
    is deleted. Both paths have the same ending, because some writers choose a format by it.

    Raises:
        OutputError: `path` is a folder, its disk is full, or it cannot be written there.
    """
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        with writing(path):
            _check_no_folder(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def writing(path: Path, *, size: int | None = None) -> Iterator[None]:
    """Faults of the disk while `path` is written become errors of one line.

    Args:
        path: The file or folder that is written.
        size: Bytes that it takes, if they are known.

    Raises:
        OutputError: The disk of `path` is full, or it cannot be written there.
    """
    try:
        yield
    except GeoguessError:
        raise
    except Exception as error:  # libraries have their own classes for a full disk
        fault = _fault_of_writing(error, path, size)
        if fault is None:
            raise
        raise OutputError(fault) from error


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, if they do not exist.

    Raises:
        OutputError: The disk is full, or the folder cannot be made there.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def locked(folder: Path, *, busy: str | None = None) -> Iterator[None]:
    """A folder for this process alone; the lock ends with the process, however it ends.

    Args:
        folder: It must exist.
        busy: What the error says if another process holds the lock; None waits for it.

    Raises:
        OutputError: The folder cannot be written.
        BusyError: Another process holds the lock, and `busy` is a text.
    """
    import filelock  # takes a tenth of a second, and few verbs lock a folder

    lock = filelock.FileLock(folder / ".lock", blocking=busy is None)
    try:
        with writing(folder / ".lock"):
            lock.acquire()
    except filelock.Timeout as error:
        raise BusyError(busy) from error
    try:
        yield
    finally:
        lock.release()


def check_writable(path: Path) -> None:
    """Check, before work that takes long, that its result can be written.

    Args:
        path: A file or folder that need not exist.

    Raises:
        OutputError: Its disk is full, or its folder is read-only.
    """
    with writing(path):
        folder = _existing(path)
        if not os.access(folder, os.W_OK):
            raise OSError(errno.EACCES, "", str(folder))
        if not shutil.disk_usage(folder).free:
            raise OSError(errno.ENOSPC, "", str(folder))


def require_room(folder: Path, needed: int, *, what: str, elsewhere: str) -> None:
    """Check, before much is written, that the disk of a folder has room for it.

    Args:
        folder: The folder; it need not exist yet.
        needed: Bytes to be written.
        what: Subject and verb, such as "the photos take".
        elsewhere: How to write to another disk, as the end of "or …".

    Raises:
        OutputError: There is too little room.
    """
    home = _existing(folder)
    free = shutil.disk_usage(home).free
    if needed > free:
        raise OutputError(
            f"{what} {byte_size(needed)}, and {home} has {byte_size(free)} left; "
            f"free {byte_size(needed - free)}, or {elsewhere}"
        )


def _existing(path: Path) -> Path:
    """The path, or the first folder above it, that is a folder."""
    return next(own for own in (path, *path.absolute().parents) if own.is_dir())


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the path of a file")


_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG),
    *(errno.ENOTDIR, errno.EEXIST, errno.EIO),
}


def _fault_of_writing(error: Exception, path: Path, size: int | None) -> str | None:
    """What an error says of the disk that `path` lies on; None for an error of another kind."""
    number = _system_error(error)
    if number in _FULL:
        needed = "" if size is None else f", which takes {byte_size(size)}"
        return (
            f"no space is left to write {path}{needed}; free some, or give a path on another disk. "
            "Nothing was replaced"
        )
    at = Path(getattr(error, "filename", None) or path).absolute()
    here = path.parent.absolute()
    if number in _REFUSED and (at.is_relative_to(here) or here.is_relative_to(at)):
        reason = os.strerror(number).lower()
        return f"{path} cannot be written: {reason}; give a path where you may write"
    return None


_NUMBERED = re.compile(r"\(os error (\d+)\)")
"""Libraries in Rust, such as Polars and safetensors, give the number in their text only."""

_CUT = re.compile(r"\d+ requested and \d+ written")
"""NumPy says only how much of an array it could write."""


def _system_error(error: Exception) -> int | None:
    """The number of the error by which the system refused to write; None for any other error."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if numbered := _NUMBERED.search(str(error)):
        return int(numbered[1])
    return errno.ENOSPC if _CUT.search(str(error)) else None


def check_readable(path: Path) -> None:
    """Raise the system's own error unless a file can be opened.

    Libraries that find a file unreadable call it damaged or missing.
    """
    path.open("rb").close()


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
    part = part_of(path)
    with writing(path):
        _check_no_folder(path)
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
