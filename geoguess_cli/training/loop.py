"""The epochs of a training, stage by stage: the best weights are kept, any step can be resumed.

A stage starts from the best weights by validation loss of the run so far, not from the last ones:
a stage that overfits does no harm to the next.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from geoguess_cli.config import Config, StageConfig
from geoguess_cli.errors import ConfigError, ModelError, OutOfMemoryError, StoppedError
from geoguess_cli.model.states import CELLS_KEY, read_state, state_bytes
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.training.clock import Clock
from geoguess_cli.training.epoch import AfterBatch, Engine
from geoguess_cli.training.faults import compiling, fault_of_epoch
from geoguess_cli.training.features import FeatureReading, Loader
from geoguess_cli.training.log import TrainingLog
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.progress import (
    PHASES,
    EpochStats,
    Phase,
    StepStats,
    Tally,
    epoch_stats,
)
from geoguess_cli.training.run import Run
from geoguess_cli.training.snapshot import Best, Snapshot, Snapshots
from geoguess_cli.training.stages import PlannedStage, RunningStage, plan, set_stage, start_stage
from geoguess_cli.training.terms import check_unchanged

Stop = Callable[[float], str | None]
"""Says after each step why the training shall stop now; None lets it go on.

It is given the time in seconds that one more step and one more snapshot would take.
"""


@dataclass(eq=False)
class EpochLoop:
    """A training at work: how it starts, stops and goes on.

    Args:
        engine: Computes an epoch.
        config: `[train]` says which stages there are, and how often a snapshot is kept.
        run: The folder where results and snapshots are kept.
        train: Photos to learn from and their loader.
        val: Photos to choose the best epoch by and their loader.
        cells_digest: `states.cells_digest` of the partition.
        terms: `terms.training_terms` of this training.
        features: Reads features in place of photos, for a stage where all before the head rests.
        log: Gets the start of the training and the result of each epoch.
        on_step: Called after each batch.
        stop: Asked after each batch.
    """

    engine: Engine
    config: Config
    run: Run
    train: tuple[TrainingPhotos, PhotoLoader]
    val: tuple[TrainingPhotos, PhotoLoader]
    cells_digest: str
    terms: Mapping[str, str]
    features: FeatureReading
    log: TrainingLog
    on_step: Callable[[StepStats], None] | None
    stop: Stop | None
    best: Best = field(default_factory=Best, init=False)
    metrics: list[dict[str, Any]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.snapshots: Snapshots = self.run.snapshots
        self.clock = Clock()

    def epochs(self, *, stage: int | None, resumed: Snapshot | None) -> Iterator[EpochStats]:
        """Run all epochs that are left, one at each step of the iteration.

        Args:
            stage: Number of the only stage to run, from 1; None for all stages, or with `resumed`
                for those that were interrupted.
            resumed: The snapshot to go on from; None starts a training.
        """
        processes = self.engine.processes
        if resumed is None:
            self.only_stage, done = stage, self._begin(stage)
        else:
            self.only_stage, done = resumed.only_stage, resumed.epoch
            self._go_back(resumed, stage)
        self.log.tell("start", {"config": self.config.tree(), "epochs": list(self.metrics)})
        stages = plan(self.config.train.stages, self.only_stage)
        self.last_epoch = stages[-1].end
        for planned in stages:
            if planned.end <= done:
                continue
            interrupted = resumed if resumed is not None and resumed.continues(planned) else None
            if planned is not stages[0] and interrupted is None:
                self._load(processes.of_leader(self._best_weights))
            running = start_stage(self.engine.geolocator, planned, self.config.train, processes)
            if interrupted is not None:
                running.go_on(interrupted.optimizer, interrupted.scheduler, interrupted.average)
            if resumed is None and planned is stages[0]:
                self._keep(running, done, best=self._first_best(planned))
            self.loaders = self._loaders(planned.config)
            for epoch in range(max(planned.first, done), planned.end):
                yield self._epoch(running, epoch, interrupted)
                interrupted = None

    def _begin(self, stage: int | None) -> int:
        """Load the result of the stage before, and return the number of epochs that it took."""
        first = plan(self.config.train.stages, stage)[0]
        weights = self.engine.geolocator.state_dict().values()
        # The optimizer holds two sums for each weight, and the best weights are kept beside them.
        copies = 5 if self.config.train.ema else 4
        needed = copies * sum(weight.nbytes for weight in weights)
        self.engine.processes.of_leader(lambda: self.snapshots.check_space(needed))
        self.engine.geolocator.to(self.engine.device)
        if first.number > 1:
            state, lines = self.engine.processes.of_leader(lambda: self._result_before(first))
            self._load(state)
            self.metrics = [line for line in lines if line["epoch"] <= first.first]
            self.best = Best.of(self.metrics)
        return first.first

    def _loaders(self, stage: StageConfig) -> tuple[Loader, Loader]:
        """What a stage learns from and what judges it: photos, or their kept features."""
        loaders = self.features.loaders(stage, (self.train[1], self.val[1]), self._stop_if_asked)
        self.clock = Clock()  # reading them was no step
        return loaders

    def _stop_if_asked(self) -> None:
        reason = self.stop(self.clock.needed) if self.stop is not None else None
        if reason:
            raise StoppedError(reason)

    def _result_before(
        self, first: PlannedStage
    ) -> tuple[dict[str, torch.Tensor], list[dict[str, Any]]]:
        """The weights and the metrics that the stage before left."""
        path = self.run.stage_result(first.number - 1, cells_digest=self.cells_digest)
        return read_state(path)[0], self.run.metrics()

    def _best_weights(self) -> dict[str, torch.Tensor]:
        return self.run.best(cells_digest=self.cells_digest)

    def _first_best(self, first: PlannedStage) -> Path | None:
        """The best weights when a training begins: those of the stage before, if any."""
        return self.run.stage_path(first.number - 1) if first.number > 1 else None

    def _go_back(self, snapshot: Snapshot, stage: int | None) -> None:
        """Take everything back that a snapshot kept, but optimizer and schedule."""
        check_unchanged(snapshot.terms, self.terms)
        if stage is not None and stage != snapshot.only_stage:
            only = snapshot.only_stage
            stored = "all stages" if only is None else f"stage {only}"
            raise ConfigError(
                f"cannot resume stage {stage}: {self.run.folder} was training {stored}; "
                "leave --stage out, or train without --resume"
            )
        self._load(snapshot.geolocator)
        self.best, self.metrics = snapshot.best, list(snapshot.metrics)
        self.engine.processes.of_leader(lambda: self._publish(snapshot))

    def _epoch(self, stage: RunningStage, epoch: int, interrupted: Snapshot | None) -> EpochStats:
        """Run one epoch, or what is left of it, and keep its result."""
        where: dict[str, Any] = {
            "stage": stage.planned.number,
            "stage_name": stage.planned.config.name,
            "epoch": epoch + 1,
            "epochs": self.last_epoch,
            "learning_rate": stage.learning_rate,
        }
        set_stage(self.engine.geolocator, stage.planned.config)
        try:
            with compiling():
                trained, judged = self._phases(stage, epoch, where, interrupted)
        except (ModelError, OutOfMemoryError) as error:
            raise fault_of_epoch(error, stage, epoch, self.run.best_path) from error
        stage.scheduler.step(judged.mean_loss)
        stats = epoch_stats(where, trained, judged, best_before=self.best.val_loss)
        self.metrics.append(dataclasses.asdict(stats))
        if stats.best:
            self.best = Best(stats.val_loss, stats.epoch)
        self._keep(stage, stats.epoch, best=self._weights(stage) if stats.best else None)
        self.log.tell("epoch", self.metrics[-1])
        return stats

    def _phases(
        self,
        stage: RunningStage,
        epoch: int,
        where: Mapping[str, Any],
        interrupted: Snapshot | None,
    ) -> tuple[Tally, Tally]:
        """The sums of training and of validation, from where the epoch was interrupted."""
        (train_photos, _), (val_photos, _) = self.train, self.val
        train_loader, val_loader = self.loaders
        sums = {} if interrupted is None else interrupted.tallies
        trained, judged = (self.engine.tally(sums.get(phase, {})) for phase in PHASES)
        first: dict[Phase, int] = dict.fromkeys(PHASES, 0)
        if interrupted is not None:
            first[interrupted.phase] = interrupted.step
        if interrupted is None or interrupted.phase == "train":
            self.engine.train(
                train_photos,
                train_loader.epoch(epoch, first["train"]),
                stage.optimizer,
                epoch=epoch,
                tally=trained,
                first=first["train"],
                after=self._after(where, stage, "train", len(train_loader), {}),
                network=stage.network,
                learned=stage.learned(self.engine.geolocator, epoch, len(train_loader)),
            )
        trained.stop()
        self.engine.validate(
            val_photos,
            val_loader.epoch(0, first["val"]),
            tally=judged,
            first=first["val"],
            after=self._after(where, stage, "val", len(val_loader), {"train": trained.record()}),
            geolocator=stage.averaged,
        )
        return trained, judged

    def _weights(self, stage: RunningStage) -> bytes:
        """The weights that validation judges, as a file."""
        state = (stage.averaged or self.engine.geolocator).state_dict()
        return state_bytes(state, metadata={CELLS_KEY: self.cells_digest})

    def _keep(
        self,
        stage: RunningStage,
        epoch: int,
        *,
        phase: Phase = "train",
        step: int = 0,
        tallies: Mapping[Phase, Mapping[str, Any]] | None = None,
        best: bytes | Path | None = None,
    ) -> None:
        """Keep a snapshot, and then make the files beside it; the process that leads does so.

        Args:
            stage: The running stage.
            epoch: Number of epochs that are done.
            phase: The phase of the next epoch that runs.
            step: Batches of this phase that are done.
            tallies: The sums of this epoch.
            best: New best weights; None if they are those of the snapshot before.
        """
        with self.clock.saving():
            snapshot = Snapshot(
                terms=dict(self.terms),
                only_stage=self.only_stage,
                stage=stage.planned.number,
                epoch=epoch,
                phase=phase,
                step=step,
                tallies=tallies or {},
                best=self.best,
                metrics=self.metrics,
                geolocator=self.engine.geolocator.state_dict(),
                optimizer=stage.optimizer.state_dict(),
                scheduler=stage.scheduler.state_dict(),
                average=stage.averaged.state_dict() if stage.averaged is not None else {},
            )
            self.engine.processes.of_leader(lambda: self._write(snapshot, best))

    def _write(self, snapshot: Snapshot, best: bytes | Path | None) -> None:
        if (name := snapshot.not_finite()) is not None:
            at = f"step {snapshot.step}: " if snapshot.step else ""
            raise ModelError(f"{at}{name} holds a number that is not finite")
        kept = (self.snapshots.best_path or self.run.best_path) if self.best.epoch else None
        self.snapshots.save(snapshot, best or kept)
        self._publish(snapshot)

    def _publish(self, snapshot: Snapshot) -> None:
        planned = plan(self.config.train.stages, snapshot.stage)[0]
        ended = snapshot.epoch == planned.end
        self.run.publish(snapshot, self.config, stage_ended=ended)

    def _load(self, state: Mapping[str, torch.Tensor]) -> None:
        self.engine.geolocator.to(self.engine.device)
        try:
            self.engine.geolocator.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(
                f"the weights in {self.run.folder} are of another architecture than [model] "
                "describes; put [model] back, or train again from stage 1"
            ) from error

    def _after(
        self,
        where: Mapping[str, Any],
        stage: RunningStage,
        phase: Phase,
        steps: int,
        before: Mapping[Phase, Mapping[str, Any]],
    ) -> AfterBatch:
        """What follows each batch: a report, a snapshot when one is due, and perhaps a stop.

        Args:
            where: The fields of `StepStats` that stay the same in an epoch.
            stage: The running stage.
            phase: The phase of the epoch.
            steps: Batches of the whole phase.
            before: The sums of the phases of this epoch that are done.
        """

        def after(step: int, tally: Tally) -> None:
            self.clock.step()
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
            reason, due = self._decided()
            if reason or due:
                tallies = {**before, phase: tally.record()}
                epoch = where["epoch"] - 1
                self._keep(stage, epoch, phase=phase, step=step, tallies=tallies)
            if reason:
                raise StoppedError(reason)

        return after

    def _decided(self) -> tuple[str | None, bool]:
        """Why the training stops now, if it does, and whether a snapshot is due.

        All processes decide together: one that shall stop stops all, and the leader's clock counts.
        """
        processes = self.engine.processes
        reason = self.stop(self.clock.needed) if self.stop is not None else None
        due = self.clock.since_saving >= self.config.train.save_minutes * 60
        stopping, saving = processes.total(reason is not None, processes.leads and due)
        if stopping:
            reason = next(filter(None, processes.gathered(reason)))
        return reason, bool(saving)
