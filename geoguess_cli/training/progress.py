"""What a training reports: its state after each batch, and its result after each epoch."""

import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from geoguess_cli.training.readings import Readings

Phase = Literal["train", "val"]
PHASES: tuple[Phase, ...] = get_args(Phase)


@dataclass(frozen=True)
class CurrentEpoch:
    """The epoch that a training is in.

    Args:
        stage: Number of the stage, from 1.
        stage_name: Name of the stage.
        epoch: Number of the epoch, from 1, counted through all stages of the recipe.
        epochs: Number of the last epoch of this training.
    """

    stage: int
    stage_name: str
    epoch: int
    epochs: int


@dataclass(frozen=True)
class StepStats(CurrentEpoch):
    """The state of a training after a batch.

    Args:
        phase: "train" or "val".
        step: Batches of the phase that are done.
        steps: Batches of the whole phase.
        loss: Mean loss of the phase so far, in nats.
        photos_per_second: Mean speed of the phase so far.
        learning_rate: The rate in this epoch.
    """

    phase: Phase
    step: int
    steps: int
    loss: float
    photos_per_second: float
    learning_rate: float


@dataclass(frozen=True)
class EpochStats(CurrentEpoch):
    """The result of an epoch; a line of `metrics.jsonl`.

    Args:
        loss: Mean training loss, in nats, label smoothing included.
        val_loss: Mean cross-entropy of the validation photos that lie in a cell, in nats.
        val_top_1: Share of all validation photos whose cell was the likeliest.
        val_top_5: Share of all validation photos whose cell was among the five likeliest.
        learning_rate: The rate in this epoch.
        photos_per_second: Training photos a second.
        seconds: Duration of training and validation.
        best: Whether no earlier epoch of the run had as low a validation loss.
        skipped: Number of photos that could not be decoded.
    """

    loss: float
    val_loss: float
    val_top_1: float
    val_top_5: float
    learning_rate: float
    photos_per_second: float
    seconds: float
    best: bool
    skipped: int


@dataclass
class Tally:
    """Sums over the photos of a phase, and a clock that `stop` stops.

    `earlier` is the time in seconds before `started`; the clock stands still if that is None. The
    losses and hits of the latest steps may still wait in `readings`.
    """

    photos: int = 0
    covered: int = 0
    loss: float = 0.0
    top_1: int = 0
    top_5: int = 0
    skipped: int = 0
    earlier: float = 0.0
    started: float | None = field(default_factory=time.perf_counter)
    readings: Readings = field(default_factory=Readings, compare=False, repr=False)

    @property
    def mean_loss(self) -> float:
        """Mean loss of the photos that have one, in nats."""
        return self.loss / self.covered if self.covered else math.nan

    @property
    def seconds(self) -> float:
        """Time that the phase has taken, interruptions left out."""
        running = 0.0 if self.started is None else time.perf_counter() - self.started
        return self.earlier + running

    def stop(self) -> None:
        """Stop the clock."""
        self.earlier, self.started = self.seconds, None

    def record(self) -> dict[str, Any]:
        """The sums of all steps as plain values; `Tally(**record)` continues with them."""
        self.readings.read()
        sums = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        del sums["started"], sums["readings"]
        return sums | {"earlier": self.seconds}

    @property
    def photos_per_second(self) -> float:
        """Mean speed since the phase began."""
        return self.photos / max(self.seconds, 1e-9)


def epoch_stats(
    where: Mapping[str, Any], trained: Tally, judged: Tally, *, best_before: float
) -> EpochStats:
    """The result of an epoch.

    Args:
        where: The fields of `CurrentEpoch` and the learning rate.
        trained: Sums over the training photos.
        judged: Sums over the validation photos.
        best_before: Least validation loss of the epochs before, in nats.
    """
    return EpochStats(
        **where,
        loss=trained.mean_loss,
        val_loss=judged.mean_loss,
        val_top_1=judged.top_1 / judged.photos,
        val_top_5=judged.top_5 / judged.photos,
        photos_per_second=trained.photos_per_second,
        seconds=trained.seconds + judged.seconds,
        best=judged.mean_loss < best_before,
        skipped=trained.skipped + judged.skipped,
    )
