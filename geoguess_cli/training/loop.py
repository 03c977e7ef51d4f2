"""The training: stages of epochs, the best weights kept, every epoch resumable.

Between the stages of a run, training goes on from the best weights by validation loss of the run
so far, not from the last ones: a stage that overfits does not hand its harm on.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError, ModelError, PhotoTableError
from geoguess_cli.model.device import resolve_device, resolve_precision
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.images import Augmentation, ImageSpec
from geoguess_cli.training.epoch import Engine, PhotoSet, StepStats, Tally
from geoguess_cli.training.run import Best, Run
from geoguess_cli.training.stages import PlannedStage, parameter_groups, plan, set_stage
from geoguess_cli.training.terms import check_unchanged, training_terms


@dataclass(frozen=True)
class EpochStats:
    """What an epoch came to; a line of `metrics.jsonl`.

    Args:
        stage: Number of the stage, from 1.
        stage_name: Its name.
        epoch: Number of the epoch, from 1, counted through all stages of the recipe.
        epochs: The last epoch that this training will run.
        loss: Mean training loss, in nats, label smoothing included.
        val_loss: Mean cross-entropy of the validation photos that lie in a cell, in nats.
        val_top_1: Share of all validation photos whose cell was the likeliest.
        val_top_5: Share of them whose cell was among the five likeliest.
        learning_rate: In force during the epoch.
        photos_per_second: Training photos a second.
        seconds: Training and validation.
        best: No epoch of the run had a lower validation loss.
        skipped: Photos that did not decode.
    """

    stage: int
    stage_name: str
    epoch: int
    epochs: int
    loss: float
    val_loss: float
    val_top_1: float
    val_top_5: float
    learning_rate: float
    photos_per_second: float
    seconds: float
    best: bool
    skipped: int


def fit(
    geolocator: Geolocator,
    *,
    config: Config,
    spec: ImageSpec,
    train: PhotoSet,
    val: PhotoSet,
    cells_digest: str,
    run: Run,
    stage: int | None = None,
    resume: bool = False,
    on_step: Callable[[StepStats], None] | None = None,
    on_failure: Callable[[Path, str], None] | None = None,
) -> Iterator[EpochStats]:
    """Train a geolocator, an epoch at each step of the iteration.

    At the end the geolocator holds the best weights by validation loss, on the training's device.
    Wherever the iteration stops, by an error or an interrupt, `run` holds the best weights and the
    state after the last whole epoch.

    Args:
        geolocator: Changed in place. With `resume`, or a stage above 1, its weights do not matter.
        config: Seed, device, precision, workers, augmentation, and `[train]`.
        spec: What the backbone expects of a photo.
        train: Photos to learn from.
        val: Photos to choose the best epoch by.
        cells_digest: `states.cells_digest` of the partition that the targets index.
        run: Where results and state are kept.
        stage: Run this one alone, from 1, starting from the result of the one before; None runs
            all of them, or with `resume` those that were interrupted.
        resume: Go on after the last whole epoch in `run`, as if there had been no interruption.
        on_step: Called after each batch.
        on_failure: Called once for each photo that does not decode, with the reason.

    Raises:
        PhotoTableError: No photo to learn from or to choose by.
        MissingFileError: Nothing to resume, or no result of the stage before.
        ConfigError: No such stage or device, or `resume` with another configuration.
        ModelError: The loss is no longer finite, or stored weights do not fit.
    """
    train = train.covered()
    _check_photos(train, val)
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    terms = training_terms(config, spec, precision, train, val, cells_digest)
    told: set[Path] = set()

    def failed(row: int, reason: str, training: bool) -> None:
        path = Path((train if training else val).paths[row])
        if on_failure is not None and path not in told:
            told.add(path)
            on_failure(path, reason)

    engine = Engine(
        geolocator=geolocator,
        device=device,
        precision=precision,
        label_smoothing=config.train.label_smoothing,
        clip_norm=config.train.clip_norm,
        seed=config.seed,
        on_failure=failed,
    )
    training = _Training(engine, config, run, cells_digest, terms, on_step)
    with (
        _loader(train, config, spec, training=True) as train_loader,
        _loader(val, config, spec, training=False) as val_loader,
    ):
        yield from training.run(train_loader, val_loader, stage=stage, resume=resume)
    state, _ = run.best(cells_digest=cells_digest)
    geolocator.load_state_dict(state)


class _Training:
    """The state of a training between epochs, and how it goes on, stops and starts again."""

    def __init__(
        self,
        engine: Engine,
        config: Config,
        run: Run,
        cells_digest: str,
        terms: Mapping[str, str],
        on_step: Callable[[StepStats], None] | None,
    ) -> None:
        self.engine = engine
        self.config = config
        self.folder = run
        self.cells_digest = cells_digest
        self.terms = terms
        self.on_step = on_step
        self.best = Best()

    def run(
        self,
        train_loader: PhotoLoader,
        val_loader: PhotoLoader,
        *,
        stage: int | None,
        resume: bool,
    ) -> Iterator[EpochStats]:
        """All epochs that are still to be run."""
        resumed = self._resume(stage) if resume else None
        if resumed is None:
            done = self._start(stage)
        else:
            stage, done = resumed["stage"], resumed["epoch"]
        stages = plan(self.config.train.stages, stage)
        self.stage, self.epochs = stage, stages[-1].end
        for planned in stages:
            if planned.end <= done:
                continue
            within = resumed if planned.first < done else None
            optimizer, scheduler = self._enter(planned, within)
            if not resume and planned is stages[0]:
                self._save(optimizer, scheduler, done)
            for epoch in range(max(planned.first, done), planned.end):
                yield self._epoch(planned, epoch, optimizer, scheduler, train_loader, val_loader)

    def _start(self, stage: int | None) -> int:
        """Make the run's folder ready; returns the epochs that count as done."""
        first = plan(self.config.train.stages, stage)[0]
        if first.number > 1:
            self.folder.check_stage(first.number - 1, cells_digest=self.cells_digest)
        self.folder.start(self.config, stage=first.number, first_epoch=first.first)
        self.engine.geolocator.to(self.engine.device)
        return first.first

    def _resume(self, stage: int | None) -> dict[str, Any]:
        """Go back to the end of the last whole epoch."""
        state = self.folder.load_resume()
        check_unchanged(state["terms"], self.terms)
        if stage is not None and stage != state["stage"]:
            stored = "all stages" if state["stage"] is None else f"stage {state['stage']}"
            raise ConfigError(
                f"cannot resume stage {stage}: {self.folder.folder} was training {stored}; "
                "leave --stage out, or train without --resume"
            )
        self._load(state["geolocator"])
        self.best = Best(*state["best"])
        self.folder.forget_after(state["epoch"])
        return state

    def _enter(
        self, planned: PlannedStage, within: dict[str, Any] | None
    ) -> tuple[torch.optim.Optimizer, ReduceLROnPlateau]:
        """A stage's optimiser and scheduler: new, or as they were `within` an interrupted one."""
        if within is None and self.folder.best_path.is_file():
            state, self.best = self.folder.best(cells_digest=self.cells_digest)
            self._load(state)
        set_stage(self.engine.geolocator, planned.config)
        train = self.config.train
        optimizer = torch.optim.AdamW(
            parameter_groups(self.engine.geolocator, weight_decay=train.weight_decay),
            lr=planned.config.learning_rate,
            fused=self.engine.device.type in ("cpu", "cuda"),
        )
        scheduler = ReduceLROnPlateau(
            optimizer, factor=train.plateau_factor, patience=train.plateau_patience
        )
        if within is not None:
            optimizer.load_state_dict(within["optimizer"])
            scheduler.load_state_dict(within["scheduler"])
        return optimizer, scheduler

    def _epoch(
        self,
        planned: PlannedStage,
        epoch: int,
        optimizer: torch.optim.Optimizer,
        scheduler: ReduceLROnPlateau,
        train_loader: PhotoLoader,
        val_loader: PhotoLoader,
    ) -> EpochStats:
        """Run one epoch and keep what it came to."""
        rate = optimizer.param_groups[0]["lr"]
        report = self._reporter(planned, epoch, rate)
        set_stage(self.engine.geolocator, planned.config)
        try:
            trained = self.engine.train(
                train_loader.epoch(epoch),
                optimizer,
                epoch=epoch,
                after=lambda step, tally: report("train", step, len(train_loader), tally),
            )
            speed, seconds = trained.photos_per_second, trained.seconds
            judged = self.engine.validate(
                val_loader.epoch(0),
                after=lambda step, tally: report("val", step, len(val_loader), tally),
            )
        except ModelError as error:
            raise ModelError(self._diverged(planned, epoch, rate, error)) from error
        scheduler.step(judged.mean_loss)
        stats = EpochStats(
            stage=planned.number,
            stage_name=planned.config.name,
            epoch=epoch + 1,
            epochs=self.epochs,
            loss=trained.mean_loss,
            val_loss=judged.mean_loss,
            val_top_1=judged.top_1 / judged.photos,
            val_top_5=judged.top_5 / judged.photos,
            learning_rate=rate,
            photos_per_second=speed,
            seconds=seconds + judged.seconds,
            best=judged.mean_loss < self.best.val_loss,
            skipped=trained.skipped + judged.skipped,
        )
        self._keep(planned, stats, optimizer, scheduler)
        return stats

    def _keep(
        self,
        planned: PlannedStage,
        stats: EpochStats,
        optimizer: torch.optim.Optimizer,
        scheduler: ReduceLROnPlateau,
    ) -> None:
        """Write the epoch down. The resume state comes last: before it, the epoch is run again."""
        if stats.best:
            self.best = Best(stats.val_loss, stats.epoch)
            self.folder.save_best(
                self.engine.geolocator.state_dict(), self.best, cells_digest=self.cells_digest
            )
        if stats.epoch == planned.end:
            self.folder.end_stage(planned.number)
        self.folder.record(dataclasses.asdict(stats))
        self._save(optimizer, scheduler, stats.epoch)

    def _save(
        self, optimizer: torch.optim.Optimizer, scheduler: ReduceLROnPlateau, epoch: int
    ) -> None:
        self.folder.save_resume(
            {
                "terms": dict(self.terms),
                "stage": self.stage,
                "epoch": epoch,
                "best": dataclasses.astuple(self.best),
                "geolocator": self.engine.geolocator.state_dict(),
                "optimizer": optimizer.state_dict(),
                "scheduler": scheduler.state_dict(),
            }
        )

    def _load(self, state: Mapping[str, torch.Tensor]) -> None:
        self.engine.geolocator.to(self.engine.device)
        try:
            self.engine.geolocator.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(
                f"the weights in {self.folder.folder} are of another architecture than [model] "
                "describes; put it back, or train again from stage 1"
            ) from error

    def _reporter(
        self, planned: PlannedStage, epoch: int, rate: float
    ) -> Callable[[Any, int, int, Tally], None]:
        def report(phase: Any, step: int, steps: int, tally: Tally) -> None:
            if self.on_step is not None:
                self.on_step(
                    StepStats(
                        stage=planned.number,
                        stage_name=planned.config.name,
                        epoch=epoch + 1,
                        epochs=self.epochs,
                        phase=phase,
                        step=step,
                        steps=steps,
                        loss=tally.mean_loss,
                        photos_per_second=tally.photos_per_second,
                        learning_rate=rate,
                    )
                )

        return report

    def _diverged(self, planned: PlannedStage, epoch: int, rate: float, error: Exception) -> str:
        kept = self.folder.best_path
        standing = f"the best weights so far are in {kept}" if kept.is_file() else "none are kept"
        return (
            f"stage {planned.number} ({planned.config.name}), epoch {epoch + 1}, {error}. "
            f"Lower the stage's learning_rate ({rate:g}), set train.clip_norm, or take "
            f"--precision fp32; {standing}"
        )


def _check_photos(train: PhotoSet, val: PhotoSet) -> None:
    if len(train) < 2:
        raise PhotoTableError(
            f"{len(train)} training photos lie in a cell; training needs two at least. Build the "
            'cells from these photos, or set cells.uncovered = "nearest"'
        )
    if not (val.targets >= 0).any():
        raise PhotoTableError(
            f"none of the {len(val)} validation photos lies in a cell; the best epoch cannot be "
            "chosen. `geoguess data split` makes a validation split, and fewer, larger cells "
            "cover more of it"
        )


def _loader(photos: PhotoSet, config: Config, spec: ImageSpec, *, training: bool) -> PhotoLoader:
    images = config.images
    augmentation = Augmentation(
        crop_scale=images.crop_scale, color_jitter=images.color_jitter, flip=images.flip
    )
    return PhotoLoader(
        photos.paths,
        spec=spec,
        batch_size=config.train.batch_size,
        workers=config.workers,
        targets=photos.targets,
        augmentation=augmentation if training and images.augment else None,
        seed=config.seed,
        shuffle=training,
    )
