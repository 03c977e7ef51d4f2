"""One epoch: once through the training photos, once through the validation photos."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from geoguess_cli.choices import Arithmetic
from geoguess_cli.errors import ModelError, OutOfMemoryError, PhotoTableError
from geoguess_cli.model.device import autocast, sent
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.processes import ALONE, Processes
from geoguess_cli.photos.dataset import Batch
from geoguess_cli.shortage import shortage
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.prefetch import on_device
from geoguess_cli.training.progress import Tally
from geoguess_cli.training.randomness import seeded
from geoguess_cli.training.readings import Readings
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
        accumulate: Number of parts in which a batch goes through the model, one after the other.
    """

    geolocator: Geolocator
    device: torch.device
    precision: Arithmetic
    loss: Loss
    clip_norm: float
    seed: int
    on_failure: Callable[[TrainingPhotos, int, str], None]
    processes: Processes = ALONE
    accumulate: int = 1

    def tally(self, record: Mapping[str, Any]) -> Tally:
        """The sums of a phase, which go on from those of a record."""
        return Tally(**record, readings=Readings.from_device(self.device))

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
        learned: Callable[[int], None] | None = None,
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
            learned: Called after each step of the optimizer, with the number of the batch from 0.

        Raises:
            ModelError: The loss is not finite.
            OutOfMemoryError: The batch needs more memory than there is.
            PhotoTableError: No photo could be read.
        """
        network = network or self.geolocator
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        batches = on_device(batches, self.device)
        for step, batch, count in self._steps(photos, batches, tally, first, after, "training"):
            # A norm over a batch cannot learn from a batch of one.
            if count > 1:
                optimizer.zero_grad(set_to_none=True)
                with seeded(self.seed, epoch, step, self.device, self.processes.rank):
                    own = self._learn_or_advise(network, photos, batch, count, step, optimizer)
                if self.clip_norm > 0:
                    torch.nn.utils.clip_grad_norm_(parameters, self.clip_norm)
                optimizer.step()
                if learned is not None:
                    learned(step)
                sizes = [len(rows) for rows, _ in self._parts(batch)]
                tally.readings.put(own, partial(self._learned, tally, step, count, sizes))
        tally.readings.read()

    def _learned(
        self, tally: Tally, step: int, count: int, sizes: list[int], losses: list[float]
    ) -> None:
        """Add the losses of the parts of a step to the sums.

        Args:
            tally: The sums.
            step: Number of the batch, from 0.
            count: Photos of the batch in all processes.
            sizes: Photos of each part in this process.
            losses: Mean loss of the photos of each part.

        Raises:
            ModelError: The loss is not finite.
        """
        own = sum(loss * size for loss, size in zip(losses, sizes, strict=True))
        (loss,) = self.processes.total(own)
        if not math.isfinite(loss):
            raise ModelError(f"step {step + 1}: the training loss is {loss / count}")
        tally.loss += loss
        tally.covered += count

    def _learn(
        self, network: nn.Module, photos: TrainingPhotos, batch: Batch, count: int
    ) -> Tensor:
        """Add to the gradients those of a batch; the mean loss of each of its parts.

        Args:
            network: Computes the logits.
            photos: Photos that lie in a cell.
            batch: This process's own photos of the batch; there may be none.
            count: Photos of the batch in all processes.
        """
        parts, losses = self._parts(batch), []
        for number, (rows, images) in enumerate(parts, start=1):
            alone = number < len(parts)  # the last part brings the sums to the other processes
            with self.processes.apart(network) if alone else nullcontext():
                loss = self._part_loss(network, photos, rows, images)
                # The gradients become means over processes; they shall be means over photos.
                (loss * (len(rows) * self.processes.count / count)).backward()
            losses.append(loss.detach().float())
        return torch.stack(losses)

    def _part_loss(
        self, network: nn.Module, photos: TrainingPhotos, rows: Tensor, images: Tensor
    ) -> Tensor:
        """The mean loss of some photos; a norm over a batch cannot learn from one photo."""
        with norms_resting(network, unless=len(rows) > 1):
            logits = self._logits(images, network)
            if not len(rows):
                return logits.sum()  # of nothing; this process still takes part in the mean
            return self.loss(logits, photos.targets(rows))

    def _parts(self, batch: Batch) -> list[tuple[Tensor, Tensor]]:
        """Rows and images of each part of a batch.

        Processes have the same number of parts, because norms over processes wait for each other.
        """
        parts = zip(
            batch.rows.tensor_split(self.accumulate),
            batch.images.tensor_split(self.accumulate),
            strict=True,
        )
        return [part for part in parts if len(part[0]) or not self.processes.alone]

    def _learn_or_advise(
        self,
        network: nn.Module,
        photos: TrainingPhotos,
        batch: Batch,
        count: int,
        step: int,
        optimizer: torch.optim.Optimizer,
    ) -> Tensor:
        """As `_learn`; if the memory is too small, the error says how many photos at once fit."""
        try:
            return self._learn(network, photos, batch, count)
        except (MemoryError, RuntimeError) as error:
            asked = shortage(error)
            if asked is None:
                raise
        # Outside the handler: the error holds all that the step has computed.
        optimizer.zero_grad(set_to_none=True)
        own = -(-len(batch.rows) // self.accumulate)
        fitting = self._fitting(network, photos, batch, own, optimizer)
        optimizer.zero_grad(set_to_none=True)
        remedy = (
            f"{fitting} at once fit: add --accumulate {-(-len(batch.rows) // fitting)}"
            if fitting
            else "not even one fits: make images.size smaller, take a smaller model.backbone, or "
            "freeze more parts"
        )
        raise OutOfMemoryError(
            f"step {step + 1}: out of memory with {own} photos at once: {asked}; {remedy}"
        )

    def _fitting(
        self,
        network: nn.Module,
        photos: TrainingPhotos,
        batch: Batch,
        most: int,
        optimizer: torch.optim.Optimizer,
    ) -> int:
        """A number of photos, below `most`, whose step fits into the memory; 0 if there is none.

        It is tried out, with the sums of the optimizer in place. Processes that wait for each other
        in a norm cannot try, so half of the photos is their guess.
        """
        if not self.processes.alone:
            return most // 2
        learning = [p for group in optimizer.param_groups for p in group["params"]]
        numbers = 0 if optimizer.state else 2 * sum(p.numel() for p in learning)
        for fewer in _halves(most):
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
            optimizer.zero_grad(set_to_none=True)
            try:
                sums = torch.empty(numbers, device=self.device)
                self._part_loss(
                    network, photos, batch.rows[:fewer], batch.images[:fewer]
                ).backward()
                del sums
            except (MemoryError, RuntimeError) as error:
                if shortage(error) is None:
                    raise
            else:
                return fewer
        return 0

    def validate(
        self,
        photos: TrainingPhotos,
        batches: Iterator[Batch],
        *,
        tally: Tally,
        first: int = 0,
        after: AfterBatch,
        geolocator: Geolocator | None = None,
    ) -> None:
        """Cross-entropy of the photos that lie in a cell, without smoothing; hits of all photos.

        Args:
            photos: Validation photos; a photo in no cell has no loss and counts as wrong.
            batches: Batches of these photos, from step `first` on.
            tally: The sums of the steps before `first`; those of the other steps are added.
            first: Number of steps that are done.
            after: Called after each batch.
            geolocator: The one to judge; None for the one that learns.

        Raises:
            ModelError: The loss is not finite.
            PhotoTableError: No photo could be read.
        """
        judged = geolocator or self.geolocator
        judged.eval()
        self.processes.align_buffers(judged)
        batches = on_device(batches, self.device)
        for _, batch, count in self._steps(photos, batches, tally, first, after, "validation"):
            if count:
                self._judge(judged, photos, batch, tally)
        tally.readings.read()
        if not math.isfinite(tally.mean_loss):
            raise ModelError(f"the validation loss is {tally.mean_loss}")

    @torch.inference_mode()
    def _judge(
        self, geolocator: Geolocator, photos: TrainingPhotos, batch: Batch, tally: Tally
    ) -> None:
        parts = [self._logits(images, geolocator) for _, images in self._parts(batch)]
        logits = torch.cat(parts).float()
        targets = photos.targets(batch.rows)
        covered, cells = sent(targets.covered, self.device), sent(targets.cells, self.device)
        # No likeliest cell is -1, the cell of a photo in no cell.
        hits = logits.topk(min(5, logits.shape[1])).indices == cells[:, None]
        none = logits.new_zeros(())
        loss = cell_loss(logits[covered], cells[covered]) if len(covered) else none
        numbers = torch.stack([loss, hits[:, 0].sum().float(), hits.sum().float()])
        tally.readings.put(numbers, partial(self._judged, tally, len(covered)))

    def _judged(self, tally: Tally, covered: int, numbers: list[float]) -> None:
        """Add mean loss, hits at 1 and hits at 5 of a batch's photos in cells to the sums."""
        mean, *hits = numbers
        loss, *counts = self.processes.total(mean * covered, covered, *map(int, hits))
        tally.loss += loss
        own = (tally.covered, tally.top_1, tally.top_5)
        tally.covered, tally.top_1, tally.top_5 = (
            before + int(more) for before, more in zip(own, counts, strict=True)
        )

    def _logits(self, images: Tensor, network: nn.Module) -> Tensor:
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


def _halves(number: int) -> Iterator[int]:
    """Half of a number, half of that, and so on down to 1."""
    while number > 1:
        number //= 2
        yield number
