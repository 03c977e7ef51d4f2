"""The epochs of a training, stage by stage: the best weights are kept, every epoch can be resumed.

A stage starts from the best weights by validation loss of the run so far, not from the last ones:
a stage that overfits does no harm to the next.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.training.epoch import AfterBatch, Engine
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.progress import EpochStats, Phase, StepStats, Tally
from geoguess_cli.training.run import Best, Run
from geoguess_cli.training.stages import PlannedStage, RunningStage, plan, set_stage, start_stage
from geoguess_cli.training.terms import check_unchanged


@dataclass(eq=False)
class EpochLoop:
    """The state of a training between epochs: how it starts, stops and goes on.

    Args:
        engine: Computes an epoch.
        config: `[train]` says which stages there are.
        run: The folder where results and state are kept.
        train: Photos to learn from and their loader.
        val: Photos to choose the best epoch by and their loader.
        cells_digest: `states.cells_digest` of the partition.
        terms: `terms.training_terms` of this training.
        on_step: Called after each batch.
    """

    engine: Engine
    config: Config
    run: Run
    train: tuple[TrainingPhotos, PhotoLoader]
    val: tuple[TrainingPhotos, PhotoLoader]
    cells_digest: str
    terms: Mapping[str, str]
    on_step: Callable[[StepStats], None] | None
    best: Best = field(default_factory=Best, init=False)

    def epochs(self, *, stage: int | None, resume: bool) -> Iterator[EpochStats]:
        """Run all epochs that are left, one at each step of the iteration.

        Args:
            stage: Number of the only stage to run, from 1; None for all stages, or with `resume`
                for those that were interrupted.
            resume: Go on after the last whole epoch in the run.
        """
        resumed = self._resume(stage) if resume else None
        if resumed is None:
            done = self._start(stage)
        else:
            stage, done = resumed["stage"], resumed["epoch"]
        stages = plan(self.config.train.stages, stage)
        self.stage, self.last_epoch = stage, stages[-1].end
        for planned in stages:
            if planned.end <= done:
                continue
            running = self._enter(planned, resumed if planned.first < done else None)
            if not resume and planned is stages[0]:
                self._save(running, done)
            for epoch in range(max(planned.first, done), planned.end):
                yield self._epoch(running, epoch)

    def _start(self, stage: int | None) -> int:
        """Make the run's folder ready, and return the number of epochs that count as done."""
        first = plan(self.config.train.stages, stage)[0]
        if first.number > 1:
            self.run.check_stage(first.number - 1, cells_digest=self.cells_digest)
        self.run.start(self.config, stage=first.number, first_epoch=first.first)
        self.engine.geolocator.to(self.engine.device)
        return first.first

    def _resume(self, stage: int | None) -> dict[str, Any]:
        """Go back to the end of the last whole epoch, and return the state that was kept."""
        state = self.run.load_resume()
        check_unchanged(state["terms"], self.terms)
        if stage is not None and stage != state["stage"]:
            stored = "all stages" if state["stage"] is None else f"stage {state['stage']}"
            raise ConfigError(
                f"cannot resume stage {stage}: {self.run.folder} was training {stored}; "
                "leave --stage out, or train without --resume"
            )
        self._load(state["geolocator"])
        self.best = Best(*state["best"])
        self.run.forget_after(state["epoch"])
        return state

    def _enter(self, planned: PlannedStage, interrupted: dict[str, Any] | None) -> RunningStage:
        """Start a stage from the best weights, or go on with an interrupted one."""
        if interrupted is None and self.run.best_path.is_file():
            state, self.best = self.run.best(cells_digest=self.cells_digest)
            self._load(state)
        running = start_stage(self.engine.geolocator, planned, self.config.train)
        if interrupted is not None:
            running.optimizer.load_state_dict(interrupted["optimizer"])
            running.scheduler.load_state_dict(interrupted["scheduler"])
        return running

    def _epoch(self, stage: RunningStage, epoch: int) -> EpochStats:
        """Run one epoch and keep its result."""
        where: dict[str, Any] = {
            "stage": stage.planned.number,
            "stage_name": stage.planned.config.name,
            "epoch": epoch + 1,
            "epochs": self.last_epoch,
            "learning_rate": stage.learning_rate,
        }
        set_stage(self.engine.geolocator, stage.planned.config)
        (train_photos, train_loader), (val_photos, val_loader) = self.train, self.val
        try:
            trained = self.engine.train(
                train_photos,
                train_loader.epoch(epoch),
                stage.optimizer,
                epoch=epoch,
                after=self._reporter(where, "train", len(train_loader)),
            )
            speed, seconds = trained.photos_per_second, trained.seconds
            judged = self.engine.validate(
                val_photos, val_loader.epoch(0), after=self._reporter(where, "val", len(val_loader))
            )
        except ModelError as error:
            raise ModelError(self._diverged(stage, epoch, error)) from error
        stage.scheduler.step(judged.mean_loss)
        stats = EpochStats(
            **where,
            loss=trained.mean_loss,
            val_loss=judged.mean_loss,
            val_top_1=judged.top_1 / judged.photos,
            val_top_5=judged.top_5 / judged.photos,
            photos_per_second=speed,
            seconds=seconds + judged.seconds,
            best=judged.mean_loss < self.best.val_loss,
            skipped=trained.skipped + judged.skipped,
        )
        self._keep(stage, stats)
        return stats

    def _keep(self, stage: RunningStage, stats: EpochStats) -> None:
        """Record the epoch. The resume state is written last; without it the epoch is run again."""
        if stats.best:
            self.best = Best(stats.val_loss, stats.epoch)
            self.run.save_best(
                self.engine.geolocator.state_dict(), self.best, cells_digest=self.cells_digest
            )
        if stats.epoch == stage.planned.end:
            self.run.end_stage(stage.planned.number)
        self.run.record(dataclasses.asdict(stats))
        self._save(stage, stats.epoch)

    def _save(self, stage: RunningStage, epoch: int) -> None:
        self.run.save_resume(
            {
                "terms": dict(self.terms),
                "stage": self.stage,
                "epoch": epoch,
                "best": dataclasses.astuple(self.best),
                "geolocator": self.engine.geolocator.state_dict(),
                "optimizer": stage.optimizer.state_dict(),
                "scheduler": stage.scheduler.state_dict(),
            }
        )

    def _load(self, state: Mapping[str, torch.Tensor]) -> None:
        self.engine.geolocator.to(self.engine.device)
        try:
            self.engine.geolocator.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(
                f"the weights in {self.run.folder} are of another architecture than [model] "
                "describes; put [model] back, or train again from stage 1"
            ) from error

    def _reporter(self, where: Mapping[str, Any], phase: Phase, steps: int) -> AfterBatch:
        def report(step: int, tally: Tally) -> None:
            if self.on_step is not None:
                self.on_step(
                    StepStats(
                        **where,
                        phase=phase,
                        step=step,
                        steps=steps,
                        loss=tally.mean_loss,
                        photos_per_second=tally.photos_per_second,
                    )
                )

        return report

    def _diverged(self, stage: RunningStage, epoch: int, error: Exception) -> str:
        number, name = stage.planned.number, stage.planned.config.name
        path = self.run.best_path
        weights = f"the best weights so far are in {path}" if path.is_file() else "none are kept"
        return (
            f"stage {number} ({name}), epoch {epoch + 1}, {error}. "
            f"Lower the stage's learning_rate ({stage.learning_rate:g}), set train.clip_norm, or "
            f"use --precision fp32; {weights}"
        )
