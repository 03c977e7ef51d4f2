"""GeoCLIP's location encoder: places as vectors, near to those of photos that were taken there.

A place on the plane of the Equal Earth projection becomes random Fourier features of three scales.
Each scale has a small network, and their outputs are added (Vivanco Cepeda, Nayak and Shah,
GeoCLIP, NeurIPS 2023, arXiv 2309.16020, section 3.2). It computes in fp32 and in the order of the
published code: the finest features turn a thousand times around the circle over the plane, so that
other roundings of a place would be other features.
"""

import math
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear, normalize

SCALES = 3
"""Number of networks, one for each scale of the features."""

WIDTH = 512
"""Number of values of a place's vector."""

_CHUNK = 4096
"""Places that are encoded at once: 16 MB for each layer."""

# Šavrič, Patterson and Jenny, The Equal Earth map projection, IJGIS 33 (2019), equations 7 to 10.
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_SCALE = 66.50336
"""The published weights take 180 / 66.50336 for half the width of the plane of a unit sphere."""


def equal_earth(latlng: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
    """Places on the Equal Earth plane in fp32; on the equator x reaches from -1 to 1.

    Args:
        latlng: Latitude and longitude, in degrees.
    """
    latitude, longitude = torch.deg2rad(latlng.float()).unbind(dim=1)
    root = torch.sqrt(torch.tensor(3.0))
    t = torch.asin((root / 2) * torch.sin(latitude))
    stretch = 3 * (9 * _A4 * t**8 + 7 * _A3 * t**6 + 3 * _A2 * t**2 + _A1)
    x = (2 * root * longitude * torch.cos(t)) / stretch
    y = _A4 * t**9 + _A3 * t**7 + _A2 * t**3 + _A1 * t
    return torch.stack([x, y], dim=1) * _SCALE / 180


class SizedByState(nn.Module):
    """A module whose own buffers take the sizes of the state that is loaded into it."""

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *others: Any) -> None:
        for name, own in self._buffers.items():
            given = state_dict.get(prefix + name)
            if own is not None and given is not None:
                self._buffers[name] = own.new_empty(given.shape)
        super()._load_from_state_dict(state_dict, prefix, *others)


def sized_by_state(module: nn.Module) -> set[str]:
    """The names of the buffers of a module, and of its parts, that take any size."""
    return {
        f"{name}.{own}"
        for name, part in module.named_modules()
        if isinstance(part, SizedByState)
        for own in part._buffers
    }


class RestingLinear(SizedByState):
    """A linear layer that never learns; its sizes are those of its state."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("weight", torch.empty(0, 0))
        self.register_buffer("bias", torch.empty(0))

    def forward(self, values: Float[Tensor, "n a"]) -> Float[Tensor, "n b"]:
        """The layer's output."""
        return linear(values, self.weight, self.bias)  # type: ignore[arg-type]


class Capsule(SizedByState):
    """Random Fourier features of one scale (Tancik et al., arXiv 2006.10739), and their network."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.empty(0, 2))
        self.layers = nn.ModuleList(RestingLinear() for _ in range(4))

    def forward(self, xy: Float[Tensor, "n 2"]) -> Float[Tensor, "n d"]:
        """What this scale adds to the vectors of places."""
        turns = 2 * math.pi * xy @ self.frequencies.T  # type: ignore[operator]
        values = torch.cat([torch.cos(turns), torch.sin(turns)], dim=-1)
        *hidden, last = self.layers
        for layer in hidden:
            values = torch.relu(layer(values))
        return last(values)  # type: ignore[no-any-return]


class LocationEncoder(nn.Module):
    """Maps places to unit vectors; it never learns, and is empty until a state is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.capsules = nn.ModuleList(Capsule() for _ in range(SCALES))

    def forward(self, latlng: Float[Tensor, "n 2"]) -> Float[Tensor, "n d"]:
        """The vectors of places, not normalised.

        Args:
            latlng: Latitude and longitude, in degrees.
        """
        xy = equal_earth(latlng)
        total = self.capsules[0](xy)
        for capsule in self.capsules[1:]:
            total = total + capsule(xy)
        return total  # type: ignore[no-any-return]

    @torch.no_grad()
    def encoded(self, latlng: Float[np.ndarray, "n 2"]) -> Float[Tensor, "n d"]:
        """The unit vectors of places, on the device of the encoder.

        Args:
            latlng: Latitude and longitude, in degrees.
        """
        device = next(self.buffers()).device
        if not len(latlng):
            return torch.empty(0, WIDTH, device=device)
        places = torch.from_numpy(latlng.astype(np.float32)).to(device)
        return torch.cat([normalize(self(part), dim=1) for part in places.split(_CHUNK)])
