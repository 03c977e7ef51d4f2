"""What a `Killer` runs in a folder: the end of `geoguess train`, and a training without memory."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import geoguess_cli.evaluation.fitting
import geoguess_cli.sources.reading  # noqa: F401
from geoguess_cli import api
from geoguess_cli.config import load_config
from geoguess_cli.errors import OutOfMemoryError
from geoguess_cli.geo.partition import read_partition
from geoguess_cli.model.device import compute_threads
from geoguess_cli.training.run import Run
from geoguess_cli.training.session import TrainingSession


def conclude(folder: Path, on_batch: Callable[[int, int], None] | None = None) -> None:
    """Go on with a training whose last epoch is done: calibrate, and write the model folder."""
    config = load_config(folder / "geoguess.toml", environment={})
    table = api.read_photos(config.photos)
    run, partition = Run(config.artifacts / "runs" / "run-1"), read_partition(config.cells_path)
    session = TrainingSession(config, table, partition, run=run, resume=True)
    with compute_threads(session.threads):
        assert list(session.epochs()) == []
        model, _ = api.conclude(session, on_batch=on_batch)
    api.save(model, config.model_path)


def die_while_calibrating(folder: Path) -> None:
    """The same, killed after the first photos of the calibration."""
    conclude(folder, on_batch=lambda _done, _total: os.kill(os.getpid(), signal.SIGKILL))


def starve(folder: Path) -> None:
    """Train with as many megabytes more than there are as the folder is named by, until it fails.

    The message goes to `told.txt`.
    """
    import resource

    config = load_config(folder / "geoguess.toml", environment={})
    table, partition = api.read_photos(config.photos), read_partition(folder / "cells.parquet")
    session = TrainingSession(config, table, partition, run=Run(folder / "run"))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + int(folder.name) * 1_000_000
    with compute_threads(1):
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        try:
            list(session.epochs())
        except OutOfMemoryError as error:
            (folder / "told.txt").write_text(str(error), encoding="utf-8")
