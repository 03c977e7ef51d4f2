"""A survey from end to end: a model and a photo table in, a report in a folder out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from geoguess_cli.inference.answers import cell_places
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.survey.files import write_survey
from geoguess_cli.survey.report import survey_report
from geoguess_cli.survey.scan import ScanPlan, whole_drives
from geoguess_cli.survey.scan_store import ScanStore
from geoguess_cli.survey.survey import photo_set, survey

LIMIT = 200
"""Photos that a survey scans unless it is given another limit."""


def survey_photos(
    predictor: Predictor,
    photos: PhotoTable,
    plan: ScanPlan,
    folder: Path,
    *,
    known: PhotoTable | None = None,
    split: str = "all",
    limit: int = LIMIT,
    batch_size: int = 32,
    on_start: Callable[[ScanStore], None] | None = None,
    on_photo: Callable[[int, int], None] | None = None,
    on_spot: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """The report of a survey as plain JSON; it is written to the folder with its figures.

    The scan of each photo lies in `maps` below the folder as soon as it is done. A survey that was
    interrupted goes on from there.

    Args:
        predictor: The model.
        photos: The photos to scan; at most `limit` of them, in whole drives.
        plan: How to scan them.
        folder: The folder of the report; it is made if need be.
        known: All photos, `photos` among them: spots are compared with photos of other drives.
            None compares `photos` with each other.
        split: The name of `photos` in the report.
        limit: Photos to scan, at least 1.
        batch_size: Images that go through the model at once.
        on_start: Called with the store of scans before the first photo.
        on_photo: Called with (photos scanned, photos in all) after each photo.
        on_spot: Called with (shared spots compared, shared spots in all).

    Raises:
        PhotoError: Not one photo could be scanned.
        ConfigError: The window or the stride does not fit the photos as the model sees them.
        ModelError: A probability is not finite.
    """
    table = photos if known is None else known
    everything = photo_set(table, predictor.partition)
    rows = np.flatnonzero(table.frame["photo"].is_in(photos.frame["photo"].implode()).to_numpy())
    rows = rows[whole_drives(everything.drives[rows], limit, seed=plan.seed)]
    size, resize = predictor.spec.size, predictor.spec.resize
    with ScanStore(folder / "maps", plan.key({**predictor.identity(), "resize": resize})) as store:
        if on_start is not None:
            on_start(store)
        found = survey(
            predictor.probabilities,
            predictor.read,
            everything,
            rows,
            plan,
            store,
            size=size,
            batch_size=batch_size,
            on_photo=on_photo,
            on_spot=on_spot,
        )
    sequences = table.frame["sequence"].to_list() if table.has("sequence") else [None] * len(table)
    report = survey_report(
        found,
        plan,
        split=split,
        model=predictor.identity(),
        size=size,
        names=table.frame["photo"].to_list(),
        sequences=sequences,
        tokens=predictor.partition.tokens,
    )
    write_survey(
        found,
        report,
        folder,
        paths=table.paths,
        places=cell_places(predictor.partition),
        size=size,
        resize=resize,
    )
    return report
