"""Speed of training from JPEG files, of a bare loop with tensors in memory.

    python benchmarks/training.py [--paper] [--side 512] [--precision auto] [--rounds 5] [--small]

JPEGs of that width are written to a temporary folder, and the sample world's model, or the paper's,
is trained on them by `TrainingSession`: decoded and augmented by worker processes on the same
cores, with metrics and snapshots. `bare_loop.py` trains the same model in a process of its own. The
two take turns of an epoch each, so that other programs disturb both. Prints a JSON line a round
(photos a second of the training phase; seconds of the whole epoch), then the median of the rounds'
ratios. `epoch_of_bare` also counts validation and snapshot of an epoch as lost time. At last the
photos are decoded alone, by the same processes. On a CPU model and decoding share the cores, so
`reachable` is the ratio that training would have if neither ever waited for the other.
"""

import argparse
import dataclasses
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import calm  # noqa: F401  (before numpy)
import numpy as np
import polars as pl
from PIL import Image, ImageFilter

from geoguess_cli.config import Config, StageConfig
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.photos.workers import FEW_PHOTOS, automatic_workers

HERE = Path(__file__).resolve().parent
PICTURES = 48
"""Different pictures; photos share them, since decoding takes as long."""

VALIDATED = 32
SAMPLE_CELLS = 40


def jpegs(width: int, count: int) -> list[bytes]:
    """JPEG files of this width, 4:3, with the detail of a photo: noise at many scales."""
    rng, files, side = np.random.default_rng(0), [], (width, width * 3 // 4)
    for _ in range(count):
        layers = np.zeros((side[1], side[0], 3), dtype=np.float32)
        for step in (4, 16, 64, 128):
            shape = (side[1] // step, side[0] // step, 3)
            noise = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
            layers += np.asarray(noise.resize(side, Image.Resampling.BICUBIC), dtype=np.float32) / 4
        image = Image.fromarray(layers.astype(np.uint8)).filter(ImageFilter.SHARPEN)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=88)
        files.append(buffer.getvalue())
    return files


def write_photos(folder: Path, width: int, photos: int) -> list[Path]:
    """The paths of new photos."""
    files = jpegs(width, min(PICTURES, photos))
    paths = [folder / f"{number}.jpg" for number in range(photos)]
    for number, path in enumerate(paths):
        path.write_bytes(files[number % len(files)])
    return paths


def photo_table(paths: list[Path], rng: np.random.Generator) -> PhotoTable:
    """A table of these photos at places in the United States; the last ones are for validation."""
    count = len(paths)
    splits = ["train"] * (count - VALIDATED) + ["val"] * VALIDATED
    columns = {"photo": list(map(str, paths)), **_places(count, rng), "split": splits}
    return PhotoTable(pl.DataFrame(columns), Path())


def cells_of(count: int, rng: np.random.Generator) -> Partition:
    """About this number of cells, each with places of photos."""
    places = np.stack(list(_places(count * 60, rng).values()), axis=1)
    return build_partition(places, max_photos=100, min_photos=1)


def _places(count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {"latitude": rng.uniform(30, 47, count), "longitude": rng.uniform(-120, -80, count)}


def prepared(arguments: argparse.Namespace, folder: Path) -> tuple[Config, PhotoTable]:
    """One stage in which everything learns, an epoch a round, and its photos."""
    from bare_loop import configuration

    photos = arguments.steps * arguments.batch_size + VALIDATED
    paths = write_photos(folder, arguments.side, photos)
    config = configuration(paper=arguments.paper)
    stage = StageConfig("everything", epochs=arguments.rounds + 1, learning_rate=1e-4)
    config = dataclasses.replace(
        config,
        artifacts=folder,
        device=arguments.device,
        precision=arguments.precision,
        # An epoch of a round has few photos, for which no process would be started.
        workers=automatic_workers(FEW_PHOTOS) if arguments.workers < 0 else arguments.workers,
        cells=dataclasses.replace(config.cells, uncovered="nearest"),
        model=dataclasses.replace(config.model, weights="none"),
        train=dataclasses.replace(
            config.train,
            batch_size=arguments.batch_size,
            compile=arguments.compile,
            stages=(stage,),
        ),
    )
    return config, photo_table(paths, np.random.default_rng(1))


def training(config: Config, table: PhotoTable, cells: Partition) -> Iterator[tuple[float, float]]:
    """Photos a second of each epoch, and the seconds that it took with all that belongs to it."""
    from geoguess_cli.training.run import Run
    from geoguess_cli.training.session import TrainingSession

    session = TrainingSession(config, table, cells, run=Run(config.artifacts / "run"))
    epochs = session.epochs()
    while True:
        started = time.perf_counter()
        stats = next(epochs, None)
        if stats is None:
            return
        yield stats.photos_per_second, time.perf_counter() - started


def decoded_per_second(config: Config, table: PhotoTable) -> float:
    """Training photos a second that the worker processes decode, with nothing beside them."""
    from geoguess_cli.model.geolocator import image_spec
    from geoguess_cli.photos.dataset import PhotoLoader
    from geoguess_cli.training.features import training_augmentation

    photos = table.only("train")
    with PhotoLoader(
        photos.files,
        spec=image_spec(config.model, config.images),
        batch_size=config.train.batch_size,
        workers=config.workers,
        augmentation=training_augmentation(config),
    ) as loader:
        for _ in loader:  # starts the processes
            pass
        started = time.perf_counter()
        for _ in loader.epoch(1):
            pass
        return len(photos) / (time.perf_counter() - started)


@contextmanager
def bare_loop(arguments: argparse.Namespace, cells: int) -> Iterator[Callable[[], float]]:
    """Gives a function that lets the bare loop train for an epoch and returns its photos a second.

    It waits asleep in between.
    """
    command = [sys.executable, str(HERE / "bare_loop.py"), "--wait", f"--cells={cells}"]
    command += [f"--{name}={getattr(arguments, name)}" for name in ("device", "precision", "steps")]
    command += [f"--batch-size={arguments.batch_size}", *(["--paper"] if arguments.paper else [])]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        asking, answering = process.stdin, process.stdout

        def epoch() -> float:
            asking.write("\n")
            asking.flush()
            return float(json.loads(answering.readline())["photos_per_second"])

        yield epoch
        asking.close()


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", action="store_true", help="the paper's model, not the sample's")
    parser.add_argument("--side", type=int, default=512, help="width of the JPEGs, in pixels")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="with torch.compile")
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--workers", type=int, default=-1)
    parser.add_argument("--steps", type=int, help="of an epoch (default: 24, with --paper 4)")
    parser.add_argument("--rounds", type=int, default=5, help="after one that warms up")
    parser.add_argument("--small", action="store_true", help="seconds, to see that it works")
    arguments = parser.parse_args()
    arguments.steps = arguments.steps or (4 if arguments.paper else 24)
    if arguments.small:
        arguments.batch_size, arguments.steps, arguments.rounds = 4, 2, 1
    return arguments


def main() -> None:
    """Measure and print."""
    arguments = parsed()
    from bare_loop import PAPER_CELLS

    cells = cells_of(PAPER_CELLS if arguments.paper else SAMPLE_CELLS, np.random.default_rng(0))
    ratios, whole, bares = [], [], []
    photos = arguments.steps * arguments.batch_size
    with tempfile.TemporaryDirectory() as name, bare_loop(arguments, len(cells)) as bare:
        config, table = prepared(arguments, Path(name))
        for rate, seconds in training(config, table, cells):
            beside = bare()
            bares.append(beside)
            ratios.append(rate / beside)
            whole.append(photos / seconds / beside)
            row = {
                "photos_per_second": round(rate, 2),
                "bare": beside,
                "seconds": round(seconds, 2),
            }
            print(json.dumps(row | {"of_bare": round(ratios[-1], 3)}), flush=True)
        decoded = decoded_per_second(config, table)
    shared = 1 / (1 + statistics.median(bares) / decoded)
    print(
        json.dumps(
            {
                "model": "paper" if arguments.paper else "sample",
                "side": arguments.side,
                "precision": arguments.precision,
                "of_bare": round(statistics.median(ratios[1:]), 3),
                "epoch_of_bare": round(statistics.median(whole[1:]), 3),
                "decoded_per_second": round(decoded, 1),
                **({"reachable": round(shared, 3)} if arguments.device == "cpu" else {}),
            }
        )
    )


if __name__ == "__main__":
    main()
