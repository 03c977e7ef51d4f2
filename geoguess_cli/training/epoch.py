"""One epoch: once through the training photos, once through the validation photos."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from geoguess_cli.choices import Arithmetic
from geoguess_cli.errors import ModelError, PhotoTableError
from geoguess_cli.model.device import autocast
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.photos.dataset import Batch
from geoguess_cli.training.targets import cell_loss


@dataclass(frozen=True, eq=False)
class PhotoSet:
    """The photos of a split with their targets.

    Args:
        paths: The photos.
        targets: Their cell indices; -1 for a photo in no cell. Such a photo is not trained on; in
            validation it has no loss and counts as wrong.
    """

    paths: Sequence[Path]
    targets: Int[np.ndarray, " n"]

    def covered(self) -> "PhotoSet":
        """Those that lie in a cell."""
        rows = np.flatnonzero(self.targets >= 0)
        return PhotoSet([self.paths[row] for row in rows.tolist()], self.targets[rows])

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True)
class StepStats:
    """Where a training stands after a batch.

    Args:
        stage: Number of the stage, from 1.
        stage_name: Its name.
        epoch: Number of the epoch, from 1, counted through all stages of the recipe.
        epochs: The last epoch that this training will run.
        phase: "train" or "val".
        step: Batches done in this phase.
        steps: Batches of this phase.
        loss: Mean loss of the phase so far, in nats.
        photos_per_second: Speed of the phase so far.
        learning_rate: In force.
    """

    stage: int
    stage_name: str
    epoch: int
    epochs: int
    phase: Literal["train", "val"]
    step: int
    steps: int
    loss: float
    photos_per_second: float
    learning_rate: float


@dataclass
class Tally:
    """Sums over the photos of a phase."""

    photos: int = 0
    covered: int = 0
    loss: float = 0.0
    top_1: int = 0
    top_5: int = 0
    skipped: int = 0
    started: float = 0.0

    @property
    def mean_loss(self) -> float:
        """In nats, over the photos that have a loss."""
        return self.loss / self.covered if self.covered else math.nan

    @property
    def seconds(self) -> float:
        """Since the phase began."""
        return time.perf_counter() - self.started

    @property
    def photos_per_second(self) -> float:
        """Mean speed since the phase began."""
        return self.photos / max(self.seconds, 1e-9)


@dataclass(frozen=True, eq=False)
class Engine:
    """What every step of a training shares.

    Args:
        geolocator: On `device`.
        device: Where it computes.
        precision: In which number format.
        label_smoothing: Of the training loss.
        clip_norm: Longest gradient, by its norm over all parameters; 0 for any.
        seed: Of dropout and the like.
        on_failure: Told the path of each photo that does not decode, and why.
    """

    geolocator: Geolocator
    device: torch.device
    precision: Arithmetic
    label_smoothing: float
    clip_norm: float
    seed: int
    on_failure: Callable[[int, str, bool], None]

    def train(
        self,
        batches: Iterator[Batch],
        optimizer: torch.optim.Optimizer,
        *,
        epoch: int,
        after: Callable[[int, Tally], None],
    ) -> Tally:
        """Learn from every batch once.

        Args:
            batches: Of covered photos.
            optimizer: Holds the parameters that learn.
            epoch: Index, from 0, that the randomness is a function of, with seed and step.
            after: Called after each batch with the batches done and the sums so far.

        Raises:
            ModelError: The loss is not finite.
            PhotoTableError: No photo could be read.
        """
        tally = Tally(started=time.perf_counter())
        learning = [p for group in optimizer.param_groups for p in group["params"]]
        for step, batch in enumerate(batches):
            self._count(batch, tally, training=True)
            # A norm over a batch cannot learn from a batch of one.
            if len(batch.rows) > 1:
                with _seeded(self.seed, epoch, step, self.device):
                    loss = cell_loss(
                        self._logits(batch),
                        batch.targets.to(self.device),
                        label_smoothing=self.label_smoothing,
                    )
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                if self.clip_norm > 0:
                    torch.nn.utils.clip_grad_norm_(learning, self.clip_norm)
                optimizer.step()
                value = loss.item()
                if not math.isfinite(value):
                    raise ModelError(f"step {step + 1}: the training loss is {value}")
                tally.loss += value * len(batch.rows)
                tally.covered += len(batch.rows)
            after(step + 1, tally)
        _check_read(tally, "training")
        return tally

    def validate(self, batches: Iterator[Batch], *, after: Callable[[int, Tally], None]) -> Tally:
        """Loss over the covered photos, without smoothing; hits over all.

        Raises:
            ModelError: The loss is not finite.
            PhotoTableError: No photo could be read.
        """
        self.geolocator.eval()
        tally = Tally(started=time.perf_counter())
        for step, batch in enumerate(batches):
            self._count(batch, tally, training=False)
            if len(batch.rows):
                self._judge(batch, tally)
            after(step + 1, tally)
        _check_read(tally, "validation")
        if not math.isfinite(tally.mean_loss):
            raise ModelError(f"the validation loss is {tally.mean_loss}")
        return tally

    @torch.inference_mode()
    def _judge(self, batch: Batch, tally: Tally) -> None:
        logits = self._logits(batch).float()
        targets = batch.targets.to(self.device)
        covered = targets >= 0
        likeliest = logits.topk(min(5, logits.shape[1])).indices
        hits = (likeliest == targets[:, None]) & covered[:, None]
        tally.top_1 += int(hits[:, 0].sum())
        tally.top_5 += int(hits.sum())
        count = int(covered.sum())
        if count:
            tally.loss += cell_loss(logits[covered], targets[covered]).item() * count
            tally.covered += count

    def _logits(self, batch: Batch) -> Tensor:
        images = batch.images.to(self.device, non_blocking=True)
        with autocast(self.device, self.precision):
            logits: Tensor = self.geolocator(images)
        return logits

    def _count(self, batch: Batch, tally: Tally, *, training: bool) -> None:
        tally.photos += len(batch.rows)
        tally.skipped += len(batch.failures)
        for row, reason in batch.failures:
            self.on_failure(row, reason, training)


@contextmanager
def _seeded(seed: int, epoch: int, step: int, device: torch.device) -> Iterator[None]:
    """Torch's randomness as a function of seed, epoch and step; the caller's comes back after."""
    number = int(np.random.SeedSequence((seed, epoch, step)).generate_state(1, np.uint64)[0])
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(number)
        yield


def _check_read(tally: Tally, name: str) -> None:
    if not tally.photos:
        raise PhotoTableError(
            f"none of the {tally.skipped} {name} photos can be read; "
            "`geoguess data inspect` says why"
        )
