"""Search for drives, photographers, places and photos that the sides of a split share."""

import itertools
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos.columns import SPLITS
from geoguess_cli.photos.decoder import MAX_PIXELS
from geoguess_cli.photos.hash_store import HashStore
from geoguess_cli.photos.hashes import Hashing, find_twins, hash_photos
from geoguess_cli.photos.leak_report import (
    BANDS_KM,
    NEAR_KM,
    DistanceToTrain,
    LeakReport,
    NearDuplicates,
    Shared,
)
from geoguess_cli.photos.neighbors import nearest_km
from geoguess_cli.photos.table import PhotoTable

PERCENTILES = (5, 25, 50, 75, 95)

EXAMPLES = 5


def find_leaks(
    table: PhotoTable,
    *,
    between: Collection[str] = SPLITS,
    photos: bool = False,
    workers: int = 0,
    max_pixels: int = MAX_PIXELS,
    kept: HashStore | None = None,
    on_photo: Callable[[int, int], None] | None = None,
) -> LeakReport:
    """A report of what the sides of a split share.

    Args:
        table: The photos, with their split.
        between: The sides to compare; photos of other sides are ignored.
        photos: Also search for near-duplicates, which reads every photo.
        workers: Processes that read photos; 0 reads in this process, -1 chooses by the machine.
        max_pixels: Largest width × height of a photo, as in `decode_photo`.
        kept: Hashes of an earlier search; photos that have not changed since are not read again.
        on_photo: Called after each photo with the number of photos read and of all photos.

    Raises:
        PhotoTableError: Fewer than two of the sides have photos.
    """
    sides = {name: count for name, count in table.splits.items() if name in between}
    if len(sides) < 2:
        own = f"only the split {next(iter(sides))}" if sides else "no split"
        raise PhotoTableError(
            f"the photos have {own}, so nothing can leak; `geoguess data split` assigns two or more"
        )
    rows = {side: np.flatnonzero((table.frame["split"] == side).fill_null(False)) for side in sides}
    columns = tuple(column for column in ("sequence", "creator") if table.has(column))
    pairs = list(itertools.combinations(sides, 2))
    shared = [_shared(table, column, pair) for column in columns for pair in pairs]
    distances = _distances(table, rows) if "train" in sides else ()
    duplicates: tuple[NearDuplicates, ...] | None = None
    unreadable: tuple[tuple[str, str], ...] = ()
    if photos:
        compared = table.take(np.sort(np.concatenate(list(rows.values()))))
        reading: dict[str, Any] = {"workers": workers, "max_pixels": max_pixels}
        if on_photo is not None:
            reading["on_photo"] = lambda count: on_photo(count, len(compared))
        if kept is None:
            hashing = hash_photos(compared.files, **reading)
        else:
            hashing = kept.hashes_of(compared, **reading)
        duplicates, unreadable = _duplicates(compared, hashing)
    return LeakReport(
        splits=sides,
        set_aside=table.frame["split"].null_count(),
        known=columns,
        shared=tuple(item for item in shared if item.names),
        distances=distances,
        duplicates=duplicates,
        unreadable=unreadable,
    )


def _shared(table: PhotoTable, column: str, pair: tuple[str, str]) -> Shared:
    known = table.frame.lazy().filter(pl.col(column).is_not_null())
    first, second = (
        known.filter(pl.col("split") == side).group_by(column).agg(pl.len()) for side in pair
    )
    both = second.join(first, on=column, how="semi").sort("len", column, descending=[True, False])
    names = both.collect()
    examples = tuple(names[column].head(EXAMPLES).to_list())
    return Shared(column, pair, len(names), int(names["len"].sum()), examples)


def _distances(table: PhotoTable, rows: Mapping[str, np.ndarray]) -> tuple[DistanceToTrain, ...]:
    train = table.latlng[rows["train"]]
    unknown = np.ones(len(table), dtype=bool)
    if table.has("sequence"):
        unknown = table.frame["sequence"].is_null().to_numpy()
    return tuple(
        _distance(side, nearest_km(table.latlng[own], train), unknown[own])
        for side, own in rows.items()
        if side != "train"
    )


def _distance(
    side: str, distance_km: Float[np.ndarray, " n"], unknown: np.ndarray
) -> DistanceToTrain:
    edges = list(BANDS_KM.values())[:-1]
    band = np.searchsorted(edges, distance_km, side="right")
    counts = np.bincount(band, minlength=len(BANDS_KM)).tolist()
    quantiles = np.percentile(distance_km, PERCENTILES).tolist()
    return DistanceToTrain(
        side=side,
        photos=len(distance_km),
        percentiles_km={str(p): value for p, value in zip(PERCENTILES, quantiles, strict=True)},
        bands=dict(zip(BANDS_KM, counts, strict=True)),
        near_unknown=int(np.count_nonzero(unknown & (distance_km < NEAR_KM))),
    )


def _duplicates(
    table: PhotoTable, hashing: Hashing
) -> tuple[tuple[NearDuplicates, ...], tuple[tuple[str, str], ...]]:
    """Near-duplicates between the sides, and the photos that could not be read."""
    readable = np.ones(len(table), dtype=bool)
    readable[[row for row, _ in hashing.failures]] = False
    rows = {
        side: np.flatnonzero((table.frame["split"] == side).to_numpy() & readable)
        for side in table.splits
    }
    duplicates = (
        _near_duplicates(table, hashing, pair, rows) for pair in itertools.combinations(rows, 2)
    )
    names = table.frame["photo"]
    unreadable = tuple((names[row], reason) for row, reason in hashing.failures)
    return tuple(item for item in duplicates if item.photos), unreadable


def _near_duplicates(
    table: PhotoTable, hashing: Hashing, pair: tuple[str, str], rows: Mapping[str, np.ndarray]
) -> NearDuplicates:
    first, second = (rows[side] for side in pair)
    twins, bits = find_twins(hashing.hashes[second], hashing.hashes[first])
    with_twin = np.flatnonzero(twins >= 0)
    closest = with_twin[np.argsort(bits[with_twin], kind="stable")[:EXAMPLES]]
    names = table.frame["photo"]
    examples = tuple(
        (names[int(second[at])], names[int(first[twins[at]])], int(bits[at])) for at in closest
    )
    return NearDuplicates(pair, len(with_twin), examples)
