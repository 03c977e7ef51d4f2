"""A trained model as an ONNX file, which is written only if it answers as the model does."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from geoguess_cli.choices import OF_PROBABILITIES
from geoguess_cli.errors import ModelError, OutputError
from geoguess_cli.files import replacing
from geoguess_cli.inference.onnx_predictor import OnnxPredictor
from geoguess_cli.inference.photo_predictor import PhotoPredictor
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.onnx_export import onnx_bytes
from geoguess_cli.model.onnx_model import read_onnx
from geoguess_cli.model.trained import TrainedModel
from geoguess_cli.photos.archives import PhotoFile

TOLERANCE = 1e-4
"""Greatest difference of a probability that is taken for rounding."""

ENDING = ".onnx"

_GRAINS = (1, 4, 16, 64)
"""Patches a side of the random pictures: from one colour to much detail."""

_PICTURE = (256, 192)
"""Width and height of a random picture, which is no square so that its shape is fitted too."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: The file.
        size: Its size, in bytes.
        pictures: Number of pictures that model and file both answered.
        difference: Greatest difference of a probability between them.
    """

    path: Path
    size: int
    pictures: int
    difference: float


def export_onnx(
    trained: TrainedModel, path: Path, *, photos: Sequence[PhotoFile] = (), seed: int = 0
) -> Exported:
    """Write a model as an ONNX file, if the file answers random pictures as the model does.

    Args:
        trained: The model; its memory is left out.
        path: The file, which ends in .onnx.
        photos: Photos that both must answer alike too.
        seed: Seed of the random pictures.

    Raises:
        OutputError: The path has another ending, or cannot be written.
        DependencyError: onnx or onnxruntime is not installed.
        ModelError: The model cannot be written as ONNX, or the file answers otherwise; then no
            file is left, and an earlier one stays.
        PhotoError: One of the photos cannot be decoded.
    """
    if path.suffix.lower() != ENDING:
        raise OutputError(f"{path}: a model as ONNX is written as {ENDING}")
    if trained.point not in OF_PROBABILITIES:
        raise ModelError(
            f"the point method `{trained.point}` needs the model's training photos, which an ONNX "
            "file does not carry; `geoguess calibrate --no-memory -o OTHER` chooses another "
            "method, and then `geoguess model export --to onnx --model OTHER` writes the file"
        )
    with replacing(path) as temporary:
        content = onnx_bytes(trained)
        temporary.write_bytes(content)
        own = replace(trained, geolocator=copy.deepcopy(trained.geolocator))  # it may be on a GPU
        model = Predictor(own, device="cpu", precision="fp32")
        file = OnnxPredictor(read_onnx(temporary, device="cpu"))
        pictures = [*random_pictures(seed), *photos]
        difference = greatest_difference(model, file, pictures)
        if not difference <= TOLERANCE:
            raise ModelError(
                f"the ONNX file answers otherwise than its model: a probability differs by "
                f"{difference:.2g}, and at most {TOLERANCE:g} is rounding. {path} is not written; "
                "please report it with the config.json of the model folder"
            )
    return Exported(path, len(content), len(pictures), difference)


def greatest_difference(
    model: PhotoPredictor,
    file: PhotoPredictor,
    pictures: Sequence[PhotoFile | UInt8[np.ndarray, "h w 3"]],
) -> float:
    """The greatest difference between two predictors: of a probability, or of a pooled value.

    The difference of pooled values is relative to the greatest. All pictures are answered at once,
    and the first one alone, since the number of pictures in a batch must not matter.

    Args:
        model: A predictor.
        file: Another one.
        pictures: What both look at, each with its own transform.
    """
    looks = []
    for own in (model, file):
        images = np.stack([own.image(picture) for picture in pictures])
        alone, together = own.look(images[:1]), own.look(images)
        looks.append(
            (
                own.answering.probabilities(np.concatenate([alone.logits, together.logits])),
                np.concatenate([alone.pooled, together.pooled]),
            )
        )
    (probabilities, pooled), (others, other_pooled) = looks
    if pooled.shape != other_pooled.shape:
        return float("inf")
    scale = float(np.abs(pooled).max()) or 1.0
    return max(
        float(np.abs(probabilities - others).max()),
        float(np.abs(pooled - other_pooled).max()) / scale,
    )


def random_pictures(seed: int) -> list[UInt8[np.ndarray, "h w 3"]]:
    """Pictures of random colours, from a single one to as many as pixels."""
    rng = np.random.default_rng(seed)
    coarse = [rng.integers(0, 256, (grain, grain, 3), dtype=np.uint8) for grain in _GRAINS]
    return [np.asarray(Image.fromarray(own).resize(_PICTURE)) for own in coarse]
