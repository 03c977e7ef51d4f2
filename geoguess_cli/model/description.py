"""What a model says of itself as JSON: the same tree in a model folder and in an ONNX file."""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import UInt64

from geoguess_cli import __version__
from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import SENSELESS, ConfigError, ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.described import DescribedModel
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.toml_records import record_from_tree

FORMAT = 1
"""Number of the tree's layout; raise it with a change that older versions would misread."""


class Description(NamedTuple):
    """What a tree says.

    Attributes:
        config: The architecture.
        spec: How photos become images.
        decision: How logits become probabilities and a point estimate.
        cells: Count and digest of the partition.
        parts: Number of parameters of each part; empty in a model that does not say.
        versions: Versions of the libraries that wrote the model.
    """

    config: ModelConfig
    spec: ImageSpec
    decision: Decision
    cells: Mapping[str, Any]
    parts: Mapping[str, int]
    versions: Mapping[str, str]


OF_GALLERY = "the gallery"
"""Where the cells of an adopted model come from if they are not the user's."""


def of_gallery(metrics: Mapping[str, Any]) -> bool:
    """Whether the cells of a model were built from the gallery of an adopted one."""
    adopted = metrics.get("adopted")
    return isinstance(adopted, Mapping) and adopted.get("cells_from") == OF_GALLERY


def partition_of(partition: Partition, metrics: Mapping[str, Any]) -> Partition:
    """The partition of a model with these metrics, which says what its cells count.

    Args:
        partition: The cells, as read from a file.
        metrics: Counts and statistics of the model.
    """
    if not of_gallery(metrics):
        return partition
    return dataclasses.replace(partition, unit="gallery place")


def cells_digest(cells: UInt64[np.ndarray, " c"]) -> str:
    """The fingerprint of a partition: SHA-256 of its cell ids in order, in hex."""
    return hashlib.sha256(cells.astype("<u8").tobytes()).hexdigest()


def description_of(
    model: DescribedModel, *, digest: str, parts: Mapping[str, int], versions: Mapping[str, str]
) -> dict[str, Any]:
    """The tree of a model, which `read_tree` reads.

    Args:
        model: The model.
        digest: The digest of its partition.
        parts: Number of parameters of each part.
        versions: Versions of the libraries that wrote the model.
    """
    return {
        "format": FORMAT,
        "model": dataclasses.asdict(model.config),
        "images": dataclasses.asdict(model.spec),
        "decision": dataclasses.asdict(model.decision),
        "cells": {"count": len(model.partition), "sha256": digest},
        "parts": dict(parts),
        "versions": dict(versions),
    }


def read_tree(tree: Mapping[str, Any], *, where: str, remedy: str) -> Description:
    """What a tree says.

    Args:
        tree: The tree.
        where: The file that holds it, for messages.
        remedy: What to do if its decision cannot be read.

    Raises:
        ModelError: The tree is of another format, or does not describe a model.
    """
    if tree.get("format") != FORMAT:
        versions = tree.get("versions")
        written = versions.get("geoguess", "unknown") if isinstance(versions, dict) else "unknown"
        raise ModelError(
            f"{where}: format {tree.get('format')!r}, written by geoguess {written}; "
            f"this is geoguess {__version__}, which reads format {FORMAT}"
        )
    try:
        config = record_from_tree(ModelConfig, dict(tree["model"]), where=where, table="model")
        spec = record_from_tree(ImageSpec, dict(tree["images"]), where=where, table="images")
        cells = dict(tree["cells"])
        decision = dict(tree.get("decision", {}))  # absent in older folders
        parts = {str(name): int(count) for name, count in tree.get("parts", {}).items()}
        versions = {str(name): str(text) for name, text in tree.get("versions", {}).items()}
    except ConfigError as error:
        raise ModelError(f"{error}; put back the file that belongs to the model") from error
    except SENSELESS as error:
        raise ModelError(f"{where} does not describe a model: {error}") from error
    try:
        decided = record_from_tree(Decision, decision, where=where, table="decision")
    except ConfigError as error:
        raise ModelError(f"{error}. {remedy}") from error
    except ModelError as error:
        raise ModelError(f"{where}: {error}. {remedy}") from error
    return Description(config, spec, decided, cells, parts, versions)
