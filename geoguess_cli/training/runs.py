"""The runs in `artifacts/runs`, one folder each: start a new run, or find the latest."""

import shutil
from pathlib import Path

from geoguess_cli.choices import Resume
from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.files import writing
from geoguess_cli.training.run import Run

PREFIX = "run-"


def choose_run(
    folder: Path,
    name: str | None = None,
    *,
    resume: Resume = "never",
    stage: int | None = None,
    replace: bool = False,
) -> tuple[Run, bool]:
    """The run of a training, and whether the training goes on where that run was interrupted.

    Args:
        folder: The folder of all runs.
        name: Name of the run; without it, the latest run, or a new `run-N`.
        resume: "always" continues, "never" starts, "auto" continues if there is something to
            continue.
        stage: Number of the only stage to run, from 1; a later one than the first starts from the
            result of the stage before in the same run.
        replace: Remove a run of that name before a new training.

    Raises:
        MissingFileError: The training continues, and there is no such run.
        ConfigError: A new run would take the place of an old one, and `replace` is False.
        BusyError: A run that would be replaced is at work.
    """
    if resume == "always":
        return latest_run(folder, name), True
    if resume == "auto":
        run = _latest(folder, name)
        if run is not None and run.begun:
            snapshot, _ = run.snapshots.latest()
            if snapshot is None or stage in (None, snapshot.only_stage):
                return run, True
        elif run is not None and not any(run.folder.glob("*.safetensors")):
            return run, False  # killed before its first snapshot
    if stage is not None and stage > 1:
        return latest_run(folder, name), False
    return new_run(folder, name, replace=replace), False


def new_run(folder: Path, name: str | None = None, *, replace: bool = False) -> Run:
    """A run whose folder does not exist yet.

    Args:
        folder: The folder of all runs.
        name: Name of the run; without it, `run-N` with N one above the highest.
        replace: Remove a run of that name first.

    Raises:
        ConfigError: A run of that name exists, and `replace` is False.
        BusyError: A run of that name is at work.
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
        with Run(path).locked():
            pass
        with writing(path):
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
    run = _latest(folder, name)
    if run is None:
        where = f"no run at {folder / name}" if name else f"there is no run in {folder}"
        raise MissingFileError(
            f"{where} to go on with; `geoguess train` or `geoguess train --stage 1` starts one"
        )
    return run


def _latest(folder: Path, name: str | None) -> Run | None:
    """The run of a name, or the run whose metrics were written last; None if there is none."""
    if name is not None:
        return Run(folder / name) if (folder / name).is_dir() else None
    runs = [Run(path) for path in folder.iterdir()] if folder.is_dir() else []
    started = [run for run in runs if run.metrics_path.is_file()]
    return max(
        started,
        key=lambda run: (run.metrics_path.stat().st_mtime_ns, run.folder.name),
        default=None,
    )
