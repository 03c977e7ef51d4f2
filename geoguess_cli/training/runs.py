"""The runs below `artifacts/runs`, one folder each: a new one, or the latest."""

import shutil
from pathlib import Path

from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.training.run import Run

PREFIX = "run-"


def new_run(folder: Path, name: str | None = None, *, replace: bool = False) -> Run:
    """A run that is not there yet: named, or `run-N` after the highest N.

    Args:
        folder: Where runs live.
        name: Its name.
        replace: Remove a run of that name first.

    Raises:
        ConfigError: A run of that name is there, and is not to be replaced.
    """
    chosen = name or f"{PREFIX}{max(_numbers(folder), default=0) + 1}"
    path = folder / chosen
    if path.exists():
        if not replace:
            raise ConfigError(
                f"{path} is there already: --resume goes on with it, --force replaces it, "
                "another --name keeps both"
            )
        shutil.rmtree(path)
    return Run(path)


def latest_run(folder: Path, name: str | None = None) -> Run:
    """A run that is there: the named one, else the one that wrote last.

    Raises:
        MissingFileError: There is none.
    """
    if name is not None:
        if not (folder / name).is_dir():
            raise MissingFileError(f"no run at {folder / name}; `geoguess train` starts one")
        return Run(folder / name)
    runs = [Run(path) for path in folder.iterdir()] if folder.is_dir() else []
    started = [run for run in runs if run.metrics_path.is_file()]
    if not started:
        raise MissingFileError(
            f"no run in {folder} to go on with; start with `geoguess train` or "
            "`geoguess train --stage 1`"
        )
    return max(started, key=lambda run: (run.metrics_path.stat().st_mtime_ns, run.folder.name))


def _numbers(folder: Path) -> list[int]:
    names = [path.name.removeprefix(PREFIX) for path in folder.glob(f"{PREFIX}*")]
    return [int(name) for name in names if name.isdecimal()]
