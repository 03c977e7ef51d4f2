"""How good a model is on photos whose place is known, and how far its probabilities hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl
from jaxtyping import Float

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import PhotoError, PhotoTableError
from geoguess_cli.evaluation.batches import regrouped
from geoguess_cli.evaluation.measurement import report_of
from geoguess_cli.evaluation.observations import Observer
from geoguess_cli.evaluation.predictions import predictions_of
from geoguess_cli.evaluation.report import Grouped, Report
from geoguess_cli.geo.cut_partition import CutPartition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.remembered import sequences_of
from geoguess_cli.model.familiarity import Familiarity, Likeness
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.leak_report import LeakReport
from geoguess_cli.photos.table import PhotoTable


@runtime_checkable
class Predicts(Protocol):
    """The part of a predictor that an evaluation uses."""

    @property
    def partition(self) -> Partition:
        """The cell of each column of the logits, or those among them that reach into a region."""

    @property
    def temperature(self) -> float:
        """The number that logits are divided by before the softmax."""

    @property
    def point(self) -> PointMethod:
        """How the point estimate is chosen."""

    @property
    def familiarity(self) -> Familiarity | None:
        """What the training photos are like; None if the model does not know."""

    @property
    def memory(self) -> Memory | None:
        """The training photos that the model carries; None if it carries none."""

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int, workers: int
    ) -> Iterator[Outputs]:
        """The logits of many photos, a batch at a time, not yet divided by the temperature."""

    def identity(self) -> dict[str, Any]:
        """The parts, size and fingerprint of the model."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A model judged on a photo table.

    Attributes:
        report: Every statistic with its interval, as `report.json` holds it.
        predictions: One row for each photo of the table, in its order; `docs/metrics.md` defines
            the columns.
        partition: The cells that the model chose among.
    """

    report: Report
    predictions: pl.DataFrame
    partition: Partition

    @property
    def answered(self) -> pl.DataFrame:
        """The predictions of the photos that could be read."""
        return self.predictions.filter(pl.col("error").is_null())


def evaluate(
    predictor: Predicts,
    table: PhotoTable,
    *,
    split: str = "test",
    training: Float[np.ndarray, "m 2"] | None = None,
    leaks: LeakReport | None = None,
    grouped: Grouped | None = None,
    batch_size: int = 32,
    workers: int = 0,
    on_batch: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """The statistics of a model on the photos of a table, with a row for each photo.

    If the answers of the model are limited to a region, only photos that were taken there count.
    A photo that lies in no cell counts as wrong in the statistics over all photos. A photo that
    cannot be read counts in no statistic; the report lists it. Training photos that the model
    carries do not count for a photo of their own sequence.

    Args:
        predictor: The model.
        table: Photos whose place is known; all of them are used.
        split: What the report calls the photos.
        training: Where the training photos were taken: latitude, longitude, in degrees.
        grouped: How photos were grouped, if each row of the table is a group.
        leaks: What the photos share with the training photos, if that was checked.
        batch_size: Photos that go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called with (photos done, photos in all) after each batch.

    Raises:
        PhotoTableError: The table has no photos, or none in the region.
        PhotoError: No photo could be read.
        ModelError: A logit is not finite.
    """
    if not len(table):
        raise PhotoTableError(
            f"there is no photo to evaluate in the split `{split}`; `geoguess data split` makes one"
        )
    asked = len(table)
    table = photos_inside(table, predictor.partition)
    likenesses: dict[int, Likeness] = {}
    observer, errors = _observed(predictor, table, likenesses, batch_size, workers, on_batch)
    predictions = predictions_of(
        table,
        predictor.partition,
        observer,
        point=predictor.point,
        errors=errors,
        likenesses=likenesses,
        training=np.empty((0, 2)) if training is None else training,
    )
    report = report_of(
        predictions,
        predictor.partition,
        temperature=predictor.temperature,
        point=predictor.point,
        split=split,
        model=predictor.identity(),
        leaks=leaks,
        elsewhere=asked - len(table),
        grouped=grouped,
    )
    return Evaluation(report, predictions, predictor.partition)


def photos_inside(table: PhotoTable, partition: Partition) -> PhotoTable:
    """The photos that were taken in the region of a partition; all of them if it has none.

    Raises:
        PhotoTableError: No photo was taken there.
    """
    if not isinstance(partition, CutPartition):
        return table
    region = partition.region
    inside = np.flatnonzero(region.holds(table.latlng))
    if not len(inside):
        raise PhotoTableError(
            f"none of the {len(table)} photos was taken in {region.name}; name a larger region"
        )
    return table.take(inside)


def _observed(
    predictor: Predicts,
    table: PhotoTable,
    likenesses: dict[int, Likeness],
    batch_size: int,
    workers: int,
    on_batch: Callable[[int, int], None] | None,
) -> tuple[Observer, dict[int, str]]:
    """The numbers kept of each photo, and the reason why a photo could not be read, by row.

    `likenesses` gets how near each photo lies to the training photos, where the model knows.
    """
    familiarity = predictor.familiarity
    memory = predictor.memory
    observer = Observer(
        predictor.partition,
        table.latlng,
        temperature=predictor.temperature,
        point=predictor.point,
        memory=memory,
        sequences=sequences_of(table.frame),
    )
    errors: dict[int, str] = {}

    def batches() -> Iterator[tuple[np.ndarray, ...]]:
        done = 0
        for output in predictor.outputs(table.files, batch_size=batch_size, workers=workers):
            errors.update(output.failures)
            if near := output.likenesses(familiarity):
                likenesses.update(zip(output.rows.tolist(), near, strict=True))
            known = [] if memory is None else [output.seen]
            yield output.rows, output.logits, *known
            done += len(output.rows) + len(output.failures)
            if on_batch is not None:
                on_batch(done, len(table))

    for arrays in regrouped(batches()):
        observer.add(*arrays)
    if len(errors) == len(table):
        row, reason = next(iter(errors.items()))
        photo = table.frame["photo"][row]
        raise PhotoError(f"none of {len(table)} photos could be read; {photo}: {reason}")
    return observer, errors
