"""The files of many photos in little memory: each is made when it is asked for.

A list of five million paths takes more than a gigabyte, and each worker that reads it copies it:
even looking at a Python object writes to its memory page. Here the names lie in one block of bytes
and the positions in NumPy arrays, which processes share.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import SupportsIndex, overload

import numpy as np
import polars as pl
from jaxtyping import Bool, Integer

from geoguess_cli.names import file_of
from geoguess_cli.photos.archives import COMPRESSIONS, Member, PhotoFile
from geoguess_cli.photos.columns import has_archives

_JOINED = 1_000_000
"""Texts joined at once: one text of Polars holds at most 4 GB."""

_LOOSE = len(COMPRESSIONS)
"""In place of a compression: the photo is a file of its own."""


@dataclass(frozen=True, eq=False)
class _Texts:
    """Texts as one block of bytes, and where each ends in it."""

    block: bytes
    ends: Integer[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, at: int) -> str:
        start = int(self.ends[at - 1]) if at else 0
        return os.fsdecode(self.block[start : int(self.ends[at])])


@dataclass(frozen=True, eq=False)
class _Places:
    """Where each member lies in its archive, by row."""

    offset: Integer[np.ndarray, " n"]
    length: Integer[np.ndarray, " n"]
    compression: Integer[np.ndarray, " n"]


class PhotoList(Sequence[PhotoFile]):
    """The files of photos as a sequence of `Path` and `Member`; made by `of_table` or `of_files`.

    Args:
        root: The folder that relative paths start from.
        homes: The folders and archives of the photos.
        home: For each photo the number of its folder or archive.
        names: The rest of each photo's path.
        places: Where each photo lies in its archive; None if all are files of their own.
        rows: The photos of this list in their order, as rows of the columns; None for all.
    """

    def __init__(
        self,
        root: Path,
        homes: _Texts,
        home: Integer[np.ndarray, " n"],
        names: _Texts,
        places: _Places | None,
        rows: Integer[np.ndarray, " m"] | None = None,
    ) -> None:
        self._root, self._homes, self._home = root, homes, home
        self._names, self._places, self._rows = names, places, rows

    @classmethod
    def of_table(cls, frame: pl.DataFrame, root: Path) -> "PhotoList":
        """The files of the rows of a photo table.

        Args:
            frame: The checked rows.
            root: The folder that relative paths start from.
        """
        within = has_archives(frame.columns)
        homes, home, names = split_homes(frame)
        places = None
        if within and frame["archive"].count():
            compression = pl.col("compression").replace_strict(
                {name: number for number, name in enumerate(COMPRESSIONS)},
                default=_LOOSE,
                return_dtype=pl.UInt8,
            )
            columns = frame.select(
                pl.col("offset", "length").fill_null(0).cast(pl.Int64),
                pl.when(pl.col("archive").is_null())
                .then(_LOOSE)
                .otherwise(compression)
                .cast(pl.UInt8)
                .alias("compression"),
            )
            places = _Places(*(_small(columns[name].to_numpy()) for name in columns.columns))
        return cls(root, _texts(homes), _small(home), _texts(names), places)

    @classmethod
    def of_files(cls, files: Iterable[PhotoFile]) -> "PhotoList":
        """A list of any files."""
        if isinstance(files, PhotoList):
            return files
        numbers: dict[tuple[str, bool], int] = {}
        home, names, places = [], [], []
        for file in files:
            if isinstance(file, Member):
                key, name = (os.fspath(file.archive), True), file.name
                packing = COMPRESSIONS.index(file.compression)
                places.append((file.offset, file.length, packing))
            else:
                key, name = (os.fspath(file.parent), False), file.name
                places.append((0, 0, _LOOSE))
            home.append(numbers.setdefault(key, len(numbers)))
            names.append(name)
        columns = np.array(places, dtype=np.int64).reshape(-1, 3).T
        within = bool((columns[2] != _LOOSE).any())
        return cls(
            Path(),
            _encoded([text for text, _ in numbers]),
            _small(np.array(home, dtype=np.int64)),
            _encoded(names),
            _Places(*map(_small, columns)) if within else None,
        )

    def __len__(self) -> int:
        return len(self._names) if self._rows is None else len(self._rows)

    @overload
    def __getitem__(self, at: SupportsIndex) -> PhotoFile: ...

    @overload
    def __getitem__(self, at: slice) -> "PhotoList": ...

    def __getitem__(self, at: SupportsIndex | slice) -> "PhotoFile | PhotoList":
        if isinstance(at, slice):
            return self.take(np.arange(len(self))[at])
        row = range(len(self))[at]  # knows negative positions, and refuses those out of range
        if self._rows is not None:
            row = int(self._rows[row])
        home, name = self._homes[int(self._home[row])], self._names[row]
        if self._places is None or self._places.compression[row] == _LOOSE:
            return file_of(Path(self._root, home, name))
        return Member(
            file_of(Path(self._root, home)),
            name,
            int(self._places.offset[row]),
            int(self._places.length[row]),
            COMPRESSIONS[self._places.compression[row]],
        )

    def take(self, rows: Integer[np.ndarray, " m"]) -> "PhotoList":
        """The files at these positions, in this order."""
        rows = np.asarray(rows, dtype=np.int64)
        own = rows if self._rows is None else self._rows[rows]
        return PhotoList(
            self._root, self._homes, self._home, self._names, self._places, _small(own)
        )

    def base_names(self) -> Iterator[str]:
        """The file name of each photo without its folders, in order."""
        for row in range(len(self._names)) if self._rows is None else self._rows.tolist():
            yield self._names[row].rpartition("/")[2]

    def packed(self) -> Bool[np.ndarray, " n"]:
        """Whether each photo lies in an archive."""
        if self._places is None:
            return np.zeros(len(self), dtype=bool)
        packed: np.ndarray = self._places.compression != _LOOSE
        return packed if self._rows is None else packed[self._rows]

    def stamps(self) -> Iterator[str]:
        """What tells each photo from all others and from its own former content, in order.

        That is its path as its table writes it, and size and time of change of its file; for a
        photo in an archive its place there, and size and time of change of the archive.
        """
        of_home: dict[int, tuple[str, int, int]] = {}
        for row in range(len(self._names)) if self._rows is None else self._rows.tolist():
            number = int(self._home[row])
            home, name = self._homes[number], self._names[row]
            if self._places is None or self._places.compression[row] == _LOOSE:
                size, changed = _status(f"{self._root / home}/{name}")
                yield f"{home}{_slash(home)}{name}\0{size}\0{changed}"
                continue
            if number not in of_home:
                of_home[number] = (home, *_status(f"{self._root / home}"))
            archive, size, changed = of_home[number]
            place = f"{self._places.offset[row]}\0{self._places.length[row]}"
            yield f"{archive}{_slash(archive)}{name}\0{place}\0{size}\0{changed}"

    def exist(self) -> Bool[np.ndarray, " n"]:
        """Whether each photo is there: its file, or an archive that is large enough for it."""
        rows = np.arange(len(self._names)) if self._rows is None else self._rows
        if self._places is None:
            return np.array([os.path.isfile(str(file)) for file in self], dtype=bool)
        home, places = self._home[rows], self._places
        loose = places.compression[rows] == _LOOSE
        sizes = np.zeros(len(self._homes), dtype=np.int64)
        for number in np.unique(home[~loose]).tolist():
            sizes[number] = _size(Path(self._root, self._homes[number]))
        ends = places.offset[rows].astype(np.int64) + places.length[rows]
        exists: np.ndarray = ends <= sizes[home]
        for row in np.flatnonzero(loose).tolist():
            exists[row] = os.path.isfile(str(self[row]))
        return exists


def split_homes(
    frame: pl.DataFrame,
) -> tuple[pl.Series, Integer[np.ndarray, " n"], pl.Series]:
    """The folder or archive of each photo, and the rest of its path.

    Args:
        frame: Rows of a photo table.

    Returns:
        The different folders and archives, each with a slash at its end; for each photo the number
        of its own; and the rest of each photo's path.
    """
    photo, archive = pl.col("photo"), pl.col("archive")
    name = photo.str.extract(r"([^/]*)$", 1)
    home = photo.str.extract(r"^(.*/)", 1).fill_null("")
    if has_archives(frame.columns):
        within = photo.str.slice(archive.str.len_chars() + 1)
        loose = frame["archive"].null_count() > 0
        name = pl.when(archive.is_null()).then(name).otherwise(within) if loose else within
        home = pl.coalesce(archive + "/", home) if loose else archive + "/"
    parts = frame.select(home.alias("home"), name.alias("name"))
    homes = parts["home"].unique(maintain_order=True)
    numbers = pl.DataFrame({"home": homes, "number": np.arange(len(homes))})
    numbered = parts.join(numbers, on="home", how="left", maintain_order="left")
    return homes, numbered["number"].to_numpy(), parts["name"]


def _texts(texts: pl.Series) -> _Texts:
    ends = texts.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    parts = (
        str(texts.slice(start, _JOINED).str.join("")[0]).encode()
        for start in range(0, len(texts), _JOINED)
    )
    return _Texts(b"".join(parts), _small(ends))


def _encoded(texts: Sequence[str]) -> _Texts:
    encoded = [os.fsencode(text) for text in texts]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return _Texts(b"".join(encoded), _small(ends))


def _small(numbers: np.ndarray) -> np.ndarray:
    """Whole numbers of 0 or more in the smallest type that holds them."""
    most = int(numbers.max()) if len(numbers) else 0
    kinds = (np.uint8, np.uint16, np.uint32, np.int64)
    return numbers.astype(next(kind for kind in kinds if most <= np.iinfo(kind).max))


def _slash(home: str) -> str:
    """The slash between a folder and a name where the folder's text lacks it."""
    return "" if not home or home.endswith("/") else "/"


def _status(path: str) -> tuple[int, int]:
    """Size in bytes and time of change in nanoseconds; -1 for what does not exist."""
    try:
        status = os.stat(file_of(Path(path)) if "%" in path else path)
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


def _size(path: Path) -> int:
    return _status(str(path))[0]
