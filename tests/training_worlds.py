"""Trains a tiny model in a run of any name, interrupts it, and compares results."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from geoguess_cli.config import Config
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.states import cells_digest
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.progress import EpochStats, StepStats
from geoguess_cli.training.run import Run
from geoguess_cli.training.session import TrainingSession

State = dict[str, torch.Tensor]


@dataclasses.dataclass
class Lab:
    """Trains the tiny model, in a run of any name, and hands back weights and epochs."""

    config: Config
    table: PhotoTable
    partition: Partition
    build: Callable[..., Geolocator]
    folder: Path

    @property
    def digest(self) -> str:
        return cells_digest(self.partition.cells)

    def run(self, name: str = "run") -> Run:
        return Run(self.folder / name)

    def session(self, name: str = "run", **options: Any) -> TrainingSession:
        config = options.pop("config", self.config)
        table = options.pop("table", self.table)
        partition = options.pop("partition", self.partition)
        return TrainingSession(config, table, partition, run=self.run(name), **options)

    def train(
        self,
        name: str = "run",
        *,
        weights: int | None = None,
        on_step: Callable[[StepStats], None] | None = None,
        on_failure: Callable[[Path, str], None] | None = None,
        **options: Any,
    ) -> tuple[State, list[EpochStats]]:
        session = self.session(name, **options)
        if weights is not None:
            session.geolocator.load_state_dict(self.build(weights).state_dict())
        stats = list(session.epochs(on_step=on_step, on_failure=on_failure))
        return session.trained().geolocator.state_dict(), stats

    def interrupt(
        self, name: str, *, epoch: int, step: int, phase: str = "train", **options: Any
    ) -> None:
        """A Ctrl-C after a batch of an epoch, numbered from 1."""

        def on_step(stats: StepStats) -> None:
            if (stats.epoch, stats.step, stats.phase) == (epoch, step, phase):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.train(name, on_step=on_step, **options)

    def moved(self, split: str, place: tuple[float, float]) -> PhotoTable:
        """The table with all photos of a split at one place."""
        here = pl.col("split") == split
        columns = zip(("latitude", "longitude"), place, strict=True)
        frame = self.table.frame.with_columns(
            pl.when(here).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in columns
        )
        return PhotoTable(frame, self.table.root)


@pytest.fixture
def lab(
    build: Callable[..., Geolocator],
    config: Config,
    table: PhotoTable,
    partition: Partition,
    tmp_path: Path,
) -> Lab:
    return Lab(config, table, partition, build, tmp_path)


def smaller(partition: Partition) -> Partition:
    """Four smaller cells of one level, around the same towns."""
    level = int(partition.levels.max()) + 1
    return dataclasses.replace(partition, cells=latlng_to_cell(partition.centroids, level))


def same(a: State, b: State) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def timeless(stats: list[EpochStats]) -> list[EpochStats]:
    return [dataclasses.replace(s, seconds=0.0, photos_per_second=0.0) for s in stats]
