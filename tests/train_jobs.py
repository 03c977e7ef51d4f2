"""What a `Killer` runs in the folder of a trained world: the end of `geoguess train`."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import geoguess_cli.evaluation.fitting
import geoguess_cli.sources.reading  # noqa: F401
from geoguess_cli import api
from geoguess_cli.config import load_config
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
