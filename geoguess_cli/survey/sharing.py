"""The scan of photos by several processes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from jaxtyping import Int

from geoguess_cli.inference.photo_predictor import PhotoPredictor
from geoguess_cli.inference.sharing import SharedModel, SharedPredictor, predictor_of, shared
from geoguess_cli.model.processes import Processes
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.survey.scan import FreshScan, FreshScans, ScanPlan, fresh_scans


@dataclass(frozen=True, eq=False)
class ScanTask:
    """The scans of photos, one by one.

    Args:
        model: The model.
        files: The photos.
        plan: How to scan.
        held: Names of the photos that earlier runs have scanned.
        truths: Index of the true cell of each photo, -1 if it lies in none.
    """

    model: SharedModel
    files: PhotoList
    plan: ScanPlan
    held: frozenset[str]
    truths: Int[np.ndarray, " n"] | None

    def results(self, processes: Processes) -> Iterator[FreshScan]:
        """The scans of this process's own photos, those of one process in turn."""
        predictor = predictor_of(self.model)
        return fresh_scans(
            predictor.for_windows,
            predictor.read,
            self.files,
            self.plan,
            self.held,
            truths=self.truths,
            rows=range(processes.rank, len(self.files), processes.count),
        )


def scanner_of(predictor: PhotoPredictor) -> FreshScans | None:
    """Scans photos with the processes that share a predictor; None if it is not shared."""
    return partial(_scanned, predictor) if isinstance(predictor, SharedPredictor) else None


def _scanned(
    predictor: SharedPredictor,
    files: Sequence[PhotoFile],
    plan: ScanPlan,
    held: Iterable[str],
    truths: Int[np.ndarray, " n"] | None,
) -> Iterator[FreshScan]:
    task = ScanTask(predictor.model, PhotoList.of_files(files), plan, frozenset(held), truths)
    return shared(predictor.processes, task)
