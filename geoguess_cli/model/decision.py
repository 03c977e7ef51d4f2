"""How logits become probabilities and a point estimate, as the validation photos decided."""

from dataclasses import dataclass

from geoguess_cli.choices import PointMethod
from geoguess_cli.errors import ModelError

TEMPERATURES = (0.05, 20.0)
"""Least and greatest temperature. A fit outside means useless logits or too few photos."""


@dataclass(frozen=True)
class Decision:
    """The rule by which a model answers; the defaults are for a model that was never calibrated.

    Args:
        temperature: Divisor of the logits before the softmax, in the range `TEMPERATURES`.
        point: How the point estimate is chosen, one of `POINT_METHODS`.
        redundancy: How alike photos of one place are as evidence, in [0, 1]; 0 multiplies their
            probabilities, 1 takes the geometric mean (`inference.evidence`).
        view_redundancy: How alike views of one photo are as evidence, in [0, 1].

    Raises:
        ModelError: The temperature or the redundancy is out of range.
    """

    temperature: float = 1.0
    point: PointMethod = "centroid"
    redundancy: float = 0.0
    view_redundancy: float = 1.0

    def __post_init__(self) -> None:
        low, high = TEMPERATURES
        if not low <= self.temperature <= high:  # also true for NaN
            raise ModelError(
                f"decision.temperature is {self.temperature:g}; it must lie in [{low:g}, {high:g}]"
            )
        for name in ("redundancy", "view_redundancy"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ModelError(f"decision.{name} is {value:g}; it must lie in [0, 1]")
