"""The randomness of a step of a training: a function of seed, epoch, step and process."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int, epoch: int, step: int, device: torch.device, rank: int = 0) -> Iterator[None]:
    """Seed torch from seed, epoch, step and rank; afterwards restore the caller's random state.

    The first process has the randomness of a process that works alone.
    """
    entropy = (seed, epoch, step, rank) if rank else (seed, epoch, step)
    number = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
    gpus = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=gpus):
        torch.manual_seed(number)
        yield
