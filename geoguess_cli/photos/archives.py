"""Photos inside zip and tar archives, read in place by their position.

A photo table notes where the bytes of each photo lie in its archive. A reader needs no directory of
the archive: it reads the header right before the photo, which shows whether the archive still holds
this photo there, and the photo itself in one call.
"""

import os
import struct
import threading
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from geoguess_cli.errors import PhotoError

STORED, DEFLATED = "stored", "deflated"

COMPRESSIONS = (STORED, DEFLATED)
"""How a member's bytes can lie in an archive; those of a tar are always stored."""

ARCHIVE_SUFFIXES = (".zip", ".tar")

MAX_PHOTO_BYTES = 1 << 30
"""Limit of the size of one photo, packed or unpacked: a small member can expand without end."""

_OPEN_ARCHIVES = 64

# .ZIP File Format Specification 6.3.10 (PKWARE), 4.3.7: the local file header. After the signature:
# version, flags, method, time, date, checksum, packed size, size, length of name, length of extra.
_ZIP_HEADER = struct.Struct("<4s5H3I2H")
_ZIP_SIGNATURE = b"PK\x03\x04"
_SIZES_FOLLOW, _UTF_8 = 1 << 3, 1 << 11
_ZIP64 = 0xFFFFFFFF
_METHODS = {STORED: 0, DEFLATED: 8}

TAR_BLOCK = 512
"""Bytes of a tar's header (POSIX.1-1988, ustar); the contents of a member start right after it."""

_SHORT_NAME = 90
"""Letters of a name that certainly fits into a tar's header, with the `./` before it."""

_COMMON_PREFIX, _LONGEST_PREFIX = 1024, _ZIP_HEADER.size + 2 * 0xFFFF
"""Bytes before a member that hold its header: nearly always, and always."""


@dataclass(frozen=True, slots=True)
class Member:
    """A photo inside an archive.

    Attributes:
        archive: The zip or tar file.
        name: The member's name in the archive.
        offset: Position of its first data byte in the archive.
        length: Bytes that it takes in the archive.
        compression: "stored" or "deflated".
    """

    archive: Path
    name: str
    offset: int
    length: int
    compression: str = STORED

    def __str__(self) -> str:
        return f"{self.archive}/{self.name}"

    @property
    def stem(self) -> str:
        """The file name of the photo without its ending."""
        return Path(self.name).stem

    def read_bytes(self) -> bytes:
        """The unpacked bytes of the photo. Processes and threads may read at the same time.

        Raises:
            PhotoError: The archive does not exist or cannot be read, it does not hold this photo
                here any more, or the photo is larger than `MAX_PHOTO_BYTES`.
        """
        try:
            opened = _opened(self.archive)
            if self.offset + self.length > opened.size:
                raise self._changed()
            if self.length > MAX_PHOTO_BYTES:
                raise self._too_large()
            size = self._checked(opened)
            if self.compression == STORED:
                return opened.read(self.offset, self.length)
            return self._inflated(opened.read(self.offset, self.length), size)
        except FileNotFoundError as error:
            raise PhotoError(
                f"{self}: the archive does not exist; put it back, or run `geoguess data import` "
                "again"
            ) from error
        except zlib.error as error:
            raise self._changed() from error
        except PhotoError:
            raise
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise PhotoError(f"{self} cannot be read: {reason}") from error

    def _checked(self, opened: "_Archive") -> int:
        """The size of the unpacked photo as its header says, 0 if the header does not say."""
        for reach in (_COMMON_PREFIX, _LONGEST_PREFIX):
            start = max(0, self.offset - reach)
            before = opened.read(start, self.offset - start)
            size = _zip_size(before, self)
            if size is not None:
                return size
            if self.compression == STORED and _tar_header_fits(before, self):
                return self.length
            if start == 0:
                break
        raise self._changed()

    def _inflated(self, packed: bytes, size: int) -> bytes:
        if size > MAX_PHOTO_BYTES:
            raise self._too_large()
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        content = unpacker.decompress(packed, (size or MAX_PHOTO_BYTES) + 1)
        if len(content) > (size or MAX_PHOTO_BYTES):
            raise self._changed() if size else self._too_large()
        if not unpacker.eof:
            raise self._changed()
        return content

    def _changed(self) -> PhotoError:
        return PhotoError(
            f"{self}: {self.archive.name} has changed or is cut off since its import; "
            "run `geoguess data import` again"
        )

    def _too_large(self) -> PhotoError:
        most = MAX_PHOTO_BYTES >> 20
        return PhotoError(f"{self} is too large to open safely; a photo has at most {most} MiB")


PhotoFile = Path | Member
"""Where the bytes of a photo are: a file of its own, or a member of an archive."""


def base_name(file: PhotoFile) -> str:
    """The file name of a photo without its folders."""
    return file.name.rpartition("/")[2]


def same_place(file: PhotoFile) -> PhotoFile:
    """The file by its resolved path: two names of one photo become equal."""
    if isinstance(file, Path):
        return file.resolve()
    return Member(file.archive.resolve(), file.name, 0, 0)


class _Archive:
    """An open archive; it closes when nobody reads from it any more."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self.size = os.fstat(self._file).st_size
        self._lock = threading.Lock()

    def read(self, offset: int, length: int) -> bytes:
        """Bytes by their position; fewer only if the file has become shorter."""
        parts = []
        while length > 0:
            part = self._part(offset, length)
            if not part:
                break
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _part(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, length, offset)
        with self._lock:  # Windows: position and reading are two calls
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, length)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)


def _opened(path: Path) -> _Archive:
    """The archive as it is now: a file that has been replaced is opened anew."""
    status = os.stat(path)
    # The process too: without `pread`, a position that two processes share would move.
    process = 0 if hasattr(os, "pread") else os.getpid()
    return _open(os.fspath(path), status.st_ino, status.st_size, status.st_mtime_ns, process)


@lru_cache(maxsize=_OPEN_ARCHIVES)
def _open(path: str, *_state: int) -> _Archive:
    return _Archive(path)


def _zip_size(before: bytes, member: Member) -> int | None:
    """The unpacked size that the zip header before a member says, 0 if unknown; None if no fit."""
    end = len(before)
    at = before.rfind(_ZIP_SIGNATURE)
    while at >= 0:
        if at + _ZIP_HEADER.size <= end:
            _, _, flags, method, _, _, _, packed, size, name_length, extra_length = (
                _ZIP_HEADER.unpack_from(before, at)
            )
            start = at + _ZIP_HEADER.size
            if start + name_length + extra_length == end:
                unknown = bool(flags & _SIZES_FOLLOW) or packed == _ZIP64 or size == _ZIP64
                fits = (
                    zip_name(before[start : start + name_length], flags) == member.name
                    and method == _METHODS[member.compression]
                    and (unknown or packed == member.length)
                )
                return (0 if unknown else size) if fits else None
        at = before.rfind(_ZIP_SIGNATURE, 0, at)
    return None


def zip_name(name: bytes, flags: int) -> str:
    """A member's name as a zip says it: UTF-8 if it is marked so or reads so, else code page 437.

    Args:
        name: The bytes of the name.
        flags: The general purpose flags of the member.
    """
    try:
        text = name.decode("utf-8")
    except UnicodeDecodeError:
        text = name.decode("utf-8", "replace") if flags & _UTF_8 else name.decode("cp437")
    return plain_name(text.replace("\\", "/"))


def plain_name(name: str) -> str:
    """A member's name without the `./` that some programs write before it."""
    while name.startswith("./"):
        name = name[2:].lstrip("/")
    return name


def _tar_header_fits(before: bytes, member: Member) -> bool:
    """Whether the block before a member is the tar header of a member of its name and length."""
    header = before[-TAR_BLOCK:]
    if len(header) < TAR_BLOCK or not tar_header_is_sound(header):
        return False
    if tar_number(header[124:136]) != member.length:
        return False
    # Of a long name a header holds the first 100 bytes, of others at times only the ASCII letters;
    # the whole name then stands before the header.
    elsewhere = len(member.name) > _SHORT_NAME or not member.name.isascii()
    return elsewhere or plain_name(tar_name(header)) == member.name


def tar_header_is_sound(header: bytes) -> bool:
    """Whether 512 bytes are a tar header, by its checksum."""
    try:
        expected = int(header[148:156].strip(b"\0 ") or b"x", 8)
    except ValueError:
        return False
    return sum(header[:148]) + 8 * ord(" ") + sum(header[156:TAR_BLOCK]) == expected


def tar_number(field: bytes) -> int:
    """A number of a tar header: octal digits, or from 8 GB on a binary number (GNU).

    Raises:
        ValueError: The field holds no number.
    """
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    return int(field.strip(b"\0 ") or b"0", 8)


def tar_name(header: bytes) -> str:
    """The name in a tar header, with the prefix that ustar keeps apart."""
    name = header[:100].split(b"\0", 1)[0]
    if header[257:263] == b"ustar\0":
        prefix = header[345:500].split(b"\0", 1)[0]
        name = prefix + b"/" + name if prefix else name
    return archive_text(name)


def archive_text(name: bytes) -> str:
    """A name in a tar as text: UTF-8, else Latin-1, in which every byte is a letter."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("latin-1")
