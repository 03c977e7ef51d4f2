"""One epoch: once through the training photos, once through the validation photos."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from geoguess_cli.choices import Arithmetic
from geoguess_cli.errors import ModelError, PhotoTableError
from geoguess_cli.model.device import autocast
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.photos.dataset import Batch
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.progress import Tally
from geoguess_cli.training.targets import Loss, cell_loss

AfterBatch = Callable[[int, Tally], None]
"""Called after each batch with the number of batches done and the sums so far."""


@dataclass(frozen=True, eq=False)
class Engine:
    """What every step of a training shares.

    Args:
        geolocator: The model, on `device`.
        device: Where it computes.
        precision: The number format of the forward pass.
        loss: The training loss.
        clip_norm: Greatest norm of the gradient over all parameters; 0 for no limit.
        seed: Seed of dropout and other randomness of the model.
        on_failure: Called with the photos of a phase, and the position and the reason of each
            photo that cannot be decoded.
    """

    geolocator: Geolocator
    device: torch.device
    precision: Arithmetic
    loss: Loss
    clip_norm: float
    seed: int
    on_failure: Callable[[TrainingPhotos, int, str], None]

    def train(
        self,
        photos: TrainingPhotos,
        batches: Iterator[Batch],
        optimizer: torch.optim.Optimizer,
        *,
        epoch: int,
        tally: Tally,
        first: int = 0,
        after: AfterBatch,
    ) -> None:
        """Learn from every batch once.

        Args:
            photos: Photos that lie in a cell.
            batches: Batches of these photos, from step `first` on.
            optimizer: Holds the parameters that learn.
            epoch: Index of the epoch, from 0. Seed, epoch and step decide the randomness.
            tally: The sums of the steps before `first`; those of the other steps are added.
            first: Number of steps that are done.
            after: Called after each batch.

        Raises:
            ModelError: The loss is not finite.
            PhotoTableError: No photo could be read.
        """
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for step, batch in self._steps(photos, batches, tally, first, after, split="training"):
            # A norm over a batch cannot learn from a batch of one.
            if len(batch.rows) > 1:
                with _seeded(self.seed, epoch, step, self.device):
                    loss = self.loss(self._logits(batch), photos.targets(batch.rows, self.device))
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                if self.clip_norm > 0:
                    torch.nn.utils.clip_grad_norm_(parameters, self.clip_norm)
                optimizer.step()
                value = loss.item()
                if not math.isfinite(value):
                    raise ModelError(f"step {step + 1}: the training loss is {value}")
                tally.loss += value * len(batch.rows)
                tally.covered += len(batch.rows)

    def validate(
        self,
        photos: TrainingPhotos,
        batches: Iterator[Batch],
        *,
        tally: Tally,
        first: int = 0,
        after: AfterBatch,
    ) -> None:
        """Cross-entropy of the photos that lie in a cell, without smoothing; hits of all photos.

        Args:
            photos: Validation photos; a photo in no cell has no loss and counts as wrong.
            batches: Batches of these photos, from step `first` on.
            tally: The sums of the steps before `first`; those of the other steps are added.
            first: Number of steps that are done.
            after: Called after each batch.

        Raises:
            ModelError: The loss is not finite.
            PhotoTableError: No photo could be read.
        """
        self.geolocator.eval()
        for _, batch in self._steps(photos, batches, tally, first, after, split="validation"):
            if len(batch.rows):
                self._judge(photos, batch, tally)
        if not math.isfinite(tally.mean_loss):
            raise ModelError(f"the validation loss is {tally.mean_loss}")

    @torch.inference_mode()
    def _judge(self, photos: TrainingPhotos, batch: Batch, tally: Tally) -> None:
        logits = self._logits(batch).float()
        cells = photos.targets(batch.rows, self.device).cells
        covered = cells >= 0
        likeliest = logits.topk(min(5, logits.shape[1])).indices
        hits = (likeliest == cells[:, None]) & covered[:, None]
        tally.top_1 += int(hits[:, 0].sum())
        tally.top_5 += int(hits.sum())
        count = int(covered.sum())
        if count:
            tally.loss += cell_loss(logits[covered], cells[covered]).item() * count
            tally.covered += count

    def _logits(self, batch: Batch) -> Tensor:
        images = batch.images.to(self.device, non_blocking=True)
        with autocast(self.device, self.precision):
            logits: Tensor = self.geolocator(images)
        return logits

    def _steps(
        self,
        photos: TrainingPhotos,
        batches: Iterator[Batch],
        tally: Tally,
        first: int,
        after: AfterBatch,
        *,
        split: str,
    ) -> Iterator[tuple[int, Batch]]:
        """Each batch with its number from 0. Its photos are counted, and `after` is called last."""
        for step, batch in enumerate(batches, start=first):
            tally.photos += len(batch.rows)
            tally.skipped += len(batch.failures)
            for row, reason in batch.failures:
                self.on_failure(photos, row, reason)
            yield step, batch
            after(step + 1, tally)
        if not tally.photos:
            raise PhotoTableError(
                f"none of the {tally.skipped} {split} photos can be read; "
                "`geoguess data inspect` says why"
            )


@contextmanager
def _seeded(seed: int, epoch: int, step: int, device: torch.device) -> Iterator[None]:
    """Seed torch from seed, epoch and step; afterwards restore the caller's random state."""
    number = int(np.random.SeedSequence((seed, epoch, step)).generate_state(1, np.uint64)[0])
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(number)
        yield
