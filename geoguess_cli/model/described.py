"""What a model says beside its logits, whatever computes them; no network is needed here."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from geoguess_cli.choices import PointMethod
from geoguess_cli.config import ModelConfig
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import MISSING as NO_FAMILIARITY
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import MISSING as NO_MEMORY
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.images import ImageSpec


class DescribedModel(ABC):
    """A model whose logits have a meaning.

    Attributes:
        partition: The cell of each column of the logits.
        config: The architecture.
        spec: How photos become images.
        metrics: Counts and statistics of the training, as `metrics.json` holds them.
        decision: How logits become probabilities and a point estimate.
        familiarity: What the training photos are like; None if it is not known.
        memory: The features of the training photos; None if they are not carried.
        licence: The text of the licence of weights that others published; "" if there is none.
        no_familiarity: Why it does not know what the training photos are like, with the remedy.
        no_memory: Why it does not carry their features, with the remedy.
    """

    partition: Partition
    config: ModelConfig
    spec: ImageSpec
    metrics: dict[str, Any]
    decision: Decision
    familiarity: Familiarity | None
    memory: Memory | None
    licence: str

    no_familiarity: ClassVar[str] = NO_FAMILIARITY
    no_memory: ClassVar[str] = NO_MEMORY

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A hash of cells and weights; models that share it give the same logits."""

    @property
    @abstractmethod
    def parameters(self) -> int:
        """Number of parameters of the network."""

    @property
    def knowledge(self) -> dict[str, Any]:
        """All but the network that decides its answers: the arguments of an `Answering`."""
        return {
            "decision": self.decision,
            "familiarity": self.familiarity,
            "memory": self.memory,
        }

    @property
    def temperature(self) -> float:
        """Divisor of the logits before the softmax; 1 if it was never fitted."""
        return self.decision.temperature

    @property
    def point(self) -> PointMethod:
        """How the point estimate is chosen."""
        return self.decision.point
