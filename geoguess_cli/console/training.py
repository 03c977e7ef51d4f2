"""The progress of a training: a live bar on a terminal, and one line an epoch."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from geoguess_cli.console.output import Sink
from geoguess_cli.wording import counted, time_span

if TYPE_CHECKING:
    from rich.progress import Progress

    from geoguess_cli.training.progress import EpochStats, StepStats


TRAINING_SHARE = 0.9
"""Validation counts as the last tenth of an epoch, because it has no backward pass."""

MEASURED_S, WORTH_SAYING_S = 10.0, 60.0
"""Time that is measured before the forecast, and the least time of which one is made."""


NAMED = 20
"""Number of photos that cannot be read and are named; a folder that is gone may have thousands."""


class TrainingDisplay:
    """Shows the progress of a training: a live bar on a terminal, and one line an epoch.

    Args:
        sink: Where the lines go.
        stages: Number of stages of the recipe.
        clock: The time in seconds, for the forecast.
    """

    def __init__(
        self, sink: Sink, *, stages: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._first: tuple[int, float] | None = None
        self._foretold = False
        self._sink = sink
        self._stages = stages
        self._progress: Progress = sink.progress(extra="{task.fields[rates]}")
        self._task: Any = None
        self._headed = False
        self._failures = 0

    def __enter__(self) -> "TrainingDisplay":
        self._progress.start()
        self._task = self._progress.add_task("starting", total=None, rates="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, stats: "StepStats") -> None:
        """Move the bar after a batch, and once say how long the whole training will take."""
        self._foretell(stats)
        share = stats.step / max(1, stats.steps)
        own = TRAINING_SHARE
        within = own * share if stats.phase == "train" else own + (1 - own) * share
        self._progress.update(
            self._task,
            description=f"stage {stats.stage}/{self._stages} {stats.stage_name}, "
            f"epoch {stats.epoch}/{stats.epochs}, {stats.phase}",
            completed=stats.epoch - 1 + within,
            total=stats.epochs,
            rates=f"loss {stats.loss:.3f} · {stats.photos_per_second:.0f} photos/s "
            f"· lr {stats.learning_rate:.1g}",
        )

    def failure(self, reason: str) -> None:
        """Warn of a photo that cannot be read; of many, only the first are named."""
        self._failures += 1
        if self._failures <= NAMED:
            self._sink.warn(f"{reason}; skipped")
        elif self._failures == NAMED + 1:
            self._sink.warn(
                f"more than {NAMED} photos cannot be read; the others are skipped without a line "
                "each; `geoguess data inspect` says why"
            )

    def _foretell(self, stats: "StepStats") -> None:
        """One line before the first epoch ends, from the time of its first steps."""
        if self._foretold or stats.phase != "train":
            return
        if self._first is None:
            self._first = (stats.step, self._clock())  # the first step also starts the workers
            return
        first, then = self._first
        elapsed = self._clock() - then
        if stats.step <= first or (elapsed < MEASURED_S and stats.step < stats.steps):
            return
        self._foretold = True
        epoch = elapsed / (stats.step - first) * stats.steps / TRAINING_SHARE
        left = stats.epochs - stats.epoch + 1
        if (total := left * epoch) >= WORTH_SAYING_S:
            self._sink.notice(
                f"about {time_span(total)} for {counted(left, 'epoch')} at this speed, "
                f"{time_span(epoch)} each"
            )

    def features(self, done: int, total: int) -> None:
        """Move the bar while the features of photos are read."""
        self._progress.update(
            self._task,
            description="features of the photos",
            completed=done,
            total=total,
            rates=f"{done:,} of {total:,}",
        )

    def epoch(self, stats: "EpochStats") -> None:
        """Write one line about an epoch."""
        if not self._headed:
            self._headed = True
            self._sink.notice(
                "stage         epoch    loss  val loss   top-1   top-5       lr  photos/s"
            )
        self._sink.notice(
            f"{stats.stage_name:<12} {stats.epoch:>3}/{stats.epochs:<3} {stats.loss:>6.3f} "
            f"{stats.val_loss:>9.3f}  {stats.val_top_1:>6.1%}  {stats.val_top_5:>6.1%} "
            f"{stats.learning_rate:>8.1e} {stats.photos_per_second:>9.0f}"
            f"{'  best' if stats.best else ''}"
        )
