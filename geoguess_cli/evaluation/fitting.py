"""The decision of a model, fitted on validation photos: its temperature, then its point method."""

import dataclasses
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32, Int

from geoguess_cli.choices import PointMethod
from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.batches import ROWS
from geoguess_cli.evaluation.calibration import Calibration, Temperature, ece_of, fit_temperature
from geoguess_cli.evaluation.groups import group_table
from geoguess_cli.evaluation.intervals import Bootstrap, mean_of, sequence_groups
from geoguess_cli.evaluation.observations import Observer
from geoguess_cli.evaluation.redundancy import Redundancy, fit_redundancy
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.groups import groups_by
from geoguess_cli.inference.probabilities import log_softmax
from geoguess_cli.inference.remembered import sequences_of
from geoguess_cli.model.checkpoint import TrainedModel
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.table import PhotoTable


@dataclass(frozen=True)
class Quality:
    """How far the probabilities are off, over the photos that lie in a cell.

    Attributes:
        nll: Mean log loss, in nats.
        brier: Mean Brier score, in [0, 2].
        ece: Expected calibration error of the top probability, in [0, 1].
    """

    nll: float
    brier: float
    ece: float


@dataclass(frozen=True)
class Fit:
    """The decision that validation photos made, and the numbers behind it.

    Attributes:
        decision: The temperature and the point method.
        photos: Photos that were read; they decided the point method.
        covered: Photos that lie in a cell; they decided the temperature.
        sequences: Sequences of the covered photos; a photo of no known sequence counts as one.
        before: Quality at temperature 1; None if no photo lies in a cell.
        after: Quality at the temperature of the decision; None if no photo lies in a cell.
        median_km: Median distance from each method's estimates to the truths, at that temperature.
        reason: Why the temperature is not the one with the least log loss; "" if it is.
        failures: Position and reason of each photo that could not be read.
        familiarity: What the training photos are like; None if there were none to learn from.
        memory: The features of the training photos, if they are to be carried.
        redundancy: How alike the photos of a sequence are as evidence; None without sequences of
            two photos or more.
        views: How alike views of one photo are as evidence; None if they were not looked at.
        views_seen: Number of views of each photo that decided it.
    """

    decision: Decision
    photos: int
    covered: int
    sequences: int
    before: Quality | None
    after: Quality | None
    median_km: dict[PointMethod, float]
    reason: str
    failures: list[tuple[int, str]]
    familiarity: Familiarity | None = None
    memory: Memory | None = None
    redundancy: Redundancy | None = None
    views: Redundancy | None = None
    views_seen: int = 1

    def record(self) -> dict[str, Any]:
        """The entries of `metrics.json`, as plain JSON."""
        return {
            "calibration": {
                "photos": self.covered,
                "sequences": self.sequences,
                "temperature": self.decision.temperature,
                "reason": self.reason,
                "before": self.before and dataclasses.asdict(self.before),
                "after": self.after and dataclasses.asdict(self.after),
            },
            "point_estimate": {
                "photos": self.photos,
                "method": self.decision.point,
                "median_km": dict(self.median_km),
            },
            **({} if self.redundancy is None else {"groups": self.redundancy.record()}),
            **self._views(),
            **self._familiarity(),
        }

    def _views(self) -> dict[str, Any]:
        if self.views is None:
            return {}
        own = self.views.record()
        return {"views": {"views": self.views_seen, "photos": own.pop("groups"), **own}}

    def _familiarity(self) -> dict[str, Any]:
        known = self.familiarity
        if known is None:
            return {}
        return {
            "familiarity": {
                "photos": known.photos,
                "judges": known.judges,
                "judged_by": known.judged_by,
            }
        }

    def with_views(self, views: Redundancy | None, before: float, *, seen: int = 1) -> "Fit":
        """The same fit with the redundancy of views.

        Args:
            views: What was fitted, if anything was.
            before: The redundancy that is kept without it.
            seen: Number of views that were looked at.
        """
        value = before if views is None else views.value
        decision = dataclasses.replace(self.decision, view_redundancy=value)
        return dataclasses.replace(self, decision=decision, views=views, views_seen=seen)

    def applied_to(self, trained: TrainedModel) -> TrainedModel:
        """The model with this decision, and with its numbers among the metrics."""
        metrics = trained.metrics | self.record()
        return dataclasses.replace(
            trained,
            decision=self.decision,
            metrics=metrics,
            familiarity=self.familiarity,
            memory=self.memory or trained.memory,
        )


def fit_decision(
    outputs: Iterable[Outputs],
    table: PhotoTable,
    partition: Partition,
    *,
    memory: Memory | None = None,
) -> Fit:
    """The temperature and the point method that are best on photos the model did not train on.

    The temperature has the least log loss. A temperature below 1 makes the model surer, so it is
    used only if the photos, resampled by sequence, show it; otherwise 1 is kept. Whole sequences
    then fit the redundancy of photos of one place. At that temperature the point method has the
    least median distance, over photos in no cell too. Without a photo in a cell the defaults stay.

    Where the model carries training photos, the method `neighbours` is judged too; those of a
    photo's own sequence do not count for it.

    Memory holds the probabilities of a few hundred photos at a time. The logits of all photos are
    read several times from a temporary file: 0.9 GB for 100,000 photos and 2,199 cells.

    Args:
        outputs: The raw logits of the validation photos.
        table: Those photos.
        partition: The cell of each column of the logits.
        memory: The training photos that the model is to carry.
    """
    latlng = table.latlng
    width = 0 if memory is None else memory.features.shape[1]
    with _kept(len(latlng), len(partition)) as logits, _kept(len(latlng), width) as features:
        rows, failures = _gather(outputs, logits, features)
        truths = np.full(len(latlng), -1, dtype=np.int64)
        truths[rows] = partition.assign(latlng[rows])
        covered = np.flatnonzero(truths >= 0)
        if not len(covered):
            fault = "lies in a cell" if len(rows) else "could be read"
            reason = f"none of {len(latlng)} validation photos {fault}"
            return Fit(Decision(), len(rows), 0, 0, None, None, {}, reason, failures)
        fitted = fit_temperature(logits, truths)
        groups = sequence_groups(table.frame)[covered]
        temperature, reason = _believed(fitted, logits, truths, covered, Bootstrap(groups))
        redundancy = _of_sequences(logits, rows, table, partition, temperature)
        observer = Observer(
            partition,
            latlng,
            temperature=temperature,
            point=Decision().point,
            memory=memory,
            sequences=sequences_of(table.frame),
        )
        for chunk in _chunks(rows):
            observer.add(chunk, logits[chunk], features[chunk])
    before, after = map(_quality, observer.calibration())
    distances = {method: km[rows] for method, km in observer.distances_km().items()}
    return Fit(
        decision=Decision(
            temperature, best_method(distances), redundancy.value if redundancy else 0.0
        ),
        photos=len(rows),
        covered=len(covered),
        sequences=len(np.unique(groups)),
        before=before,
        after=after,
        median_km={method: metrics.median(km) for method, km in distances.items()},
        reason=reason,
        failures=failures,
        redundancy=redundancy,
    )


def _of_sequences(
    logits: np.ndarray,
    rows: Int[np.ndarray, " r"],
    table: PhotoTable,
    partition: Partition,
    temperature: float,
) -> Redundancy | None:
    """The redundancy of the photos of one sequence; memory holds a row of logits a sequence."""
    rows = np.sort(rows)
    read = table.take(rows)
    if not read.has("sequence"):
        return None
    groups = groups_by(read, "sequence")
    sums = np.zeros((len(groups), len(partition)))
    for chunk in _chunks(np.arange(len(rows))):
        np.add.at(sums, groups.members[chunk], logits[rows[chunk]])
    truths = partition.assign(group_table(read, groups).latlng).astype(np.int64)
    return fit_redundancy(sums, groups.sizes, truths, temperature=temperature)


def _chunks(rows: Int[np.ndarray, " r"]) -> Iterator[Int[np.ndarray, " b"]]:
    """The rows, a few hundred at a time."""
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))


@contextmanager
def _kept(photos: int, columns: int) -> Iterator[Float32[np.ndarray, "n c"]]:
    """Room for numbers of all photos in a file without a name, deleted when the block ends."""
    if not photos * columns:  # an empty file cannot be mapped
        yield np.empty((photos, columns), dtype=np.float32)
        return
    with tempfile.TemporaryFile() as file:
        yield np.memmap(file, dtype=np.float32, mode="w+", shape=(photos, columns))


def _gather(
    outputs: Iterable[Outputs], logits: np.ndarray, features: np.ndarray
) -> tuple[Int[np.ndarray, " r"], list[tuple[int, str]]]:
    """The rows that were read, and the failures; puts each photo's logits into its row.

    If there is room for features, they are put into its row too.
    """
    read: list[np.ndarray] = []
    failures: list[tuple[int, str]] = []
    for output in outputs:
        logits[output.rows] = output.logits
        if features.shape[1]:
            features[output.rows] = output.seen
        read.append(output.rows)
        failures += output.failures
    rows = np.concatenate(read) if read else np.empty(0, dtype=np.int64)
    return rows, failures


def _believed(
    fitted: Temperature,
    logits: np.ndarray,
    truths: Int[np.ndarray, " n"],
    covered: Int[np.ndarray, " k"],
    bootstrap: Bootstrap,
) -> tuple[float, str]:
    """The temperature to use, and why it is not the one with the least log loss.

    A temperature below 1 needs evidence. The photos chose the epoch too, so the model looks better
    on them than it is; drives are few and differ. If the model is right on every photo, the log
    loss keeps falling towards temperature 0, at which every answer is certain.
    """
    if fitted.value >= 1:
        return fitted.value, fitted.reason
    changes: list[np.ndarray] = []
    right = 0
    for rows in _chunks(covered):
        own, true = logits[rows], truths[rows]
        right += int((own.argmax(axis=1) == true).sum())
        logs, colder = log_softmax(own), log_softmax(own / np.float32(fitted.value))
        changes.append(metrics.at_truth(logs, true) - metrics.at_truth(colder, true))
    if right == len(covered):
        return (1.0, f"the model is right on all {right} photos, so none shows how sure it may be")
    change = bootstrap.intervals({"nll": mean_of(np.concatenate(changes))})["nll"]
    if change.high < 0:
        return fitted.value, fitted.reason
    return 1.0, (
        f"{fitted.value:.3f} is best for these {len(covered)} photos, but {bootstrap.groups} "
        "sequences are too few to make the model surer: the log loss would change by "
        f"{change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
    )


def _quality(calibration: Calibration) -> Quality:
    covered = calibration.of_covered()
    one_each = np.ones((len(covered.nll), 1))
    return Quality(
        nll=metrics.mean(covered.nll),
        brier=metrics.mean(covered.brier),
        ece=float(ece_of(covered.confidence, covered.correct)(one_each)[0]),
    )


def best_method(distances_km: Mapping[PointMethod, Float[np.ndarray, " n"]]) -> PointMethod:
    """The method whose estimates have the least median distance; at a tie the first method.

    Args:
        distances_km: From each method's estimates to the truths of the same photos.

    >>> best_method({"centroid": np.array([3.0, 9.0]), "distance": np.array([4.0, 5.0])})
    'distance'
    """
    return min(distances_km, key=lambda method: metrics.median(distances_km[method]))
