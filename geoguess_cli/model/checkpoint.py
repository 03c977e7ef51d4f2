"""The model folder: everything that an answer needs, without pickles.

config.json         format, architecture, photo transform, temperature and point method, versions,
                    the partition's digest
model.safetensors   the weights
cells.parquet       the partition: the cell of each column of the logits
familiarity.safetensors   what the training photos are like, by which others are unlike them
memory.*            where it is wanted, the features of the training photos, and their names
metrics.json        counts and statistics of the training
report.json         where `geoguess model card` put it, the evaluation that the card shows
README.md           the model card
LICENSE             where the weights were published by others, the text of their licence

`model.folder` has the names, and reads what needs no network.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from geoguess_cli import __version__
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import read_partition, write_partition
from geoguess_cli.model._timm import timm
from geoguess_cli.model.card import model_card
from geoguess_cli.model.description import description_of, partition_of
from geoguess_cli.model.familiarity import read_familiarity, write_familiarity
from geoguess_cli.model.folder import (
    CARD_NAME,
    CELLS_KEY,
    CELLS_NAME,
    CONFIG_NAME,
    FAMILIARITY_NAME,
    LICENCE_NAME,
    METRICS_NAME,
    WEIGHTS_NAME,
    ModelDescription,
    cells_digest,
    check_cells,
    check_folder,
    read_config,
    read_licence,
    read_metrics,
)
from geoguess_cli.model.geolocator import build_geolocator, part_sizes
from geoguess_cli.model.memory import read_memory, write_memory
from geoguess_cli.model.replacement import replacing_folder
from geoguess_cli.model.states import read_state, write_state
from geoguess_cli.model.trained import TrainedModel as TrainedModel
from geoguess_cli.model.unfilled import Unfilled
from geoguess_cli.names import WRITABLE


def save_model(folder: Path, trained: TrainedModel) -> None:
    """Write a model folder completely or not at all; until then a previous folder stays.

    Raises:
        ModelError: The folder exists and is not a model folder.
    """
    digest, described = cells_digest(trained.partition.cells), describe(trained)
    config = description_of(
        trained, digest=digest, parts=described.parts, versions=described.versions
    )
    with replacing_folder(folder) as partial:
        write_state(
            trained.geolocator.state_dict(), partial / WEIGHTS_NAME, metadata={CELLS_KEY: digest}
        )
        write_partition(trained.partition, partial / CELLS_NAME)
        if trained.familiarity is not None:
            write_familiarity(trained.familiarity, partial / FAMILIARITY_NAME)
        if trained.memory is not None:
            write_memory(trained.memory, partial)
        _write_json(partial / METRICS_NAME, trained.metrics)
        card = model_card(described)
        (partial / CARD_NAME).write_text(card, encoding="utf-8", errors=WRITABLE)
        if trained.licence:
            (partial / LICENCE_NAME).write_text(trained.licence, encoding="utf-8")
        _write_json(partial / CONFIG_NAME, config)


def describe(trained: TrainedModel) -> ModelDescription:
    """What can be said of a model that is in memory, as `read_description` says it of a folder."""
    return ModelDescription(
        config=trained.config,
        spec=trained.spec,
        decision=trained.decision,
        partition=trained.partition,
        parts=part_sizes(trained.geolocator),
        versions={"geoguess": __version__, "torch": torch.__version__, "timm": timm.__version__},
        metrics=trained.metrics,
        known=None if trained.familiarity is None else trained.familiarity.known,
        carried=None if trained.memory is None else trained.memory.carried,
    )


def load_model(folder: Path) -> TrainedModel:
    """The model of a folder, in evaluation mode on the CPU. No network and no pickle is used.

    Raises:
        MissingFileError: The folder, or a file of it, does not exist.
        ModelError: Another version of geoguess wrote the folder, a file is damaged, or weights,
            head and partition do not belong together.
    """
    check_folder(folder)
    own = read_config(folder / CONFIG_NAME)
    state, metadata = read_state(folder / WEIGHTS_NAME)
    partition, metrics = read_partition(folder / CELLS_NAME), read_metrics(folder)
    check_cells(
        folder, cells_digest(partition.cells), own.cells.get("sha256"), metadata.get(CELLS_KEY)
    )
    with Unfilled():
        geolocator = build_geolocator(own.config, cells=len(partition), image_size=own.spec.size)
    try:
        geolocator.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"{folder}: {WEIGHTS_NAME} does not fit the architecture in {CONFIG_NAME} as timm "
            f"{timm.__version__} builds it: {' '.join(str(error).split())[:200]}"
        ) from error
    return TrainedModel(
        geolocator=geolocator.eval(),
        partition=partition_of(partition, metrics),
        config=own.config,
        spec=own.spec,
        metrics=metrics,
        decision=own.decision,
        familiarity=read_familiarity(folder / FAMILIARITY_NAME, width=geolocator.pooled_width),
        memory=read_memory(folder, width=geolocator.width),
        licence=read_licence(folder),
    )


def _write_json(path: Path, tree: Mapping[str, Any]) -> None:
    path.write_text(
        json.dumps(tree, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", errors=WRITABLE
    )
