"""The photos of an ablation: split by drives, with one partition for all rows."""

import importlib
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.config import CellsConfig
from geoguess_cli.geo.partition import Partition, build_partition, read_partition, write_partition
from geoguess_cli.photos.buffers import split_within
from geoguess_cli.photos.splits import assign_splits
from geoguess_cli.photos.table import PhotoTable, read_photo_table, write_photo_table

SAMPLE_DATA = Path(__file__).resolve().parents[1] / "sample_data"
SAMPLE_DRIVES = 180
VAL, TEST = 0.1, 0.505
"""Shares of a drawn world. Calibration cannot be judged on few drives, so half of them are test."""


@dataclass(frozen=True, eq=False)
class World:
    """Photos with splits, and the cells to choose among.

    Attributes:
        table: The photos.
        partition: Built from the training photos.
        folder: Where everything of this ablation is kept.
        drives: Drives of the generated world; 0 for photos that were not generated.
    """

    table: PhotoTable
    partition: Partition
    folder: Path
    drives: int

    @cached_property
    def mixed(self) -> PhotoTable:
        """The same test photos, with train and val divided by photo, as the notebook does.

        Photos of one drive are then on both sides, so val promises too much.
        """
        test = self.table.only("test")
        others = self.table.frame.filter(pl.col("split").is_in(["train", "val"])).drop("split")
        share = len(self.table.only("val")) / len(others)
        again = assign_splits(
            PhotoTable(others, self.table.root), by="random", val=share, test=0.0, seed=0
        )
        frame = pl.concat([again.frame.select(test.frame.columns), test.frame])
        return PhotoTable(frame, self.table.root)

    def record(self) -> dict[str, object]:
        """Its numbers, as plain JSON."""
        splits = ("train", "val", "test")
        tables = {name: self.table.only(name) for name in splits}
        by_drive = self.table.has("sequence")
        return {
            "photos": {name: len(table) for name, table in tables.items()},
            "drives": {
                name: table.frame["sequence"].n_unique() if by_drive else len(table)
                for name, table in tables.items()
            },
            "cells": len(self.partition),
            "covered": {
                name: round(float((self.partition.assign(table.latlng) >= 0).mean()), 4)
                for name, table in tables.items()
            },
            "generated_drives": self.drives,
        }


def drawn_world(folder: Path, *, drives: int, cells: CellsConfig, workers: int) -> World:
    """The sample world with that many drives; what is painted already is not painted again.

    Args:
        folder: Where to keep it.
        drives: At most `SAMPLE_DRIVES` are taken from the sample world itself.
        cells: How the partition is built.
        workers: Processes that paint.
    """
    if not (folder / "photos.parquet").is_file():
        if drives <= SAMPLE_DRIVES:
            table = _some_drives(read_photo_table(SAMPLE_DATA / "photos.csv"), drives)
        else:
            _paint(folder / "world", drives, workers)
            table = read_photo_table(folder / "world" / "photos.csv")
        divided, _ = split_within(table, by="sequence", val=VAL, test=TEST, force=True)
        write_photo_table(_used(divided), folder / "photos.parquet")
    return _kept(folder, cells, drives)


def given_world(folder: Path, photos: Path, *, cells: CellsConfig) -> World:
    """The photos of a table. Its split stays; a side that it lacks is taken from train."""
    if not (folder / "photos.parquet").is_file():
        divided, _ = split_within(read_photo_table(photos))
        write_photo_table(_used(divided), folder / "photos.parquet")
    return _kept(folder, cells, 0)


def _used(table: PhotoTable) -> PhotoTable:
    """The photos of train, val and test; those that a buffer sets aside are left out."""
    used = table.frame["split"].is_in(["train", "val", "test"]).fill_null(False)
    return table.take(np.flatnonzero(used.to_numpy()))


def _kept(folder: Path, cells: CellsConfig, drives: int) -> World:
    table = read_photo_table(folder / "photos.parquet")
    path = folder / "cells.parquet"
    if not path.is_file():
        built = build_partition(
            table.only("train").latlng,
            max_photos=cells.max_photos,
            min_photos=cells.min_photos,
            max_level=cells.max_level,
        )
        write_partition(built, path)
    return World(table, read_partition(path), folder, drives)


def _some_drives(table: PhotoTable, drives: int) -> PhotoTable:
    """The photos of drives spread evenly over the table."""
    names = table.frame["sequence"].unique(maintain_order=True)
    rows = np.linspace(0, len(names) - 1, drives).round().astype(int)
    chosen = table.frame["sequence"].is_in(names.gather(rows).to_list())
    return table.take(np.flatnonzero(chosen.to_numpy()))


def _paint(folder: Path, drives: int, workers: int) -> None:
    """Paint a world. Its first drives are those of the sample world, whose photos are copied."""
    photos = folder / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    for path in (SAMPLE_DATA / "photos").glob("*.jpg"):
        if not (photos / path.name).is_file():
            unfinished = photos / f"{path.stem}.part"
            shutil.copy(path, unfinished)
            unfinished.replace(photos / path.name)
    script = SAMPLE_DATA / "make_world.py"
    options = ["--drives", str(drives), "-o", str(folder), "--keep", "--workers", str(workers)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, str(script), *options], check=True, env=environment)


def all_parameters(names: Sequence[str], drives: int, workers: int) -> list[Any]:
    """What the generator painted each photo from, see `world/parameters.py` of the sample data.

    Args:
        names: Paths of the photos in the table.
        drives: Drives of the world.
        workers: Processes.
    """
    make_world = generator()
    from world.drives import all_shots
    from world.parameters import parameters

    drives = max(drives, SAMPLE_DRIVES)
    known = {shot.id: shot for shot in all_shots(make_world.states, drives=drives)}
    shots = [known[Path(name).stem] for name in names]
    if workers < 2:
        return list(map(parameters, shots))
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return pool.map(parameters, shots, chunksize=16)


def generator() -> ModuleType:
    """The generator of the sample world, which is no part of the package."""
    if str(SAMPLE_DATA) not in sys.path:
        sys.path.insert(0, str(SAMPLE_DATA))
    return importlib.import_module("make_world")
