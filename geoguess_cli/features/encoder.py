"""The encoder of a geolocator at rest: from photos to features, and the fingerprint of both."""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from geoguess_cli.choices import Arithmetic, FeatureType
from geoguess_cli.config import ModelConfig
from geoguess_cli.features.store import About
from geoguess_cli.features.view import View
from geoguess_cli.model.device import autocast
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.photos.views import ViewSpec

METHOD = 1
"""Changes with everything that changes the features of a photo: its decoding, fitting, views."""

_WITHOUT_EFFECT = ("head", "dropout", "drop_path", "weights")
"""Keys of `[model]` that change no feature of an encoder at rest; weights count by their values."""

_LATER = {"projected": False}
"""Keys that older stores do not know, and the value that leaves features as they were."""


@dataclass(frozen=True, eq=False)
class Encoder:
    """Everything of a geolocator before its head, on its device, in evaluation mode.

    Args:
        geolocator: The model; only its parts before the head count.
        config: Its architecture.
        spec: The photo transform.
        device: Where it computes.
        precision: The number format of the forward pass.
    """

    geolocator: Geolocator
    config: ModelConfig
    spec: ImageSpec
    device: torch.device
    precision: Arithmetic

    @cached_property
    def digest(self) -> str:
        """The fingerprint (SHA-256) of weights, architecture, photo transform and precision."""
        architecture = dataclasses.asdict(self.config)
        own = {
            key: value
            for key, value in architecture.items()
            if key not in _WITHOUT_EFFECT and (key not in _LATER or value != _LATER[key])
        }
        described = (METHOD, own, dataclasses.asdict(self.spec), self.precision)
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
        for name, tensor in sorted(self.geolocator.state_dict().items()):
            if not name.startswith("head."):
                digest.update(name.encode())
                # As bytes: NumPy has no bfloat16. Flat first: a scalar cannot be viewed as bytes.
                flat = tensor.detach().cpu().contiguous().flatten()
                digest.update(flat.view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def features(self, images: Float[Tensor, "b 3 s s"]) -> Float32[np.ndarray, "b k"]:
        """What is kept of photos that are normalised as the spec says: `Geolocator.kept`."""
        modes = {module: module.training for module in self.geolocator.modules()}
        self.geolocator.eval()
        try:
            with torch.inference_mode(), autocast(self.device, self.precision):
                features = self.geolocator.kept(images.to(self.device, non_blocking=True))
            return features.float().cpu().numpy()
        finally:
            for module, training in modes.items():
                module.training = training

    def about(self, view: View, dtype: FeatureType) -> About:
        """What the rows of this encoder's store are."""
        return About(
            backbone=self.config.backbone,
            vit=self.config.vit,
            encoder=self.digest[:16],
            size=self.spec.size,
            view=self._seen(view),
            width=self.geolocator.kept_width,
            dtype=dtype,
        )

    def _seen(self, view: View) -> str:
        """The view in words, the crop of the photo transform included."""
        crop = self.spec.number if isinstance(self.spec, ViewSpec) else 0
        return f"crop {crop}" if crop and view.augmentation is None else view.name

    def store_name(self, view: View, dtype: FeatureType) -> str:
        """The name of the folder of this encoder's features of a view."""
        seen = None if view.augmentation is None else dataclasses.asdict(view.augmentation)
        described: tuple[object, ...] = (self.digest, seen, view.number, dtype)
        if self.geolocator.kept_width > self.geolocator.width:
            described += ("pooled",)
        return hashlib.sha256(json.dumps(described).encode()).hexdigest()[:16]
