"""How logits become probabilities and one place: what the validation photos decided of a model."""

from dataclasses import dataclass

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import ModelError

TEMPERATURES = (0.05, 20.0)
"""A temperature outside would say that the logits are of no use, or the photos too few."""


@dataclass(frozen=True)
class Decision:
    """The rule by which a model answers; the defaults are those of a model never calibrated.

    Args:
        temperature: What logits are divided by before the softmax, in `TEMPERATURES`.
        point: How the point estimate is chosen, one of `POINT_METHODS`.

    Raises:
        ModelError: A temperature out of range.
    """

    temperature: float = 1.0
    point: PointMethod = "centroid"

    def __post_init__(self) -> None:
        low, high = TEMPERATURES
        if not low <= self.temperature <= high:  # NaN lies nowhere
            raise ModelError(
                f"decision.temperature is {self.temperature:g}; it must lie in [{low:g}, {high:g}]"
            )
