"""The progress of a training: a live bar on a terminal, and one line an epoch."""

from typing import TYPE_CHECKING, Any

from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from rich.progress import Progress

    from geoguess_cli.training.progress import EpochStats, StepStats


class TrainingDisplay:
    """Shows the progress of a training: a live bar on a terminal, and one line an epoch.

    Args:
        sink: Where the lines go.
        stages: Number of stages of the recipe.
    """

    def __init__(self, sink: Sink, *, stages: int) -> None:
        self._sink = sink
        self._stages = stages
        self._progress: Progress = sink.progress(extra="{task.fields[rates]}")
        self._task: Any = None
        self._headed = False

    def __enter__(self) -> "TrainingDisplay":
        self._progress.start()
        self._task = self._progress.add_task("starting", total=None, rates="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, stats: "StepStats") -> None:
        """Move the bar after a batch."""
        # Validation counts as the last tenth of an epoch, because it has no backward pass.
        share = stats.step / max(1, stats.steps)
        within = 0.9 * share if stats.phase == "train" else 0.9 + 0.1 * share
        self._progress.update(
            self._task,
            description=f"stage {stats.stage}/{self._stages} {stats.stage_name}, "
            f"epoch {stats.epoch}/{stats.epochs}, {stats.phase}",
            completed=stats.epoch - 1 + within,
            total=stats.epochs,
            rates=f"loss {stats.loss:.3f} · {stats.photos_per_second:.0f} photos/s "
            f"· lr {stats.learning_rate:.1g}",
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
