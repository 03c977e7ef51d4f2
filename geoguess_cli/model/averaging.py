"""A moving average of the weights of a training, whose noise it evens out."""

from torch import nn

from geoguess_cli.model._timm import timm
from geoguess_cli.model.geolocator import Geolocator


class AveragedWeights:
    """A geolocator whose weights are a moving average of those of another one that learns.

    After step t an averaged weight is d · itself + (1 - d) · the learned one, with
    d = min(decay, 1 - t^(-2/3)), so that the first steps do not keep the first weights (timm's
    `ModelEmaV3` with warm-up; Polyak and Juditsky, 1992). Running statistics are averaged too.

    Args:
        geolocator: The one that learns; the average starts from its weights.
        decay: The greatest share that a step keeps, in (0, 1).
    """

    def __init__(self, geolocator: Geolocator, decay: float) -> None:
        self._average = timm.utils.ModelEmaV3(geolocator, decay=decay, use_warmup=True)

    @property
    def geolocator(self) -> Geolocator:
        """The one with the averaged weights, in evaluation mode."""
        return self._average.module  # type: ignore[no-any-return]

    def update(self, learned: nn.Module, step: int) -> None:
        """Take in the weights after a step.

        Args:
            learned: The geolocator that learns.
            step: The number of the step, from 1.
        """
        self._average.update(learned, step=step)
