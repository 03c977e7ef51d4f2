"""The files of a model folder, and what they say of the model; nothing here needs torch.

`model.checkpoint` writes a folder and loads the network in it. What only speaks of a model, such as
its card, a list of its properties or the check of a model from elsewhere, reads it here.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import SENSELESS, MissingFileError, ModelError
from geoguess_cli.files import check_readable
from geoguess_cli.geo.partition import Partition, read_partition
from geoguess_cli.hub.address import shown
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.description import Description, partition_of, read_tree
from geoguess_cli.model.description import cells_digest as cells_digest
from geoguess_cli.model.familiarity import FAMILIARITY_NAME as FAMILIARITY_NAME
from geoguess_cli.model.familiarity import KnownPhotos, read_known_photos
from geoguess_cli.model.memory import MEMORY_NAME, PHOTOS_NAME, CarriedPhotos, read_carried_photos
from geoguess_cli.photos.images import ImageSpec

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"
CELLS_NAME = "cells.parquet"
METRICS_NAME = "metrics.json"
REPORT_NAME = "report.json"
CARD_NAME = "README.md"
LICENCE_NAME = "LICENSE"

NEEDED = (CONFIG_NAME, WEIGHTS_NAME, CELLS_NAME)
"""Without these a folder is no model."""

MEMORY_FILES = (MEMORY_NAME, PHOTOS_NAME)

FILES: Mapping[str, str] = {
    CONFIG_NAME: "architecture, photo transform, decision",
    WEIGHTS_NAME: "weights",
    CELLS_NAME: "the cell of each column of the logits",
    FAMILIARITY_NAME: "what the training photos are like",
    MEMORY_NAME: "features of the training photos",
    PHOTOS_NAME: "their names, places, creators and licences",
    METRICS_NAME: "counts and statistics of the training",
    REPORT_NAME: "the evaluation that the card shows",
    CARD_NAME: "model card",
    LICENCE_NAME: "licence of weights that others published",
}
"""All files of a model folder, and what each holds. No other file is published or fetched: none of
these can hold a program."""

CELLS_KEY = "geoguess.cells"
"""Metadata key of a state: the digest of the partition that its head was trained on."""


@dataclass(frozen=True, eq=False)
class ModelDescription:
    """What can be said of a model without its network.

    Attributes:
        config: The architecture.
        spec: How photos become tensors.
        decision: How logits become probabilities and a point estimate.
        partition: The cells.
        parts: Number of parameters of each part.
        versions: Versions of the libraries that wrote the model.
        metrics: Counts and statistics of the training.
        known: The photos by which it tells whether a photo is unlike its training photos, if any.
        carried: The training photos that it carries, if any.
    """

    config: ModelConfig
    spec: ImageSpec
    decision: Decision
    partition: Partition
    parts: Mapping[str, int]
    versions: Mapping[str, str]
    metrics: Mapping[str, Any]
    known: KnownPhotos | None = None
    carried: CarriedPhotos | None = None

    @property
    def parameters(self) -> int:
        """Number of parameters."""
        return sum(self.parts.values())

    @property
    def learned(self) -> dict[str, int]:
        """Number of photos that it learned from, in each of their roles; empty if nothing says.

        Raises:
            ModelError: The metrics hold something else there.
        """
        try:
            return {name: int(of) for name, of in self.metrics.get("photos", {}).items()}
        except SENSELESS as error:
            raise metrics_error(error) from error


def metrics_error(error: Exception) -> ModelError:
    """The error for metrics that hold something else than they should."""
    return ModelError(
        f"{METRICS_NAME} is damaged ({' '.join(str(error).split())[:100]}); delete it, and "
        "`geoguess calibrate` writes what it can measure again"
    )


ONLY_ANSWERS = (
    "a file of `geoguess model export --to onnx` only answers photos; name the model folder that "
    "it was exported from"
)
"""The remedy where a model folder is needed."""


def beside(folder: Path, role: str) -> Path:
    """The hidden folder beside a model folder: the `partial` or the `previous` one of a write."""
    return folder.with_name(f".{folder.name}.{role}")


def recover(folder: Path) -> None:
    """Put back the previous folder if a write was cut off between its two renames."""
    previous = beside(folder, "previous")
    if not folder.exists() and previous.is_dir():
        previous.rename(folder)


def check_folder(folder: Path) -> None:
    """Check that a folder exists and has the files that a model needs; `recover` it first.

    Raises:
        MissingFileError: It does not.
        ModelError: It is a file, such as an ONNX file.
    """
    if folder.is_file():
        raise ModelError(
            f"{shown(folder)} is a file, and this needs a model folder: {ONLY_ANSWERS}"
        )
    recover(folder)
    if not folder.is_dir():
        raise MissingFileError(
            f"there is no model at {folder}; `geoguess train` writes one, and `geoguess model "
            "adopt geoclip` makes one of published weights"
        )
    for name in NEEDED:
        if not (folder / name).is_file():
            raise MissingFileError(f"{shown(folder)} is not a model folder: it lacks {name}")
        check_readable(folder / name)


def check_cells(folder: Path, *digests: Any) -> None:
    """Raise ModelError unless the digests of cells, of weights and of the configuration agree."""
    if len(set(digests)) > 1:
        raise ModelError(
            f"{shown(folder)}: {CELLS_NAME} is not the partition that the weights were trained on; "
            "put back the file that belongs to the model"
        )


def read_description(folder: Path) -> ModelDescription:
    """What a model folder says of its model; the weights are not loaded.

    Raises:
        MissingFileError: The folder, or a file of it, does not exist.
        ModelError: Another version of geoguess wrote the folder, a file is damaged, or weights and
            partition do not belong together.
    """
    check_folder(folder)
    own = read_config(folder / CONFIG_NAME)
    partition, metrics = read_partition(folder / CELLS_NAME), read_metrics(folder)
    trained_on = read_metadata(folder / WEIGHTS_NAME).get(CELLS_KEY)
    check_cells(folder, cells_digest(partition.cells), own.cells.get("sha256"), trained_on)
    return ModelDescription(
        config=own.config,
        spec=own.spec,
        decision=own.decision,
        partition=partition_of(partition, metrics),
        parts=own.parts,
        versions=own.versions,
        metrics=metrics,
        known=read_known_photos(folder / FAMILIARITY_NAME),
        carried=read_carried_photos(folder),
    )


def read_config(path: Path) -> Description:
    """What a `config.json` holds.

    Raises:
        ModelError: Another version of geoguess wrote it, or it does not describe a model.
    """
    remedy = f"Remove `decision` from {path.name}, and `geoguess calibrate` fits it again"
    return read_tree(read_json(path), where=str(path), remedy=remedy)


def read_metrics(folder: Path) -> dict[str, Any]:
    """The content of `metrics.json`; empty if the folder has none.

    Raises:
        ModelError: It is not a JSON object.
    """
    path = folder / METRICS_NAME
    return read_json(path) if path.is_file() else {}


def read_licence(folder: Path) -> str:
    """The text of the licence that a model folder carries; "" if it carries none."""
    path = folder / LICENCE_NAME
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def read_json(path: Path) -> dict[str, Any]:
    """The object of a JSON file.

    Raises:
        ModelError: The file is not JSON, or holds no object.
    """
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(tree, dict):
        raise ModelError(f"{path} does not hold a JSON object")
    return tree


def read_metadata(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file; no tensor is read.

    Raises:
        ModelError: The file is damaged, or is not a safetensors file.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except SafetensorError as error:
        raise ModelError(f"{path} is damaged, or is not a safetensors file: {error}") from error


def fingerprint(folder: Path) -> str:
    """The hash of cells and weights that `TrainedModel.fingerprint` gives, from the files alone.

    Raises:
        ModelError: A file is damaged.
    """
    digest = hashlib.sha256(read_partition(folder / CELLS_NAME).cells.tobytes())
    path = folder / WEIGHTS_NAME
    read_metadata(path)  # checks the header
    with path.open("rb") as file:
        # A header of JSON behind its length in 8 bytes; offsets count from its end.
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, tensor in sorted(header.items()):
            if name != "__metadata__":
                low, high = tensor["data_offsets"]
                file.seek(8 + length + low)
                digest.update(name.encode())
                digest.update(file.read(high - low))
    return digest.hexdigest()[:16]
