"""One row trained and judged: numbers of each photo, kept with the logits of val and test."""

import hashlib
import json
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ablation_rows import Row, Size, config_of, photos_learned, steps_of
from ablation_worlds import World

from geoguess_cli.api.verbs import predictor_of
from geoguess_cli.config import Config, to_toml
from geoguess_cli.evaluation.fitting import fit_decision
from geoguess_cli.evaluation.observations import Observer
from geoguess_cli.files import replacing, write_text
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.model.decision import Decision
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.feature_build import build_features
from geoguess_cli.training.runs import new_run
from geoguess_cli.training.session import TrainingSession


@dataclass(frozen=True)
class Files:
    """The two files of one result: a line of JSON, and arrays.

    The line is written last, so a result that has one is whole.
    """

    folder: Path
    name: str

    @property
    def line(self) -> Path:
        """What was trained and how long it took."""
        return self.folder / "rows" / f"{self.name}.json"

    @property
    def arrays(self) -> Path:
        """Logits of val and test, and numbers of each test photo."""
        return self.folder / "rows" / f"{self.name}.npz"

    def record(self) -> dict[str, Any] | None:
        """The line, if there is a result."""
        return json.loads(self.line.read_text(encoding="utf-8")) if self.line.is_file() else None

    def load(self) -> dict[str, np.ndarray]:
        """The arrays."""
        with np.load(self.arrays) as arrays:
            return dict(arrays)

    def write(self, record: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Keep a result, completely or not at all."""
        self.arrays.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.arrays) as temporary, open(temporary, "wb") as file:
            np.savez(file, **arrays)
        write_text(json.dumps(record) + "\n", self.line)


def files_of(world: World, row: Row, seed: int) -> Files:
    """The files of a row with a seed."""
    return Files(world.folder, f"{row.name}-{seed}")


def digest_of(config: Config, world: World, row: Row) -> str:
    """What decides a result: configuration, photos, cells."""
    table = world.mixed if row.mixed else world.table
    text = to_toml(config).replace(str(world.folder), "")
    rows = table.frame.select("photo", "split").write_csv()
    cells = world.partition.cells.tobytes()
    return hashlib.sha256(text.encode() + rows.encode() + cells).hexdigest()[:16]


def digest_of_arrays(world: World, *arrays: np.ndarray) -> str:
    """What decides answers that need no training: numbers of the photos, splits, cells."""
    rows = world.table.frame.select("photo", "split").write_csv().encode()
    parts = [rows, world.partition.cells.tobytes(), *(array.tobytes() for array in arrays)]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def run_row(world: World, row: Row, seed: int, size: Size) -> bool:
    """Train and judge a row with a seed, unless its result is there; returns whether it was not."""
    config = config_of(row, seed, world, size)
    files, digest = files_of(world, row, seed), digest_of(config, world, row)
    known = files.record()
    if known is not None and known["digest"] == digest:
        return False
    table = world.mixed if row.mixed else world.table
    read_s = _features(world, config, table)
    before = processor_seconds()
    run = new_run(world.folder / "runs", files.name, replace=True)
    session = TrainingSession(config, table, world.partition, run=run)
    epochs = list(session.epochs())
    trained = session.trained()
    predictor = predictor_of(trained, config, keeps=True)
    how = {"batch_size": config.train.batch_size, "workers": config.workers}
    val, test = table.only("val"), table.only("test")
    val_logits = gathered(predictor.outputs(val.files, **how), len(val), len(world.partition))
    decision = decided(val_logits, val, world.partition)
    seconds = processor_seconds() - before
    test_logits = gathered(predictor.outputs(test.files, **how), len(test), len(world.partition))
    best = min(epochs, key=lambda stats: stats.val_loss)
    record = {
        "row": row.name,
        "seed": seed,
        "digest": digest,
        "steps": steps_of(config, photos_learned(row, config, world)),
        "epochs": len(epochs),
        "best_epoch": best.epoch,
        "val_loss": best.val_loss,
        "seconds": round(seconds, 1),
        "reading_seconds": round(read_s, 1),
        "temperature": decision.temperature,
        "point": decision.point,
    }
    arrays = judged(test_logits, test, world.partition, decision)
    files.write(record, {"val_logits": val_logits, "test_logits": test_logits, **arrays})
    new_run(world.folder / "runs", files.name, replace=True)  # removes the folder
    return True


def gathered(outputs: Iterator[Outputs], photos: int, cells: int) -> np.ndarray:
    """The logits of all photos in order; a photo that could not be read has equal logits."""
    logits = np.zeros((photos, cells), dtype=np.float32)
    for output in outputs:
        logits[output.rows] = output.logits
    return logits


def decided(logits: np.ndarray, val: PhotoTable, partition: Partition) -> Decision:
    """The temperature and the point method that val photos choose."""
    rows = np.arange(len(logits))
    return fit_decision([Outputs(rows, logits, [])], val, partition).decision


def judged(
    logits: np.ndarray, table: PhotoTable, partition: Partition, decision: Decision
) -> dict[str, np.ndarray]:
    """Numbers of each photo, from which every statistic is computed."""
    observer = Observer(
        partition, table.latlng, temperature=decision.temperature, point=decision.point
    )
    for rows in np.array_split(np.arange(len(logits)), max(1, len(logits) // 500)):
        observer.add(rows, logits[rows])
    _, after = observer.calibration()
    return {
        "rank": observer.ranks,
        "km": observer.distances_km()[decision.point],
        "covered": observer.truths >= 0,
        "confidence": after.confidence,
        "correct": after.correct,
        "nll": after.nll,
        "in_90": observer.credible().sets[0.9].holds_truth,
        "cells_90": observer.credible().sets[0.9].cells,
    }


def processor_seconds() -> float:
    """Processor seconds of this process and of its children that have ended."""
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _features(world: World, config: Config, table: PhotoTable) -> float:
    """Processor seconds to read the features of all photos; the first row that needs them pays.

    The time is kept in a file, so that every row with these features can say it.
    """
    if config.features.dtype == "off":
        return 0.0
    first = config.seed if config.model.weights == "none" else ""  # random weights are of a seed
    images = f"{config.images}{config.model.weights}{first}".encode()
    path = world.folder / "features" / f"{hashlib.sha256(images).hexdigest()[:16]}.seconds"
    if not path.is_file():
        before = processor_seconds()
        build_features(config, table)
        write_text(f"{processor_seconds() - before:.1f}\n", path)
    return float(path.read_text(encoding="utf-8"))
