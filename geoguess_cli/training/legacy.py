"""Where an interrupted training goes on, also one that an older geoguess interrupted."""

import pickle
from typing import Any

import torch

from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.training.run import Run
from geoguess_cli.training.snapshot import Best, Snapshot

FORMAT = 1
"""Number of the layout of `resume.pt`."""


def latest_snapshot(run: Run) -> tuple[Snapshot, list[str]]:
    """The snapshot that a training goes on from, and a sentence about each damaged one.

    Raises:
        MissingFileError: There is none.
        ModelError: It is damaged, or another version of geoguess wrote it.
    """
    snapshot, notes = run.snapshots.latest()
    if snapshot is not None:
        return snapshot, notes
    if run.old_state_path.is_file():
        return _read_resume_pt(run), notes
    reason = f" ({'; '.join(notes)})" if notes else ""
    raise MissingFileError(
        f"there is nothing to resume in {run.folder}{reason}; train without --resume"
    )


def _read_resume_pt(run: Run) -> Snapshot:
    path = run.old_state_path
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise ModelError(f"{path} is damaged; train without --resume") from error
    if state.get("format") != FORMAT:
        raise ModelError(
            f"{path} was written by another version of geoguess; train without --resume"
        )
    metrics = [line for line in run.metrics() if line["epoch"] <= state["epoch"]]
    return Snapshot(
        terms=state["terms"],
        only_stage=state["stage"],
        stage=metrics[-1]["stage"] if metrics else state["stage"] or 1,
        epoch=state["epoch"],
        phase="train",
        step=0,
        tallies={},
        best=Best(*state["best"]),
        metrics=metrics,
        geolocator=state["geolocator"],
        optimizer=state["optimizer"],
        scheduler=state["scheduler"],
    )
