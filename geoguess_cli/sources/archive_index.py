"""The members of a zip or tar, each with the position of its bytes, in one pass over the archive.

The standard library gives no position of a member's data in a zip, and it makes an object for each
member: five million members take it minutes. So the directory of a zip and the headers of a tar are
read here, straight into columns.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.archives import (
    DEFLATED,
    MAX_PHOTO_BYTES,
    STORED,
    TAR_BLOCK,
    archive_text,
    plain_name,
    tar_header_is_sound,
    tar_name,
    tar_number,
    zip_name,
)

# .ZIP File Format Specification 6.3.10 (PKWARE): 4.3.7 local header, 4.3.12 central directory,
# 4.3.14 and 4.3.15 zip64 end record and its locator, 4.3.16 end record.
_ENTRY = struct.Struct("<4s4s4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_LENGTHS = struct.Struct("<2H")
_LOCAL_SIZE = 30
_ENCRYPTED, _SIZES_FOLLOW = 1, 1 << 3
_METHODS = {0: STORED, 8: DEFLATED}
_OTHER_METHODS = {9: "deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 99: "AES"}
_FULL_32, _FULL_16 = 0xFFFFFFFF, 0xFFFF
_CHECKED = 16
"""Members of a zip whose own header is read to check positions that follow from the directory."""

_REGULAR, _LONG_NAME, _PAX, _SPARSE = b"0\x007", b"L", b"x", b"S"
_WITHOUT_DATA = b"123456"
"""Links, devices, folders and pipes: no data follows their header, whatever size it says."""

_MOST_METADATA = 1 << 20

COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
"""How a file that is compressed as a whole begins, and what compressed it."""

_SCHEMA = {
    "name": pl.String(),
    "offset": pl.Int64(),
    "length": pl.Int64(),
    "compression": pl.String(),
    "refused": pl.String(),
}


def index_archive(path: Path) -> pl.DataFrame:
    """The files in a zip or tar, in the order of its directory.

    Links are left out, so nothing in an archive leads out of it.

    Args:
        path: The archive; its contents decide whether it is a zip or a tar.

    Returns:
        For each file its `name`, the `offset` and `length` of its bytes in the archive, its
        `compression` ("stored" or "deflated"), and `refused`: why it cannot be read in place, null
        for a file that can.

    Raises:
        PhotoTableError: The file is neither, it is compressed as a whole, it is one part of
            several, or it is damaged.
    """
    try:
        with path.open("rb") as file:
            start = file.read(TAR_BLOCK)
            kind = next((kind for sign, kind in COMPRESSED.items() if start.startswith(sign)), None)
            if kind is not None:
                raise PhotoTableError(
                    f"{path} is compressed as a whole ({kind}), so no photo can be read in place; "
                    f"`{kind} -d {path.name}` leaves a tar that can be read"
                )
            if _begins_as_tar(start):
                return _tar_index(file, path)
            return _zip_index(file, path)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, PhotoTableError):
            raise
        raise _damaged(path, "its directory cannot be read") from error
    except OSError as error:
        raise PhotoTableError(f"{path} cannot be read: {error.strerror or error}") from error


def zip_checksums(path: Path) -> Iterator[tuple[str, int, int]]:
    """Name, checksum (CRC-32) and unpacked size of each member of a zip, by its directory.

    Raises:
        PhotoTableError: The file is no zip, it is one part of several, or it is damaged.
        OSError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            if _begins_as_tar(file.read(TAR_BLOCK)):
                raise PhotoTableError(f"{path} is a tar, which has no checksums")
            for name, flags, _, checksum, _, size, *_ in _entries(_directory(file, path), path):
                yield zip_name(name, flags), checksum, size
    except (struct.error, IndexError, OverflowError) as error:
        raise _damaged(path, "its directory cannot be read") from error


def _damaged(path: Path, reason: str) -> PhotoTableError:
    return PhotoTableError(f"{path} is damaged or incomplete: {reason}; download or copy it again")


@dataclass(frozen=True)
class _Directory:
    """The central directory of a zip: its bytes, its number of entries, and where it starts."""

    content: bytes
    entries: int
    start: int
    shift: int
    """Bytes before the zip itself, which all its positions leave out."""


def _zip_index(file: BinaryIO, path: Path) -> pl.DataFrame:
    directory = _directory(file, path)
    names, numbers, refused = [], [], []
    for name, flags, method, _, packed, size, header, name_length in _entries(directory, path):
        text = zip_name(name, flags)
        if text.endswith("/"):
            reason = None
            method = -1  # a folder: its header still ends the member before it
        elif flags & _ENCRYPTED:
            reason = "is encrypted; unpack it with its password"
        elif method not in _METHODS:
            how = _OTHER_METHODS.get(method, f"method {method}")
            reason = f"is compressed by {how}; unpack it, or pack it again as stored"
        else:
            reason = _too_large(max(size, packed))
        names.append(text)
        refused.append(reason)
        numbers.append((flags, method, packed, header + directory.shift, name_length))
    columns = np.array(numbers, dtype=np.int64).reshape(-1, 5).T
    kinds, packed_sizes = columns[1], columns[2]
    offset = _data_offsets(file, directory, *columns[[0, 2, 3, 4]])
    frame = pl.DataFrame(
        {
            "name": names,
            "offset": offset,
            "length": packed_sizes,
            "compression": pl.Series(kinds).replace_strict(
                _METHODS, default=None, return_dtype=pl.String
            ),
            "refused": refused,
        },
        schema=_SCHEMA,
    )
    return frame.filter(pl.Series(kinds != -1))


def _directory(file: BinaryIO, path: Path) -> _Directory:
    size = file.seek(0, os.SEEK_END)
    tail_start = max(0, size - _END.size - _FULL_16)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        kind = "it does not end as a zip does" if _begins_as_zip(file) else "it is no zip or tar"
        raise _damaged(path, kind)
    _, disk, first_disk, _, entries, length, start, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if _FULL_16 in (disk, entries) or _FULL_32 in (length, start):
        file.seek(max(0, end - _LOCATOR.size))
        locator = file.read(_LOCATOR.size)
        if locator[:4] == b"PK\x06\x07":
            end = _LOCATOR.unpack(locator)[2]
            file.seek(end)
            record = _END_64.unpack(file.read(_END_64.size))
            _, _, _, _, disk, first_disk, _, entries, length, start = record
    if disk or first_disk:
        raise PhotoTableError(
            f"{path} is one part of several; `zip -s 0 {path.name} --out whole.zip` joins them"
        )
    shift = end - length - start
    if shift < 0:
        raise _damaged(path, "its directory is cut off")
    file.seek(start + shift)
    return _Directory(file.read(length), entries, start + shift, shift)


def _begins_as_tar(start: bytes) -> bool:
    return len(start) == TAR_BLOCK and (tar_header_is_sound(start) or not start.strip(b"\0"))


def _begins_as_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(2) == b"PK"


def _entries(
    directory: _Directory, path: Path
) -> Iterator[tuple[bytes, int, int, int, int, int, int, int]]:
    """Each entry: name, flags, method, checksum, sizes packed and not, header, length of name."""
    content, at = directory.content, 0
    unpack, fixed = _ENTRY.unpack_from, _ENTRY.size
    for _ in range(directory.entries):
        fields = unpack(content, at)
        sign, _, flags, method, _, _, checksum = fields[:7]
        packed, size, name_length, extra_length, comment = fields[7:12]
        if sign != b"PK\x01\x02":
            raise _damaged(path, "its directory has a gap")
        header = fields[15]
        name_end = at + fixed + name_length
        extra_end = name_end + extra_length
        if _FULL_32 in (packed, size, header):
            extra = content[name_end:extra_end]
            size, packed, header = _zip64(extra, size, packed, header)
        name = content[at + fixed : name_end]
        yield name, flags, method, checksum, packed, size, header, name_length
        at = extra_end + comment


def _zip64(extra: bytes, *values: int) -> Iterator[int]:
    """Size, packed size and header position, taken from the zip64 field where they do not fit."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = _LOCAL_LENGTHS.unpack_from(extra, at)
        if kind == 1:
            wide = iter(struct.unpack(f"<{length // 8}Q", extra[at + 4 : at + 4 + length // 8 * 8]))
            return (next(wide, value) if value == _FULL_32 else value for value in values)
        at += 4 + length
    return iter(values)


def _data_offsets(
    file: BinaryIO,
    directory: _Directory,
    flags: np.ndarray,
    packed: np.ndarray,
    header: np.ndarray,
    name_length: np.ndarray,
) -> np.ndarray:
    """Where the data of each entry start.

    Where no sizes follow the data, they end where the next header starts. Otherwise, or if a sample
    shows that something lies between, the own header of each entry is read.
    """
    order = np.argsort(header, kind="stable")
    ends = np.empty_like(header)
    ends[order] = np.append(header[order][1:], directory.start)
    offset: np.ndarray = ends - packed
    between = offset - (header + _LOCAL_SIZE + name_length)
    unsure = (flags & _SIZES_FOLLOW > 0) | (between < 0) | (between > 2 * _FULL_16)
    sample = np.flatnonzero(~unsure & (between > 0))
    sample = sample[:: max(1, len(sample) // _CHECKED)]
    if (_read_offsets(file, header[sample]) != offset[sample]).any():
        unsure |= between > 0
    rows = np.flatnonzero(unsure)
    offset[rows] = _read_offsets(file, header[rows])
    return offset


def _read_offsets(file: BinaryIO, headers: np.ndarray) -> np.ndarray:
    """Where the data of entries start, by their own headers; -1 where there is none."""
    offsets = np.full(len(headers), -1, dtype=np.int64)
    for at in np.argsort(headers, kind="stable").tolist():
        header = int(headers[at])
        file.seek(header)
        own = file.read(_LOCAL_SIZE)
        if len(own) == _LOCAL_SIZE and own.startswith(b"PK\x03\x04"):
            offsets[at] = header + _LOCAL_SIZE + sum(_LOCAL_LENGTHS.unpack_from(own, 26))
    return offsets


def _tar_index(file: BinaryIO, path: Path) -> pl.DataFrame:
    rows = list(_tar_members(file, path))
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _tar_members(file: BinaryIO, path: Path) -> Iterator[tuple[str, int, int, str, str | None]]:
    """Name, offset, length, compression and reason of refusal of each file of a tar."""
    size_of_tar = file.seek(0, os.SEEK_END)
    at, ahead = 0, dict[str, str]()
    while at + TAR_BLOCK <= size_of_tar:
        file.seek(at)
        header = file.read(TAR_BLOCK)
        if not header.strip(b"\0"):
            return
        if not tar_header_is_sound(header):
            raise _damaged(path, f"no header at byte {at}")
        kind, offset = header[156:157], at + TAR_BLOCK
        size = int(ahead.get("size", tar_number(header[124:136])))
        at = offset if kind in _WITHOUT_DATA else offset + -(-size // TAR_BLOCK) * TAR_BLOCK
        if kind in (_LONG_NAME, _PAX):
            if size > _MOST_METADATA:
                raise _damaged(path, f"a name of {size} bytes")
            content = file.read(size)
            name = archive_text(content.rstrip(b"\0"))
            ahead |= _pax(content) if kind == _PAX else {"path": name}
            continue
        if kind in b"Kg":  # the target of a link; what holds for the whole tar
            continue
        name, headers = plain_name(ahead.get("path") or tar_name(header)), ahead
        ahead = {}
        if kind in _REGULAR and not name.endswith("/"):
            if at > size_of_tar + TAR_BLOCK or offset + size > size_of_tar:
                raise _damaged(path, f"{name} is cut off")
            sparse = any(key.startswith("GNU.sparse") for key in headers)
            yield name, offset, size, STORED, "has gaps; unpack it" if sparse else _too_large(size)
        elif kind == _SPARSE:
            raise PhotoTableError(f"{path}: {name} has gaps (sparse); unpack the tar")


def _pax(content: bytes) -> dict[str, str]:
    """The records of a pax header, `LENGTH KEY=VALUE` each (POSIX.1-2001)."""
    records = {}
    while content:
        length = max(1, int(content.split(b" ", 1)[0]))
        record = content[: length - 1]  # the last byte ends the line
        key, _, value = record.split(b" ", 1)[1].partition(b"=")
        records[archive_text(key)] = archive_text(value)
        content = content[length:]
    return records


def _too_large(size: int) -> str | None:
    most = MAX_PHOTO_BYTES
    return None if size <= most else f"is larger than {most >> 20} MiB; unpack and shrink it"
