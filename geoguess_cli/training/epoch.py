"""One epoch: once through the training photos, once through the validation photos."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from geoguess_cli.choices import Arithmetic
from geoguess_cli.errors import ModelError, PhotoTableError
from geoguess_cli.model.device import autocast
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.processes import ALONE, Processes
from geoguess_cli.photos.dataset import Batch
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.progress import Tally
from geoguess_cli.training.stages import norms_resting
from geoguess_cli.training.targets import Loss, cell_loss

AfterBatch = Callable[[int, Tally], None]
"""Called after each batch with the number of batches done and the sums so far.

With several processes a batch is that of all of them, and so are the sums.
"""


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
        processes: This process and the others that share each batch.
    """

    geolocator: Geolocator
    device: torch.device
    precision: Arithmetic
    loss: Loss
    clip_norm: float
    seed: int
    on_failure: Callable[[TrainingPhotos, int, str], None]
    processes: Processes = ALONE

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
        network: nn.Module | None = None,
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
            network: Computes the logits; `processes.joint` of the geolocator, or None for itself.

        Raises:
            ModelError: The loss is not finite.
            PhotoTableError: No photo could be read.
        """
        network = network or self.geolocator
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        for step, batch, count in self._steps(photos, batches, tally, first, after, "training"):
            # A norm over a batch cannot learn from a batch of one.
            if count > 1:
                optimizer.zero_grad(set_to_none=True)
                with _seeded(self.seed, epoch, step, self.device, self.processes.rank):
                    value = self._learn(network, photos, batch, count)
                if self.clip_norm > 0:
                    torch.nn.utils.clip_grad_norm_(parameters, self.clip_norm)
                optimizer.step()
                (loss,) = self.processes.total(value * len(batch.rows))
                if not math.isfinite(loss):
                    raise ModelError(f"step {step + 1}: the training loss is {loss / count}")
                tally.loss += loss
                tally.covered += count

    def _learn(self, network: nn.Module, photos: TrainingPhotos, batch: Batch, count: int) -> float:
        """Add to the gradients those of a batch; the mean loss of this process's own photos.

        Args:
            network: Computes the logits.
            photos: Photos that lie in a cell.
            batch: This process's own photos of the batch; there may be none.
            count: Photos of the batch in all processes.
        """
        own = len(batch.rows)
        with norms_resting(network, unless=own > 1 or self.processes.alone):
            logits = self._logits(batch, network)
            if own:
                loss = self.loss(logits, photos.targets(batch.rows, self.device))
            else:
                loss = logits.sum()  # of nothing; this process still takes part in the mean
            # The gradients become means over processes; they shall be means over photos.
            (loss * (own * self.processes.count / count)).backward()
        return loss.item()

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
        self.processes.align_buffers(self.geolocator)
        for _, batch, count in self._steps(photos, batches, tally, first, after, "validation"):
            if count:
                self._judge(photos, batch, tally)
        if not math.isfinite(tally.mean_loss):
            raise ModelError(f"the validation loss is {tally.mean_loss}")

    @torch.inference_mode()
    def _judge(self, photos: TrainingPhotos, batch: Batch, tally: Tally) -> None:
        logits = self._logits(batch, self.geolocator).float()
        cells = photos.targets(batch.rows, self.device).cells
        covered = cells >= 0
        likeliest = logits.topk(min(5, logits.shape[1])).indices
        hits = (likeliest == cells[:, None]) & covered[:, None]
        count = int(covered.sum())
        loss = cell_loss(logits[covered], cells[covered]).item() * count if count else 0.0
        loss, *counts = self.processes.total(loss, count, int(hits[:, 0].sum()), int(hits.sum()))
        tally.loss += loss
        own = (tally.covered, tally.top_1, tally.top_5)
        tally.covered, tally.top_1, tally.top_5 = (
            before + int(more) for before, more in zip(own, counts, strict=True)
        )

    def _logits(self, batch: Batch, network: nn.Module) -> Tensor:
        images = batch.images.to(self.device, non_blocking=True)
        with autocast(self.device, self.precision):
            logits: Tensor = network(images)
        return logits

    def _steps(
        self,
        photos: TrainingPhotos,
        batches: Iterator[Batch],
        tally: Tally,
        first: int,
        after: AfterBatch,
        split: str,
    ) -> Iterator[tuple[int, Batch, int]]:
        """Each batch with its number from 0, and its readable photos in all processes.

        They are counted, and `after` is called last.
        """
        for step, batch in enumerate(batches, start=first):
            count, failures = map(int, self.processes.total(len(batch.rows), len(batch.failures)))
            tally.photos += count
            tally.skipped += failures
            for failed in self.processes.gathered(batch.failures) if failures else ():
                for row, reason in failed:
                    self.on_failure(photos, row, reason)
            yield step, batch, count
            after(step + 1, tally)
        if not tally.photos:
            raise PhotoTableError(
                f"none of the {tally.skipped} {split} photos can be read; "
                "`geoguess data inspect` says why"
            )


@contextmanager
def _seeded(
    seed: int, epoch: int, step: int, device: torch.device, rank: int = 0
) -> Iterator[None]:
    """Seed torch from seed, epoch, step and rank; afterwards restore the caller's random state.

    The first process has the randomness of a process that works alone.
    """
    entropy = (seed, epoch, step, rank) if rank else (seed, epoch, step)
    number = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(number)
        yield
