"""A survey of many photos: where the model looks, and which shortcuts it may have learnt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl
from jaxtyping import Float, Int

from geoguess_cli.errors import PhotoError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.occlusion.grid import spread
from geoguess_cli.occlusion.occlusion_map import Predict
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.survey.attention import Attention, attention_of
from geoguess_cli.survey.recurrence import own_drives
from geoguess_cli.survey.scan import FreshScans, Scanned, ScanPlan, scan_photos
from geoguess_cli.survey.scan_store import ScannedPhoto, ScanStore
from geoguess_cli.survey.shortcuts import SharedSpot, carried, exchanger, shared_spots, suspects
from geoguess_cli.wording import counted

_IMAGES_HELD = 256


@dataclass(frozen=True, eq=False)
class SurveyedPhotos:
    """The photos that a survey knows; it scans some and compares them with the others.

    Attributes:
        files: The file of each photo.
        names: Its name in the photo table.
        sequences: Name of its drive; None if that is unknown.
        drives: Number of its drive; -1 if that is unknown.
        cells: Index of its true cell; -1 if it lies in none.
        latlng: Where it was taken: latitude, longitude, in degrees.
    """

    files: Sequence[PhotoFile]
    names: Sequence[str]
    sequences: Sequence[str | None]
    drives: Int[np.ndarray, " n"]
    cells: Int[np.ndarray, " n"]
    latlng: Float[np.ndarray, "n 2"]


def surveyed_photos(table: PhotoTable, partition: Partition) -> SurveyedPhotos:
    """The photos of a table with their true cells and the numbers of their drives."""
    unknown = pl.Series([None] * len(table), dtype=pl.String)
    column = table.frame["sequence"] if table.has("sequence") else unknown
    return SurveyedPhotos(
        files=table.files,
        names=table.frame["photo"].to_list(),
        sequences=column.to_list(),
        drives=column.rank("dense").fill_null(0).to_numpy().astype(np.int64) - 1,
        cells=partition.assign(table.latlng),
        latlng=table.latlng,
    )


@dataclass(frozen=True, eq=False)
class Survey:
    """The results of a survey.

    Attributes:
        known: The photos that it knows.
        plan: How it scanned.
        photos: The scanned photos by their row of `known`.
        attention: Where the model looks.
        suspects: Shared spots that are objects of their drive, the highest score first.
        cleared: Shared spots that are not, or that could not be compared.
        failures: Row and reason of each photo without a map.
        reused: Number of photos that an earlier run had scanned.
    """

    known: SurveyedPhotos
    plan: ScanPlan
    photos: dict[int, ScannedPhoto]
    attention: Attention
    suspects: list[SharedSpot]
    cleared: list[SharedSpot]
    failures: list[tuple[int, str]]
    reused: int


def survey(
    predict: Predict,
    read: Callable[[PhotoFile], np.ndarray],
    known: SurveyedPhotos,
    rows: Int[np.ndarray, " m"],
    plan: ScanPlan,
    store: ScanStore,
    *,
    size: int,
    on_photo: Callable[[int, int], None] | None = None,
    on_spot: Callable[[int, int], None] | None = None,
    fresh: FreshScans | None = None,
) -> Survey:
    """Scan some photos, then compare the spots that their answers rest on.

    Args:
        predict: From images (b, 3, h, w) to probabilities (b, c).
        read: Reads a photo as the model sees it: a square, normalised.
        known: All photos; those that are not scanned serve for comparison.
        rows: Rows of the photos to scan.
        plan: How to scan.
        store: The scans of earlier runs; new scans are added to it.
        size: Side of the square that the model sees, in pixels.
        on_photo: Called with (photos done, photos in all) after each photo.
        on_spot: Called with (shared spots compared, shared spots in all).
        fresh: Scans photos in other processes too; None scans them here.

    Raises:
        PhotoError: No photo could be scanned.
        ConfigError: The window or the stride does not fit the photos as the model sees them.
        ModelError: A probability is not finite.
    """
    files = [known.files[row] for row in rows.tolist()]
    given, scans = (predict, read, files, plan, store), list[Scanned]()
    for scan in scan_photos(*given, truths=known.cells[rows], fresh=fresh):
        scans.append(scan)
        if on_photo is not None:
            on_photo(len(scans), len(rows))
    photos = {int(rows[s.row]): s.photo for s in scans if s.photo is not None}
    failures = [(int(rows[s.row]), str(s.error)) for s in scans if s.photo is None]
    if not photos:
        row, reason = failures[0]
        raise PhotoError(
            f"none of {counted(len(rows), 'photo')} has a map; {known.files[row]}: {reason}"
        )
    exchange = exchanger(predict, _reader(read, known.files), batch_size=plan.batch_size)
    where = (known.drives, known.cells)
    spots = shared_spots(
        photos, *where, known.latlng, exchange, rules=plan.rules, seed=plan.seed, on_spot=on_spot
    )
    shortcuts = suspects(spots, plan.rules)
    drops = (
        spread(photo.window_drops, size, size, window=plan.window, stride=plan.stride)
        for photo in photos.values()
    )
    return Survey(
        known=known,
        plan=plan,
        photos=photos,
        attention=attention_of(drops, own_drives(known.drives)[list(photos)]),
        suspects=[
            replace(spot, carried=carried(spot, *where, exchange, seed=plan.seed))
            for spot in shortcuts
        ],
        cleared=[spot for spot in spots if spot not in shortcuts],
        failures=failures,
        reused=sum(scan.reused for scan in scans),
    )


def _reader(
    read: Callable[[PhotoFile], np.ndarray], files: Sequence[PhotoFile]
) -> Callable[[int], np.ndarray | None]:
    """Reads a photo by its row and keeps the latest ones; None for a photo that cannot be read."""

    @lru_cache(maxsize=_IMAGES_HELD)
    def image_of(row: int) -> np.ndarray | None:
        try:
            return read(files[row])
        except PhotoError:
            return None

    return image_of
