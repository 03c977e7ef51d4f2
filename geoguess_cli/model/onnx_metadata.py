"""All that an ONNX file holds beside its graph, as texts by key; an answer needs no other file.

geoguess              JSON as in `config.json`, with fingerprint and metrics
geoguess.cells        the partition as columns of JSON: token, photos, latitude, longitude
geoguess.familiarity  what the training photos are like: safetensors in base64; absent if unknown
geoguess.licence      the text of the licence of weights that others published; absent without one
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import SENSELESS, ModelError
from geoguess_cli.geo.cells import token_to_cell
from geoguess_cli.geo.geodesy import check_latlng
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.described import DescribedModel
from geoguess_cli.model.description import cells_digest, description_of, partition_of, read_tree
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.photos.images import ImageSpec

ABOUT, CELLS, FAMILIARITY = "geoguess", "geoguess.cells", "geoguess.familiarity"
LICENCE = "geoguess.licence"
"""The keys."""

_PHOTOS_BEHIND = ("photos", "judges", "judged_by")
"""The attributes of a `Familiarity` that are no arrays."""

EXPORT = "`geoguess model export --to onnx` writes the file again from its model folder"
"""The remedy for a file that cannot be used."""

_DAMAGED: tuple[type[Exception], ...] = (*SENSELESS, SafetensorError)


@dataclass(frozen=True, eq=False, kw_only=True)
class OnnxDescription(DescribedModel):
    """What the texts of an ONNX file say of its model.

    Attributes:
        digest: The fingerprint of the model that was exported.
        parts: Number of parameters of each part of that model.
        versions: Versions of the libraries that wrote the file.
    """

    partition: Partition
    config: ModelConfig
    spec: ImageSpec
    metrics: dict[str, Any]
    decision: Decision
    familiarity: Familiarity | None
    digest: str
    parts: Mapping[str, int]
    versions: Mapping[str, str]
    licence: str
    memory: None = None

    no_familiarity: ClassVar[str] = (
        "the ONNX file has no statistics of its training photos, so no answer says whether a photo "
        "is unlike them; `geoguess calibrate` adds them to its model folder, and "
        "`geoguess model export --to onnx` writes the file again"
    )
    no_memory: ClassVar[str] = (
        "an ONNX file carries no memory of its training photos, so it cannot name those that a "
        "photo resembles; name the model folder that it was exported from with --model"
    )

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the model that was exported."""
        return self.digest

    @property
    def parameters(self) -> int:
        """Number of parameters of the model that was exported."""
        return sum(self.parts.values())


def metadata_of(
    model: DescribedModel, *, parts: Mapping[str, int], versions: Mapping[str, str]
) -> dict[str, str]:
    """The texts of a model by key. Its memory is left out: it may be larger than the graph.

    Args:
        model: The model.
        parts: Number of parameters of each part.
        versions: Versions of the libraries that write the file.
    """
    digest = cells_digest(model.partition.cells)
    about = description_of(model, digest=digest, parts=parts, versions=versions)
    about |= {"fingerprint": model.fingerprint, "metrics": model.metrics}
    if (known := model.familiarity) is not None:
        about["familiarity"] = {name: getattr(known, name) for name in _PHOTOS_BEHIND}
    texts = {
        ABOUT: json.dumps(about, ensure_ascii=False),
        CELLS: json.dumps(_columns(model.partition)),
    }
    if known is not None:
        texts[FAMILIARITY] = _packed(known)
    if model.licence:
        texts[LICENCE] = model.licence
    return texts


def read_metadata(texts: Mapping[str, str], *, width: int, name: str) -> OnnxDescription:
    """What the texts of an ONNX file say.

    Args:
        texts: The texts by key.
        width: Number of pooled values that the graph gives of a photo.
        name: What to call the file in messages.

    Raises:
        ModelError: Texts are missing, damaged, of another version, or do not belong together.
    """
    if ABOUT not in texts:
        raise ModelError(f"{name} is an ONNX file that does not say what its logits mean; {EXPORT}")
    try:
        about = json.loads(texts[ABOUT])
        own = read_tree(about, where=name, remedy=EXPORT)
        partition = _partition(json.loads(texts[CELLS]))
        packed = texts.get(FAMILIARITY)
        familiarity = (
            None if packed is None else _unpacked(packed, about["familiarity"], width=width)
        )
        metrics, digest = dict(about["metrics"]), str(about["fingerprint"])
    except ModelError:
        raise
    except _DAMAGED as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())[:120]}"
        raise ModelError(f"{name} is damaged ({reason}); {EXPORT}") from error
    if cells_digest(partition.cells) != own.cells.get("sha256"):
        raise ModelError(f"{name} holds the partition of another model; {EXPORT}")
    return OnnxDescription(
        partition=partition_of(partition, metrics),
        config=own.config,
        spec=own.spec,
        metrics=metrics,
        decision=own.decision,
        familiarity=familiarity,
        digest=digest,
        parts=own.parts,
        versions=own.versions,
        licence=texts.get(LICENCE, ""),
    )


def _columns(partition: Partition) -> dict[str, list[Any]]:
    latitude, longitude = partition.centroids.T
    return {
        "token": partition.tokens,
        "photos": partition.photos.tolist(),
        "latitude": latitude.tolist(),
        "longitude": longitude.tolist(),
    }


def _partition(columns: Mapping[str, list[Any]]) -> Partition:
    centroids = np.array([columns["latitude"], columns["longitude"]], dtype=np.float64).T
    check_latlng(centroids)
    photos = np.array(columns["photos"], dtype=np.uint32)
    return Partition(token_to_cell(columns["token"]), photos, centroids)


def _packed(familiarity: Familiarity) -> str:
    """The numbers in float32 as in a model folder, which loses nothing; half of the covariance."""
    lower = familiarity.covariance[np.tril_indices(len(familiarity.mean))]
    own = {"mean": familiarity.mean, "lower": lower, "distances": familiarity.distances}
    content = save({name: values.astype(np.float32) for name, values in own.items()})
    return base64.b64encode(content).decode("ascii")


def _unpacked(text: str, known: Mapping[str, Any], *, width: int) -> Familiarity:
    """What the training photos are like; ValueError if the numbers are of another model.

    Args:
        text: The numbers.
        known: The photos behind them, as `Familiarity` names them.
        width: Number of pooled values of a photo.
    """
    arrays = {
        name: values.astype(np.float64)
        for name, values in load(base64.b64decode(text, validate=True)).items()
    }
    mean, lower, distances = (arrays[name] for name in ("mean", "lower", "distances"))
    if mean.shape != (width,) or lower.shape != (width * (width + 1) // 2,):
        raise ValueError("the statistics of training photos are of another model")
    if not all(np.isfinite(values).all() for values in arrays.values()):
        raise ValueError("a statistic of training photos is not finite")
    covariance = np.zeros((width, width))
    covariance[np.tril_indices(width)] = lower
    covariance += np.tril(covariance, -1).T
    return Familiarity(mean, covariance, distances=distances, **known)
