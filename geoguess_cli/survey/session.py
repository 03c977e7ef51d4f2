"""A survey from end to end: a model and a photo table in, a report in a folder out."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from geoguess_cli.inference.photo_predictor import PhotoPredictor
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.survey.files import write_survey
from geoguess_cli.survey.report import SurveyReport
from geoguess_cli.survey.scan import FreshScans, ScanPlan, whole_drives
from geoguess_cli.survey.scan_store import ScanStore
from geoguess_cli.survey.survey import survey, surveyed_photos

LIMIT = 200
"""Photos that a survey scans unless it is given another limit."""


def survey_photos(
    predictor: PhotoPredictor,
    photos: PhotoTable,
    plan: ScanPlan,
    folder: Path,
    *,
    known: PhotoTable | None = None,
    split: str = "all",
    limit: int = LIMIT,
    on_start: Callable[[ScanStore], None] | None = None,
    on_photo: Callable[[int, int], None] | None = None,
    on_spot: Callable[[int, int], None] | None = None,
) -> SurveyReport:
    """The report of a survey, which is written to the folder with its figures.

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
        on_start: Called with the store of scans before the first photo.
        on_photo: Called with (photos scanned, photos in all) after each photo.
        on_spot: Called with (shared spots compared, shared spots in all).

    Raises:
        PhotoError: Not one photo could be scanned.
        ConfigError: The window or the stride does not fit the photos as the model sees them.
        ModelError: A probability is not finite.
    """
    table = photos if known is None else known
    photo_set = surveyed_photos(table, predictor.partition)
    rows = np.flatnonzero(table.frame["photo"].is_in(photos.frame["photo"].implode()).to_numpy())
    rows = rows[whole_drives(photo_set.drives[rows], limit, seed=plan.seed)]
    spec, model = predictor.spec, predictor.identity()
    with ScanStore(folder / "maps", plan.key({**model, "resize": spec.resize})) as store:
        if on_start is not None:
            on_start(store)
        result = survey(
            predictor.for_windows,
            predictor.read,
            photo_set,
            rows,
            plan,
            store,
            size=spec.size,
            on_photo=on_photo,
            on_spot=on_spot,
            fresh=_scanner_of(predictor),
        )
    report = SurveyReport(result, split, model, predictor.partition, spec)
    write_survey(report, folder)
    return report


def _scanner_of(predictor: PhotoPredictor) -> FreshScans | None:
    """Scans photos with the processes that share a predictor; None if it works alone."""
    if not predictor.shared:
        return None
    from geoguess_cli.survey.sharing import scanner_of  # it needs torch, an ONNX file does not

    return scanner_of(predictor)
