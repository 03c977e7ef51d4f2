"""Numbers that steps leave on their device, until those of several steps are read at once.

Reading a number waits until the device has done all that it was given, and meanwhile nothing new is
prepared for it. A training that reads the loss of each step therefore leaves a GPU idle between
steps.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

READ_EVERY = 10
"""Steps whose numbers are read at once from a device that computes by itself."""


class Readings:
    """Numbers on a device, and what is to be done with each once it is known.

    Args:
        every: Steps after which their numbers are read; 1 reads those of each step at once.
    """

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._waiting: list[tuple[Float[Tensor, " k"], Callable[[list[float]], None]]] = []

    @classmethod
    def from_device(cls, device: torch.device) -> "Readings":
        """Those of a device: a CPU has computed a number before it can be asked for."""
        return cls(1 if device.type == "cpu" else READ_EVERY)

    def put(self, numbers: Float[Tensor, " k"], take: Callable[[list[float]], None]) -> None:
        """Add the numbers of a step, and read all that wait if they are enough.

        Args:
            numbers: In fp32, without a gradient.
            take: Called with them once they are read, in the order of the steps.
        """
        self._waiting.append((numbers, take))
        if len(self._waiting) >= self._every:
            self.read()

    def read(self) -> None:
        """Read all numbers that wait."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        values = torch.cat([numbers for numbers, _ in waiting]).tolist()
        for numbers, take in waiting:
            own, values = values[: len(numbers)], values[len(numbers) :]
            take(own)
