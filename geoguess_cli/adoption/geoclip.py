"""What the files of the package `geoclip` hold, as the head of a geolocator."""

import io
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Float32
from torch import Tensor

from geoguess_cli.adoption.package import PackageFiles
from geoguess_cli.errors import ModelError
from geoguess_cli.frames import UNREADABLE
from geoguess_cli.model.gallery import GalleryHead
from geoguess_cli.model.weight_files import read_torch_file

_FOLDER = "geoclip/model"
_GALLERY = f"{_FOLDER}/gps_gallery/coordinates_100K.csv"
_MLP = f"{_FOLDER}/weights/image_encoder_mlp_weights.pth"
_LOCATION = f"{_FOLDER}/weights/location_encoder_weights.pth"
_SCALE = f"{_FOLDER}/weights/logit_scale_weights.pth"

_CAPSULE = re.compile(
    r"LocEnc(?P<scale>\d+)\.(?P<part>capsule|head)\.(?P<layer>\d+)\.(?P<kind>\w+)"
)
"""Names in the package: capsule.0 holds the frequencies; capsule.1, .3 and .5 and head.0 layers."""


@dataclass(frozen=True, eq=False)
class GeoClipParts:
    """What the package holds.

    Attributes:
        state: The tensors of a `GalleryHead` but those of its gallery, by their names there.
        latlng: Latitude and longitude of the places of the gallery, in degrees.
    """

    state: dict[str, Tensor]
    latlng: Float32[np.ndarray, "n 2"]


def read_parts(package: PackageFiles) -> GeoClipParts:
    """The head and the gallery in a package, read without code of the package.

    Raises:
        ModelError: A file is missing or damaged, or holds something else.
    """
    scale = _loaded(package, _SCALE)
    if not isinstance(scale, Tensor) or scale.ndim:
        raise ModelError(f"{package.path}: {_SCALE} does not hold one number; fetch it again")
    state = {"log_scale": scale.detach().float()}
    state |= {f"mlp.{name}": tensor for name, tensor in _tensors(package, _MLP).items()}
    location = _tensors(package, _LOCATION)
    state |= {f"location.{capsule_name(name)}": tensor for name, tensor in location.items()}
    return GeoClipParts(state, _places(package))


def gallery_head(parts: GeoClipParts, *, width: int, cells: int) -> GalleryHead:
    """The head for a partition, whose gallery is empty yet.

    Args:
        parts: What the package holds.
        width: Number of features of the encoder.
        cells: Number of cells.

    Raises:
        ModelError: The package does not fit the encoder.
    """
    head = GalleryHead(width, cells=cells)
    try:
        missing, unknown = head.load_state_dict(parts.state, strict=False)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"the package does not fit the encoder: {reason}") from error
    gallery = {"latlng", "places", "cell_of"}
    if unknown or set(missing) != gallery:
        wrong = sorted({*unknown, *(set(missing) - gallery)})
        raise ModelError(
            f"the package holds other tensors than GeoCLIP ({', '.join(wrong[:3])}); take the "
            "version that `geoguess model adopt` names"
        )
    return head


def capsule_name(name: str) -> str:
    """The name in a `LocationEncoder` of a tensor of the published one.

    >>> capsule_name("LocEnc1.capsule.0.b"), capsule_name("LocEnc2.head.0.bias")
    ('capsules.1.frequencies', 'capsules.2.layers.3.bias')

    Raises:
        ModelError: GeoCLIP has no tensor of this name.
    """
    match = _CAPSULE.fullmatch(name)
    if match is None:
        raise ModelError(f"{_LOCATION} holds `{name}`, which GeoCLIP does not have")
    capsule = f"capsules.{match['scale']}"
    if match["kind"] == "b":
        return f"{capsule}.frequencies"
    layer = 3 if match["part"] == "head" else (int(match["layer"]) - 1) // 2
    return f"{capsule}.layers.{layer}.{match['kind']}"


def _tensors(package: PackageFiles, name: str) -> dict[str, Tensor]:
    state = _loaded(package, name)
    sound = isinstance(state, dict) and all(isinstance(own, Tensor) for own in state.values())
    if not sound:
        raise ModelError(f"{package.path}: {name} does not hold tensors by name; fetch it again")
    return {str(own): tensor.detach().float() for own, tensor in state.items()}


def _loaded(package: PackageFiles, name: str) -> Any:
    return read_torch_file(io.BytesIO(package.read(name)), name=f"{package.path}: {name}")


def _places(package: PackageFiles) -> np.ndarray:
    """The gallery in fp32, as the published code holds it."""
    content = package.read(_GALLERY)
    try:
        frame = pl.read_csv(io.BytesIO(content), columns=["LAT", "LON"])
        latlng = frame.select("LAT", "LON").cast(pl.Float64).to_numpy()
    except UNREADABLE as error:
        raise ModelError(f"{package.path}: {_GALLERY} is damaged: {error}") from error
    if not len(latlng) or not np.isfinite(latlng).all() or (np.abs(latlng) > (90, 180)).any():
        raise ModelError(f"{package.path}: {_GALLERY} does not hold places in degrees")
    return latlng.astype(np.float32)
