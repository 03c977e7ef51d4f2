"""A trained geolocator with all that its logits mean."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import torch

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.described import DescribedModel
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.folder import ONLY_ANSWERS
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.images import ImageSpec


@dataclass(frozen=True, eq=False)
class TrainedModel(DescribedModel):
    """A geolocator and what its logits mean.

    Args:
        geolocator: The network; its logits have one column for each cell of `partition`.
        partition: The cells.
        config: The architecture.
        spec: How photos become tensors.
        metrics: The content of `metrics.json`: counts and statistics of the training, as plain
            JSON.
        decision: How logits become probabilities and a point estimate.
        familiarity: What the training photos are like; None in a model of an older version.
        memory: The features of the training photos; None in a model that does not carry them.
        licence: The text of the licence under which its weights, or those that it began with, were
            published; "" if there is none.

    Raises:
        ModelError: The number of columns of the head is not the number of cells.
    """

    geolocator: Geolocator
    partition: Partition
    config: ModelConfig
    spec: ImageSpec
    metrics: dict[str, Any] = field(default_factory=dict)
    decision: Decision = field(default_factory=Decision)
    familiarity: Familiarity | None = None
    memory: Memory | None = None
    licence: str = ""

    def __post_init__(self) -> None:
        if self.geolocator.cells != len(self.partition):
            raise ModelError(
                f"the head has {self.geolocator.cells} columns and the partition has "
                f"{len(self.partition)} cells; use the partition that the model was trained on"
            )

    @property
    def parameters(self) -> int:
        """Number of parameters of the network."""
        return sum(p.numel() for p in self.geolocator.parameters())

    @property
    def fingerprint(self) -> str:
        """A hash (SHA-256) of cells and weights; models that share it give the same logits."""
        digest = hashlib.sha256(self.partition.cells.tobytes())
        for name, tensor in sorted(self.geolocator.state_dict().items()):
            digest.update(name.encode())
            # As bytes: NumPy has no bfloat16. Flat first: a scalar cannot be viewed as bytes.
            flat = tensor.detach().cpu().contiguous().flatten()
            digest.update(flat.view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()[:16]


def with_network(model: DescribedModel) -> TrainedModel:
    """The same model, whose network and weights are known.

    Raises:
        ModelError: The model is that of an ONNX file.
    """
    if isinstance(model, TrainedModel):
        return model
    raise ModelError(
        f"this needs the network of the model, which an ONNX file does not give: {ONLY_ANSWERS}"
    )
