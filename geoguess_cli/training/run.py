"""The folder of one training: its configuration, its metrics, its weights and its state.

geoguess.toml            the effective configuration
metrics.jsonl            one line an epoch
best.safetensors         the weights with the lowest validation loss so far
stage-N.safetensors      the best weights when stage N ended
resume.pt                everything that the next epoch depends on (tensors and plain data)
"""

import json
import math
import pickle
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from geoguess_cli.config import Config, to_toml
from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.files import replacing, write_text
from geoguess_cli.model.states import CELLS_KEY, read_state, write_state

FORMAT = 1
"""Number of the layout of `resume.pt`; a change of the layout raises it."""


@dataclass(frozen=True)
class Best:
    """The best weights so far: their validation loss in nats, and the number of their epoch."""

    val_loss: float = math.inf
    epoch: int = 0


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
    def resume_path(self) -> Path:
        """The state after the last whole epoch."""
        return self.folder / "resume.pt"

    def stage_path(self, number: int) -> Path:
        """The best weights of the run when stage `number` (from 1) ended."""
        return self.folder / f"stage-{number}.safetensors"

    def start(self, config: Config, *, stage: int, first_epoch: int) -> None:
        """Make the folder ready for a stage: remove what this stage and later stages wrote.

        Args:
            config: The effective configuration.
            stage: Number of the stage, from 1.
            first_epoch: Number of epochs of all earlier stages.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(to_toml(config), self.config_path)
        for path in self.folder.glob("stage-*.safetensors"):
            number = path.stem.removeprefix("stage-")
            if number.isdecimal() and int(number) >= stage:
                path.unlink()
        for path in (self.best_path, self.resume_path):
            path.unlink(missing_ok=True)
        if stage > 1:
            shutil.copyfile(self.stage_path(stage - 1), self.best_path)
        self.forget_after(first_epoch)

    def record(self, line: Mapping[str, Any]) -> None:
        """Add one line to the metrics."""
        with self.metrics_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def metrics(self) -> list[dict[str, Any]]:
        """The lines of the metrics, one an epoch, in order."""
        if not self.metrics_path.is_file():
            return []
        lines = self.metrics_path.read_text(encoding="utf-8").splitlines(keepends=True)
        # A last line without a line break was cut off while it was written.
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def forget_after(self, epoch: int) -> None:
        """Remove the metrics of the epochs after `epoch`, which will be run again."""
        lines = [json.dumps(line) + "\n" for line in self.metrics() if line["epoch"] <= epoch]
        write_text("".join(lines), self.metrics_path)

    def save_best(self, state: Mapping[str, Tensor], best: Best, *, cells_digest: str) -> None:
        """Write these weights as the best so far."""
        metadata = {
            CELLS_KEY: cells_digest,
            "geoguess.val_loss": repr(best.val_loss),
            "geoguess.epoch": str(best.epoch),
        }
        write_state(state, self.best_path, metadata=metadata)

    def end_stage(self, number: int) -> None:
        """Copy the best weights so far as the result of a stage."""
        with replacing(self.stage_path(number)) as temporary:
            shutil.copyfile(self.best_path, temporary)

    def best(self, *, cells_digest: str) -> tuple[dict[str, Tensor], Best]:
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
        self._check_cells(metadata, cells_digest, self.best_path)
        best = Best(float(metadata["geoguess.val_loss"]), int(metadata["geoguess.epoch"]))
        return state, best

    def check_stage(self, number: int, *, cells_digest: str) -> None:
        """Raise an error unless a stage has a result, and a result for this partition.

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
        self._check_cells(read_state(path)[1], cells_digest, path)

    def save_resume(self, state: Mapping[str, Any]) -> None:
        """Write everything that the next epoch depends on."""
        with replacing(self.resume_path) as temporary:
            torch.save({"format": FORMAT, **state}, temporary)

    def load_resume(self) -> dict[str, Any]:
        """The state that `save_resume` wrote, on the CPU.

        Raises:
            MissingFileError: No state was written.
            ModelError: The file is damaged, or another version of geoguess wrote it.
        """
        if not self.resume_path.is_file():
            raise MissingFileError(
                f"there is nothing to resume in {self.folder}; train without --resume"
            )
        try:
            state = torch.load(self.resume_path, map_location="cpu", weights_only=True)
        except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
            raise ModelError(f"{self.resume_path} is damaged; train without --resume") from error
        if state.get("format") != FORMAT:
            raise ModelError(
                f"{self.resume_path} was written by another version of geoguess; "
                "train without --resume"
            )
        return dict(state)

    def _check_cells(self, metadata: Mapping[str, str], digest: str, path: Path) -> None:
        if metadata.get(CELLS_KEY) != digest:
            raise ModelError(
                f"{path} was trained on another partition; train again from stage 1, "
                "or put back the file of that partition"
            )
