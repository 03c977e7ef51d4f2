"""Perceptual hashes of a photo table, kept in a file so that a second look reads no photo again.

A kept hash holds while its photo is unchanged. For a photo in a file of its own that means the same
name, size and time of change; for a photo in an archive, the same name, place and length in it, and
the same time of change of the archive.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import UInt64

from geoguess_cli.files import readable, replacing
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.photos.decoder import MAX_PIXELS
from geoguess_cli.photos.hashes import WORDS, Hashing, hash_photos
from geoguess_cli.photos.table import PhotoTable

METHOD = 1
"""Changes with everything that changes the hash of a photo: its decoding, shrinking, bits."""

STAMP = ("photo", "offset", "size", "modified")
"""Columns that tell whether a photo is unchanged; `size` in bytes, `modified` in nanoseconds."""

_HASH = [f"word_{number}" for number in range(WORDS)]
_ROUND = 1 << 14  # photos hashed between two writes of the file; more if it is large


def kept_beside(table: Path) -> Path:
    """Where the hashes of a photo table are kept: `photos.hashes.parquet` beside `photos.csv`."""
    return table.with_name(f"{table.stem}.hashes.parquet")


@dataclass
class HashStore:
    """Hashes kept in a file; a file that is damaged or of another make is made anew.

    Attributes:
        path: The Parquet file.
        problem: Why the hashes could not be kept; "" if they are.
        known: The number of photos of the last look whose hash was already there.
    """

    path: Path
    problem: str = ""
    known: int = 0

    def hashes_of(
        self,
        table: PhotoTable,
        *,
        workers: int = 0,
        max_pixels: int = MAX_PIXELS,
        on_photo: Callable[[int], None] | None = None,
    ) -> Hashing:
        """The hashes of a photo table; only photos that are new or have changed are read.

        Args:
            table: The photos.
            workers: Processes that decode; 0 decodes in this process, -1 chooses by the machine.
            max_pixels: Largest width × height of a photo, as in `decode_photo`.
            on_photo: Called with the number of photos done.
        """
        stamps = _stamps(table)
        kept = self._read()
        found = stamps.join(kept, on=STAMP, how="left", maintain_order="left")
        fresh = np.flatnonzero(found[_HASH[0]].is_null().to_numpy())
        hashes = _words(found)
        failures: list[tuple[int, str]] = []
        self.known = done = len(table) - len(fresh)
        if on_photo is not None:
            on_photo(done)
        while len(fresh):
            rows, fresh = np.split(fresh, [min(len(fresh), max(_ROUND, done // 8))])
            hashing = hash_photos(
                table.files.take(rows),
                workers=workers,
                max_pixels=max_pixels,
                on_photo=_after(on_photo, done),
            )
            hashes[rows] = hashing.hashes
            failures += [(int(rows[at]), reason) for at, reason in hashing.failures]
            readable = np.delete(rows, [at for at, _ in hashing.failures])
            kept = _merged(kept, stamps[readable], hashes[readable])
            self._write(kept)
            done += len(rows)
        return Hashing(hashes, failures)

    def _read(self) -> pl.DataFrame:
        empty = pl.DataFrame(schema=_SCHEMA)
        try:
            kept = pl.read_parquet(readable(self.path), glob=False)
        except UNREADABLE:
            return empty
        return kept if dict(kept.schema) == _SCHEMA else empty

    def _write(self, kept: pl.DataFrame) -> None:
        try:
            with replacing(self.path) as temporary:
                kept.write_parquet(temporary)
        except OSError as error:  # a look without a memory is better than none
            self.problem = (error.strerror or str(error)).lower()


_SCHEMA: dict[str, pl.DataType] = {
    "photo": pl.String(),
    **dict.fromkeys(STAMP[1:], pl.Int64()),
    **{f"method_{METHOD}": pl.Boolean()},
    **dict.fromkeys(_HASH, pl.UInt64()),
}


def _stamps(table: PhotoTable) -> pl.DataFrame:
    """The `STAMP` of each photo; `modified` is null if its file cannot be looked at."""
    archived = table.has("archive")
    photo, loose = pl.col("photo"), pl.lit(-1, pl.Int64)
    place = pl.coalesce("archive", "photo") if archived else photo
    frame = table.frame.with_columns(place.alias("@place"))
    places = frame["@place"].unique()
    schema = {"@size": pl.Int64, "modified": pl.Int64}
    status = pl.DataFrame([_status(table.root / name) for name in places], schema, orient="row")
    frame = frame.join(status.with_columns(places), on="@place", maintain_order="left")
    if not archived:
        return frame.select(photo, loose.alias("offset"), pl.col("@size").alias("size"), "modified")
    inside = pl.when(pl.col("archive").is_not_null())
    return frame.select(
        photo,
        inside.then("offset").otherwise(loose).alias("offset"),
        inside.then("length").otherwise("@size").alias("size"),
        "modified",
    )


def _status(path: Path) -> tuple[int | None, int | None]:
    try:
        status = os.stat(path)
    except OSError:
        return None, None
    return status.st_size, status.st_mtime_ns


def _words(frame: pl.DataFrame) -> UInt64[np.ndarray, "n 5"]:
    return np.array(frame.select(pl.col(_HASH).fill_null(0)).to_numpy(), dtype=np.uint64)


def _merged(kept: pl.DataFrame, stamps: pl.DataFrame, hashes: np.ndarray) -> pl.DataFrame:
    """The kept hashes with new ones, which replace those of the same photos."""
    words = {name: hashes[:, number] for number, name in enumerate(_HASH)}
    new = stamps.with_columns(
        pl.lit(True).alias(f"method_{METHOD}"),
        *(pl.Series(name, values, dtype=pl.UInt64) for name, values in words.items()),
    ).filter(pl.col("modified").is_not_null())
    return pl.concat([kept.join(new, on="photo", how="anti"), new])


def _after(on_photo: Callable[[int], None] | None, before: int) -> Callable[[int], None] | None:
    return None if on_photo is None else lambda done: on_photo(before + done)
