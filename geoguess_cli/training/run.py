"""The folder of one training: its configuration, its metrics, its weights and its snapshots.

geoguess.toml            the effective configuration
metrics.jsonl            one line an epoch
best.safetensors         the weights with the lowest validation loss so far
stage-N.safetensors      the best weights when stage N ended
snapshots/               everything that the next step depends on

The snapshots are the truth. The other files are made from the newest one, and made again from it
when a training goes on.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from geoguess_cli.config import Config, to_toml
from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.files import locked, make_folder, replacing, write_text
from geoguess_cli.model.states import CELLS_KEY, read_state
from geoguess_cli.training.snapshot import Snapshot, Snapshots, link_or_copy


@dataclass(frozen=True)
class Run:
    """A folder under `artifacts/runs`."""

    folder: Path

    @property
    def config_path(self) -> Path:
        """The effective configuration."""
        return self.folder / "geoguess.toml"

    @property
    def metrics_path(self) -> Path:
        """One JSON object a line, one line an epoch."""
        return self.folder / "metrics.jsonl"

    @property
    def best_path(self) -> Path:
        """The weights with the lowest validation loss so far."""
        return self.folder / "best.safetensors"

    @property
    def snapshots(self) -> Snapshots:
        """Everything that the next step depends on, after the latest steps that were kept."""
        return Snapshots(self.folder / "snapshots")

    def stage_path(self, number: int) -> Path:
        """The best weights of the run when stage `number` (from 1) ended."""
        return self.folder / f"stage-{number}.safetensors"

    @property
    def old_state_path(self) -> Path:
        """The state after the last whole epoch, as geoguess kept it before there were snapshots."""
        return self.folder / "resume.pt"

    @property
    def begun(self) -> bool:
        """Whether there is something to go on with."""
        return bool(self.snapshots.numbers()) or self.old_state_path.is_file()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The run for this process alone; the lock ends with the process, however it ends.

        Raises:
            BusyError: Another process trains in this run.
            OutputError: The folder cannot be written.
        """
        make_folder(self.folder)
        busy = (
            f"another training is at work in {self.folder}; wait for it or stop it, "
            "or name another run with --name"
        )
        with locked(self.folder, busy=busy):
            yield

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of the metrics, one an epoch, in order."""
        if not self.metrics_path.is_file():
            return []
        lines = self.metrics_path.read_text(encoding="utf-8").splitlines(keepends=True)
        # A last line without a line break was cut off while it was written.
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def best(self, *, cells_digest: str) -> dict[str, Tensor]:
        """The best weights so far, on the CPU.

        Raises:
            MissingFileError: No epoch has ended yet.
            ModelError: The weights belong to another partition.
        """
        if not self.best_path.is_file():
            raise MissingFileError(
                f"{self.folder} holds no weights, because no epoch of it has ended; "
                "`geoguess train` starts a training"
            )
        state, metadata = read_state(self.best_path)
        _check_cells(metadata, cells_digest, self.best_path)
        return state

    def stage_result(self, number: int, *, cells_digest: str) -> Path:
        """The file of a stage's result, which is there and belongs to this partition.

        Args:
            number: Number of the stage, from 1.
            cells_digest: `states.cells_digest` of the partition.

        Raises:
            MissingFileError: The stage has not been run.
            ModelError: The stage was run on another partition.
        """
        path = self.stage_path(number)
        if not path.is_file():
            raise MissingFileError(
                f"stage {number + 1} starts from the result of stage {number}, and there is none "
                f"at {path}; run `geoguess train --stage {number}` first, or --stage all"
            )
        _check_cells(read_state(path)[1], cells_digest, path)
        return path

    def publish(self, snapshot: Snapshot, config: Config, *, stage_ended: bool) -> None:
        """Make all files beside the snapshots what the newest snapshot says.

        Args:
            snapshot: The newest snapshot.
            config: The effective configuration.
            stage_ended: Whether the snapshot's stage has run all its epochs.
        """
        lines = "".join(json.dumps(line) + "\n" for line in snapshot.metrics)
        for text, path in ((to_toml(config), self.config_path), (lines, self.metrics_path)):
            if not path.is_file() or path.read_text(encoding="utf-8") != text:
                write_text(text, path)
        best = self.snapshots.best_path
        if best is not None:
            _same_file(best, self.best_path)
        elif not snapshot.best.epoch:
            self.best_path.unlink(missing_ok=True)
        for path in self.folder.glob("stage-*.safetensors"):
            number = path.stem.removeprefix("stage-")
            if number.isdecimal() and int(number) >= snapshot.stage + stage_ended:
                path.unlink()
        if stage_ended and best is not None:
            _same_file(best, self.stage_path(snapshot.stage))


def _same_file(source: Path, target: Path) -> None:
    """Make `target` another name of `source`, at once and not step by step."""
    if target.is_file() and os.path.samefile(source, target):
        return
    with replacing(target) as temporary:
        temporary.unlink(missing_ok=True)
        link_or_copy(source, temporary)


def _check_cells(metadata: Mapping[str, str], digest: str, path: Path) -> None:
    if metadata.get(CELLS_KEY) != digest:
        raise ModelError(
            f"{path} was trained on another partition; train again from stage 1, "
            "or put back the file of that partition"
        )
