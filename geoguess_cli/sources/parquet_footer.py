"""The footer of a Parquet file: its row groups with their sizes, read without any data.

Polars reads the columns of a Parquet file, but does not say where its row groups end or how large a
column is. Both stand in the footer, as Thrift's compact protocol writes it (Apache Parquet format
2.11, `parquet.thrift`; Apache Thrift, "Thrift Compact protocol encoding").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoguess_cli.errors import SENSELESS, PhotoTableError

_MAGIC = b"PAR1"
_TAIL = 8  # bytes of the length of the footer and of the magic behind it


_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)


@dataclass(frozen=True)
class Chunk:
    """A column in a row group.

    Attributes:
        size: Bytes of its values, unpacked.
        nulls: The number of values that are null; None if the file does not say.
    """

    size: int
    nulls: int | None


@dataclass(frozen=True)
class RowGroup:
    """A row group: its number of rows, and its columns by the path of their name in the schema."""

    rows: int
    columns: Mapping[tuple[str, ...], Chunk]


@dataclass(frozen=True)
class Footer:
    """The footer of a Parquet file.

    Attributes:
        groups: The row groups, in order.
        notes: The texts that writers add about the whole file, by their key.
    """

    groups: tuple[RowGroup, ...]
    notes: Mapping[str, str]

    @property
    def rows(self) -> int:
        """The number of rows of the file."""
        return sum(group.rows for group in self.groups)


def read_footer(path: Path) -> Footer:
    """The footer of a Parquet file.

    Raises:
        PhotoTableError: The file is no Parquet file, or it is damaged or encrypted.
    """
    try:
        with path.open("rb") as file:
            end = file.seek(0, 2)
            file.seek(max(0, end - _TAIL))
            tail = file.read(_TAIL)
            length = int.from_bytes(tail[:4], "little")
            if tail[4:] != _MAGIC or length > end - _TAIL:
                raise PhotoTableError(
                    f"{path} cannot be read as a Parquet file: it has no footer; "
                    "download or copy it again"
                )
            file.seek(end - _TAIL - length)
            tree = _Reader(file.read(length)).structure()
        return _footer(tree)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PhotoTableError(f"{path} cannot be read: {reason}") from error
    except SENSELESS as error:
        raise PhotoTableError(
            f"{path} cannot be read as a Parquet file: its footer is damaged; "
            "download or copy it again"
        ) from error


def _footer(tree: dict[int, Any]) -> Footer:
    """The parts of `FileMetaData` that are used, by the numbers of their fields."""
    groups = tuple(
        RowGroup(_count(group[3]), dict(_chunk(column[3]) for column in group[1]))
        for group in tree[4]
    )
    notes = {note[1].decode(): note.get(2, b"").decode() for note in tree.get(5, [])}
    return Footer(groups, notes)


def _chunk(column: dict[int, Any]) -> tuple[tuple[str, ...], Chunk]:
    name = tuple(part.decode() for part in column[3])
    nulls = column.get(12, {}).get(3)
    return name, Chunk(_count(column[6]), None if nulls is None else _count(nulls))


def _count(number: Any) -> int:
    """A number of rows, values or bytes, as it stands in the footer."""
    if type(number) is not int or number < 0:
        raise ValueError(f"no number of anything: {number}")
    return number


class _Reader:
    """Thrift's compact protocol: a structure becomes a dict of its fields by their number."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def structure(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while header := self._byte():
            step, kind = header >> 4, header & 15
            number = number + step if step else self._signed()
            fields[number] = self._field(kind)
        return fields

    def _field(self, kind: int) -> Any:
        # Only in the field of a structure does the kind hold the value of a truth value.
        return kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)

    def _value(self, kind: int) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.structure()
        if kind in (_LIST, _SET):
            return self._list()
        if kind == _MAP:
            return self._map()
        if kind == _DOUBLE:
            return self._bytes(8)  # no field that is used is one
        if kind in (_BYTE, _TRUE, _FALSE):
            return self._byte()
        raise ValueError(f"no kind of Thrift's compact protocol: {kind}")

    def _list(self) -> list[Any]:
        header = self._byte()
        size, kind = header >> 4, header & 15
        return [self._value(kind) for _ in range(self._varint() if size == 15 else size)]

    def _map(self) -> dict[Any, Any]:
        size = self._varint()
        kinds = self._byte() if size else 0
        return {self._value(kinds >> 4): self._value(kinds & 15) for _ in range(size)}

    def _byte(self) -> int:
        value = self._content[self._at]
        self._at += 1
        return value

    def _bytes(self, length: int) -> bytes:
        value = self._content[self._at : self._at + length]
        if len(value) < length:
            raise ValueError("the footer ends too early")
        self._at += length
        return value

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def _signed(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
