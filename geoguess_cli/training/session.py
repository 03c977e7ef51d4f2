"""A training from photos and cells to the best weights: the one object that holds all of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import torch

from geoguess_cli.config import Config, StageConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.checkpoint import TrainedModel
from geoguess_cli.model.device import compute_threads, resolve_device, resolve_precision
from geoguess_cli.model.folder import read_licence
from geoguess_cli.model.gallery import NEEDS_GALLERY, GalleryHead
from geoguess_cli.model.geolocator import build_geolocator, image_spec
from geoguess_cli.model.pretrained import load_weights
from geoguess_cli.model.processes import ALONE, Processes
from geoguess_cli.model.pulling import local_folder
from geoguess_cli.model.states import cells_digest
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.photos.workers import workers_of_each
from geoguess_cli.training.epoch import Engine
from geoguess_cli.training.features import (
    FeatureReading,
    OnFeatures,
    check_features,
    training_augmentation,
)
from geoguess_cli.training.legacy import latest_snapshot
from geoguess_cli.training.log import open_log
from geoguess_cli.training.loop import EpochLoop, Stop
from geoguess_cli.training.photos import TrainingPhotos, check_photos, training_photos
from geoguess_cli.training.progress import EpochStats, StepStats
from geoguess_cli.training.run import Run
from geoguess_cli.training.snapshot import Snapshot
from geoguess_cli.training.targets import training_loss
from geoguess_cli.training.terms import THREADS, changed_soundly, training_terms


class TrainingSession:
    """One training: its configuration, photos, cells, model and run folder.

    `epochs` trains; `trained` gives the model with the best weights so far.

    Args:
        config: Seed, device, precision, workers, and the tables `[images]`, `[model]`, `[train]`.
        photos: A photo table with the splits `train` and `val`.
        partition: The cells to choose among.
        run: The folder where results and state are kept.
        stage: Number of the only stage to run, from 1; it starts from the result of the stage
            before. None runs all stages, or with `resume` those that were interrupted.
        resume: Go on from the newest snapshot in `run`, as if there had been no interruption.
        processes: Those that train together; each has a session, and the leader writes.

    Attributes:
        train: The training photos that lie in a cell; with `train.hierarchy` all of them.
        val: All validation photos.
        geolocator: The model that learns. When a training begins it has its first weights.
        notes: What the user should know about these first weights, or about snapshots that are
            damaged, one sentence each.
        log: Gets the events of the training, see `train.log`.
        threads: Compute threads: those of the interrupted training, else `config.threads`.

    Raises:
        PhotoTableError: There is no photo to learn from or to choose the best epoch by.
        ConfigError: This machine has no such device, a stage freezes a part that the model lacks,
            or `train.log` names no function.
        DependencyError: TensorBoard is not installed, and `train.log` names it.
        ModelError: timm has no such backbone or ViT, or stored weights do not fit.
        MissingFileError: There are no first weights where the configuration says, or there is
            nothing to resume.
        WeightsError: ImageNet weights cannot be loaded or downloaded.
    """

    def __init__(
        self,
        config: Config,
        photos: PhotoTable,
        partition: Partition,
        *,
        run: Run,
        stage: int | None = None,
        resume: bool = False,
        processes: Processes = ALONE,
    ) -> None:
        self.config, self.photos, self.partition = config, photos, partition
        self.run, self.stage, self.processes = run, stage, processes
        config.model.check_stages(config.train.stages)
        check_features(config)
        self.log = open_log(config.train.log if processes.leads else "", run.folder)
        train = training_photos(photos.only("train"), partition, uncovered=config.cells.uncovered)
        # With a hierarchy a photo in no cell teaches the levels of the S2 tree that hold it.
        self.train = train if config.train.hierarchy else train.only_covered()
        # As in an evaluation, a validation photo that lies in no cell gets no cell.
        self.val = training_photos(photos.only("val"), partition)
        check_photos(self.train, self.val)
        self.device = resolve_device(config.device)
        self.precision = resolve_precision(config.precision, self.device)
        self.cells_digest = cells_digest(partition.cells)
        self.spec = image_spec(config.model, config.images)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.geolocator = build_geolocator(
                config.model, cells=len(partition), image_size=self.spec.size
            )
        self.notes: list[str] = []
        self.resumed: Snapshot | None = None
        if resume:
            self.resumed, self.notes = processes.of_leader(lambda: latest_snapshot(run))
            self.notes += changed_soundly(self.resumed.terms, processes.count, config)
        self.threads = self._threads()
        # Any other training starts from a result in the run folder.
        if not resume and (stage or 1) == 1:
            if config.model.head == "gallery" and config.model.weights in ("imagenet", "none"):
                raise ModelError(NEEDS_GALLERY)
            self.notes = load_weights(
                self.geolocator,
                config.model,
                image_size=self.spec.size,
                cells_digest=self.cells_digest,
            )
            if isinstance(self.geolocator.head, GalleryHead):
                self.notes += self.geolocator.head.gather(partition).sentences()

    def epochs(
        self,
        *,
        on_step: Callable[[StepStats], None] | None = None,
        on_failure: Callable[[PhotoFile, str], None] | None = None,
        on_features: OnFeatures | None = None,
        stop: Stop | None = None,
    ) -> Iterator[EpochStats]:
        """Train, one epoch at each step of the iteration.

        Wherever the iteration stops, even by a kill, `run` holds the best weights and a snapshot,
        at most `train.save_minutes` and one step old.

        Args:
            on_step: Called after each batch.
            on_failure: Called once for each photo that cannot be decoded, with the reason.
            on_features: Called while the features of photos are read for a stage that rests.
            stop: Asked after each batch whether to stop there.

        Raises:
            StoppedError: `stop` gave a reason; a snapshot of this very step is kept.
            ProcessError: Another process ended.
            BusyError: Another process trains in the same run.
            MissingFileError: There is no result of the stage before.
            ConfigError: There is no such stage, or `resume` with another configuration.
            ModelError: A loss or a weight is no longer finite, or stored weights do not fit.
            OutOfMemoryError: A step needs more memory than there is.
            PhotoTableError: No photo could be read.
        """
        warned: set[PhotoFile] = set()

        def failed(photos: TrainingPhotos, row: int, reason: str) -> None:
            file = photos.files[row]
            if on_failure is not None and file not in warned:
                warned.add(file)
                on_failure(file, reason)

        engine = self._engine(failed)
        with (
            ExitStack() as lock,
            self.processes.together(),
            compute_threads(self.threads),
            self._loader(self.train) as train_loader,
            self._loader(self.val) as val_loader,
        ):
            self.processes.of_leader(lambda: lock.enter_context(self.run.locked()))
            loop = EpochLoop(
                engine,
                self.config,
                self.run,
                train=(self.train, train_loader),
                val=(self.val, val_loader),
                cells_digest=self.cells_digest,
                terms=self._terms(),
                features=self._features(on_features),
                log=self.log,
                on_step=on_step,
                stop=stop,
            )
            yield from loop.epochs(stage=self.stage, resumed=self.resumed)

    def trained(self) -> TrainedModel:
        """The model with the best weights so far, not yet calibrated; its metrics are `metrics()`.

        Raises:
            MissingFileError: No epoch of the run has ended.
        """
        state = self.run.best(cells_digest=self.cells_digest)
        self.geolocator.load_state_dict(state)
        return TrainedModel(
            self.geolocator,
            self.partition,
            self.config.model,
            self.spec,
            self.metrics(),
            licence=read_licence(local_folder(self.config.model.weights)),
        )

    def metrics(self) -> dict[str, Any]:
        """The numbers of the training for `metrics.json` in the model folder, as plain JSON."""
        epochs = self.run.metrics()
        best = min(epochs, key=lambda line: line["val_loss"])
        splits = self.photos.splits
        return {
            "photos": {
                "train": splits["train"],
                "train_covered": self.train.covered,
                "val": len(self.val),
                "val_covered": self.val.covered,
                **({"test": splits["test"]} if "test" in splits else {}),
            },
            "best": {
                key: best[key]
                for key in ("epoch", "stage_name", "loss", "val_loss", "val_top_1", "val_top_5")
            },
            "training": {
                "run": self.run.folder.name,
                "seed": self.config.seed,
                "cells": len(self.partition),
                "epochs": len(epochs),
                "minutes": round(sum(line["seconds"] for line in epochs) / 60, 1),
                "stages": "; ".join(map(_stage_in_words, self.config.train.stages)),
            },
        }

    def _engine(self, on_failure: Callable[[TrainingPhotos, int, str], None]) -> Engine:
        self.geolocator = self.processes.prepared(self.geolocator, self.device)
        if self.config.train.compile:
            self.geolocator.compile()  # in place: the names of its weights stay
        return Engine(
            geolocator=self.geolocator,
            device=self.device,
            precision=self.precision,
            loss=training_loss(self.config.train, self.partition),
            clip_norm=self.config.train.clip_norm,
            seed=self.config.seed,
            on_failure=on_failure,
            processes=self.processes,
            accumulate=self.config.train.accumulate,
        )

    def _features(self, on_features: OnFeatures | None) -> FeatureReading:
        return FeatureReading(
            self.config,
            self.geolocator,
            self.spec,
            self.device,
            self.precision,
            self.train,
            self.val,
            self.processes,
            on_features or (lambda _done, _total: None),
        )

    def _terms(self) -> dict[str, str]:
        return training_terms(
            self.config,
            self.spec,
            self.precision,
            self.threads,
            self.train,
            self.val,
            self.cells_digest,
            self.processes.count,
        )

    def _threads(self) -> int:
        """The threads of the interrupted training unless the configuration names a number."""
        before = None if self.resumed is None else self.resumed.terms.get(THREADS)
        return self.config.threads or int(before or torch.get_num_threads())

    def _loader(self, photos: TrainingPhotos) -> PhotoLoader:
        learning = photos is self.train
        return PhotoLoader(
            photos.files,
            spec=self.spec,
            batch_size=self.config.train.batch_size,
            workers=workers_of_each(
                self.config.workers,
                len(photos) // self.processes.count,
                self.processes.local_count,
            ),
            augmentation=training_augmentation(self.config) if learning else None,
            views=self.config.images.views,
            seed=self.config.seed,
            shuffle=learning,
            chances=photos.chances(self.config.train.balance) if learning else None,
            max_pixels=self.config.max_pixels,
            share=(self.processes.rank, self.processes.count),
            pinned=self.device.type == "cuda",
        )


def _stage_in_words(stage: StageConfig) -> str:
    frozen = f", {' and '.join(stage.freeze)} frozen" if stage.freeze else ""
    return f"{stage.name}: {stage.epochs} epochs at {stage.learning_rate:g}{frozen}"
