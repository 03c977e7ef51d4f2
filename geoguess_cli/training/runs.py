"""The runs in `artifacts/runs`, one folder each: start a new run, or find the latest."""

import shutil
from pathlib import Path

from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.training.run import Run

PREFIX = "run-"


def choose_run(
    folder: Path, name: str | None = None, *, going_on: bool = False, replace: bool = False
) -> Run:
    """The run of a training: an existing one if the training goes on, else a new one.

    Args:
        folder: The folder of all runs.
        name: Name of the run; without it, the latest run, or a new `run-N`.
        going_on: Whether the training continues an earlier one.
        replace: Remove a run of that name before a new training.

    Raises:
        MissingFileError: The training goes on, and there is no such run.
        ConfigError: A new run would take the place of an old one, and `replace` is False.
    """
    return latest_run(folder, name) if going_on else new_run(folder, name, replace=replace)


def new_run(folder: Path, name: str | None = None, *, replace: bool = False) -> Run:
    """A run whose folder does not exist yet.

    Args:
        folder: The folder of all runs.
        name: Name of the run; without it, `run-N` with N one above the highest.
        replace: Remove a run of that name first.

    Raises:
        ConfigError: A run of that name exists, and `replace` is False.
    """
    names = [path.name.removeprefix(PREFIX) for path in folder.glob(f"{PREFIX}*")]
    last = max((int(number) for number in names if number.isdecimal()), default=0)
    path = folder / (name or f"{PREFIX}{last + 1}")
    if path.exists():
        if not replace:
            raise ConfigError(
                f"{path} already exists: --resume goes on with it, --force replaces it, "
                "another --name keeps both"
            )
        shutil.rmtree(path)
    return Run(path)


def latest_run(folder: Path, name: str | None = None) -> Run:
    """A run that exists.

    Args:
        folder: The folder of all runs.
        name: Name of the run; without it, the run whose metrics were written last.

    Raises:
        MissingFileError: There is no such run.
    """
    if name is not None:
        if not (folder / name).is_dir():
            raise MissingFileError(f"no run at {folder / name}; `geoguess train` starts one")
        return Run(folder / name)
    runs = [Run(path) for path in folder.iterdir()] if folder.is_dir() else []
    started = [run for run in runs if run.metrics_path.is_file()]
    if not started:
        raise MissingFileError(
            f"there is no run in {folder} to go on with; `geoguess train` or "
            "`geoguess train --stage 1` starts one"
        )
    return max(started, key=lambda run: (run.metrics_path.stat().st_mtime_ns, run.folder.name))
