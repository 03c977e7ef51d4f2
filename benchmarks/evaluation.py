"""How long an evaluation takes beyond the model's own forward passes, and how much memory.

    python benchmarks/evaluation.py [--photos 100000] [--cells 2199] [--drive 8]

A predictor that makes up logits stands in for the model. Its own time is measured alone and
subtracted. The script prints JSON lines: the time of the made-up logits, of the evaluation, of its
figures and files, and the ratio of the remaining time to the target of 60 s, with the peak memory
in GB. On a shared machine, trust the seconds of the processor more than those of the clock.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import calm  # noqa: F401  (before numpy)
import numpy as np
import polars as pl

from geoguess_cli.evaluation.evaluation import evaluate
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.report.files import write_evaluation

TARGET_S, TARGET_GB = 60.0, 4.0
BOX = (26.0, 49.0, -124.0, -94.0)
"""South, north, west, east of the made-up photos: about the paper's ten states."""


class Guesser:
    """Stands in for a model: logits that fall with the distance from a blurred truth."""

    temperature, point, familiarity, memory = 1.3, "distance", None, None

    def __init__(self, partition: Partition, latlng: np.ndarray) -> None:
        self.partition = partition
        self._latlng = latlng
        rng = np.random.default_rng(1)
        self._noise = rng.normal(0, 1.5, (4096, len(partition))).astype(np.float32)
        self._blur = rng.normal(0, 2.0, latlng.shape)

    def outputs(self, files: Sequence[Path], *, batch_size: int, workers: int) -> Iterator[Outputs]:
        """Logits by the plane distance in degrees, with noise."""
        del workers
        lat, lng = self.partition.centroids.T.astype(np.float32)
        for start in range(0, len(files), batch_size):
            rows = np.arange(start, min(start + batch_size, len(files)))
            places = (self._latlng[rows] + self._blur[rows]).astype(np.float32)
            squares = (places[:, :1] - lat) ** 2 + (places[:, 1:] - lng) ** 2
            yield Outputs(rows, self._noise[rows % len(self._noise)] - 0.7 * np.sqrt(squares), [])

    def identity(self) -> dict[str, Any]:
        """Which model this is."""
        names = ("backbone", "vit", "device", "precision", "fingerprint")
        known = dict.fromkeys(names, "none") | {"image_size": 0, "parameters": 0}
        return {**known, "temperature": self.temperature, "point": self.point}


def drives(photos: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of photos of drives, 300 m apart, half of the drives near towns; and their drives."""
    rng = np.random.default_rng(seed)
    count = -(-photos // length)
    low, high = np.array([BOX[0], BOX[2]]), np.array([BOX[1], BOX[3]])
    towns = np.random.default_rng(0).uniform(low, high, (60, 2))
    near = towns[rng.integers(len(towns), size=count)] + rng.normal(0, 0.5, (count, 2))
    starts = np.where(rng.random((count, 1)) < 0.5, near, rng.uniform(low, high, (count, 2)))
    steps = rng.normal(0, 0.003, (count, length, 2)).cumsum(axis=1)
    return (starts[:, None] + steps).reshape(-1, 2)[:photos], np.arange(photos) // length


def table_of(latlng: np.ndarray, drive: np.ndarray, split: str) -> pl.DataFrame:
    """A photo table whose photos do not exist."""
    return pl.DataFrame(
        {
            "photo": [f"{split}/{row}.jpg" for row in range(len(latlng))],
            "latitude": latlng[:, 0],
            "longitude": latlng[:, 1],
            "sequence": [f"{split}-{number}" for number in drive.tolist()],
            "split": split,
        }
    )


def partition_of(latlng: np.ndarray, cells: int) -> Partition:
    """A partition of about as many cells, cut to exactly that."""
    most = max(4, round(1.5 * len(latlng) / cells))
    while len(built := build_partition(latlng, max_photos=most, min_photos=most // 5)) < cells:
        most = most * 9 // 10
    return Partition(built.cells[:cells], built.photos[:cells], built.centroids[:cells])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--cells", type=int, default=2199)
    parser.add_argument("--drive", type=int, default=8, help="photos of one drive")
    arguments = parser.parse_args()
    training, train_drive = drives(max(10_000, arguments.photos), arguments.drive, seed=2)
    latlng, drive = drives(arguments.photos, arguments.drive, seed=3)
    whole = PhotoTable(
        pl.concat([table_of(training, train_drive, "train"), table_of(latlng, drive, "test")]),
        Path("photos"),
    )
    table = whole.only("test")
    partition = partition_of(training, arguments.cells)
    guesser = Guesser(partition, latlng)

    start = time.perf_counter(), time.process_time()
    for _ in guesser.outputs(table.files, batch_size=64, workers=0):
        pass
    fake, fake_cpu = report_step("made-up logits alone", start)

    start = time.perf_counter(), time.process_time()
    leaks = find_leaks(whole, between=("train", "test"))
    evaluation = evaluate(guesser, table, training=training, leaks=leaks, batch_size=64)
    evaluated, evaluated_cpu = report_step("evaluation, made-up logits included", start)

    start = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        written = write_evaluation(evaluation, Path(folder))
        sizes = {path.name: path.stat().st_size for path in written}
    files, files_cpu = report_step("figures and files", start, bytes=sum(sizes.values()))

    beyond = evaluated - fake + files
    cpu = evaluated_cpu - fake_cpu + files_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps(
            {
                "photos": len(table),
                "cells": len(partition),
                "sequences": evaluation.report.counts.sequences,
                "beyond_the_model_s": round(beyond, 1),
                "beyond_the_model_cpu_s": round(cpu, 1),
                "of_target": round(beyond / TARGET_S, 2),
                "peak_gb": round(peak, 2),
                "of_target_memory": round(peak / TARGET_GB, 2),
            }
        )
    )


def report_step(step: str, start: tuple[float, float], **more: Any) -> tuple[float, float]:
    """The seconds that a step took, by the clock and of the processor; also printed."""
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    print(
        json.dumps({"step": step, "s": round(wall, 1), "cpu_s": round(cpu, 1), **more}), flush=True
    )
    return wall, cpu


if __name__ == "__main__":
    main()
