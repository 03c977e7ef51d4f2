"""The model folder: everything that an answer needs, without pickles.

config.json         format, architecture, photo transform, temperature and point method, versions,
                    the partition's digest
model.safetensors   the weights
cells.parquet       the partition: the cell of each column of the logits
familiarity.safetensors   what the training photos are like, by which others are unlike them
memory.*            where it is wanted, the features of the training photos, and their names
metrics.json        counts and statistics of the training
README.md           the model card
LICENSE             where the weights were published by others, the text of their licence
"""

import dataclasses
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from geoguess_cli import __version__
from geoguess_cli.config import ModelConfig
from geoguess_cli.errors import ConfigError, MissingFileError, ModelError
from geoguess_cli.geo.partition import read_partition, write_partition
from geoguess_cli.model._timm import timm
from geoguess_cli.model.card import model_card
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import (
    FAMILIARITY_NAME,
    read_familiarity,
    write_familiarity,
)
from geoguess_cli.model.geolocator import build_geolocator, part_sizes
from geoguess_cli.model.memory import read_memory, write_memory
from geoguess_cli.model.states import CELLS_KEY, WEIGHTS_NAME, cells_digest, read_state, write_state
from geoguess_cli.model.trained import TrainedModel as TrainedModel
from geoguess_cli.model.unfilled import Unfilled
from geoguess_cli.names import WRITABLE
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.toml_records import record_from_tree

FORMAT = 1
"""Number of the folder's layout; raise it with a change that older versions would misread."""

CONFIG_NAME = "config.json"
CELLS_NAME = "cells.parquet"
METRICS_NAME = "metrics.json"
CARD_NAME = "README.md"
LICENCE_NAME = "LICENSE"


def save_model(folder: Path, trained: TrainedModel) -> None:
    """Write a model folder completely or not at all; until then a previous folder stays.

    Raises:
        ModelError: The folder exists and is not a model folder.
    """
    digest = cells_digest(trained.partition.cells)
    parts = part_sizes(trained.geolocator)
    versions = {"geoguess": __version__, "torch": torch.__version__, "timm": timm.__version__}
    description = {
        "format": FORMAT,
        "model": dataclasses.asdict(trained.config),
        "images": dataclasses.asdict(trained.spec),
        "decision": dataclasses.asdict(trained.decision),
        "cells": {"count": len(trained.partition), "sha256": digest},
        "parts": parts,
        "versions": versions,
    }
    with _replacing_folder(folder) as partial:
        write_state(
            trained.geolocator.state_dict(), partial / WEIGHTS_NAME, metadata={CELLS_KEY: digest}
        )
        write_partition(trained.partition, partial / CELLS_NAME)
        if trained.familiarity is not None:
            write_familiarity(trained.familiarity, partial / FAMILIARITY_NAME)
        if trained.memory is not None:
            write_memory(trained.memory, partial)
        _write_json(partial / METRICS_NAME, trained.metrics)
        card = model_card(trained, parts=parts, versions=versions)
        (partial / CARD_NAME).write_text(card, encoding="utf-8", errors=WRITABLE)
        if trained.licence:
            (partial / LICENCE_NAME).write_text(trained.licence, encoding="utf-8")
        _write_json(partial / CONFIG_NAME, description)


def load_model(folder: Path) -> TrainedModel:
    """The model of a folder, in evaluation mode on the CPU. No network and no pickle is used.

    Raises:
        MissingFileError: The folder, or a file of it, does not exist.
        ModelError: Another version of geoguess wrote the folder, a file is damaged, or weights,
            head and partition do not belong together.
    """
    _recover(folder)
    if not folder.is_dir():
        raise MissingFileError(f"there is no model at {folder}; `geoguess train` writes one")
    for name in (CONFIG_NAME, WEIGHTS_NAME, CELLS_NAME):
        if not (folder / name).is_file():
            raise MissingFileError(f"{folder} is not a model folder: it lacks {name}")
    config, spec, decision, cells = _read_description(folder / CONFIG_NAME)
    state, metadata = read_state(folder / WEIGHTS_NAME)
    partition = read_partition(folder / CELLS_NAME)
    digest = cells_digest(partition.cells)
    if not digest == cells.get("sha256") == metadata.get(CELLS_KEY):
        raise ModelError(
            f"{folder}: {CELLS_NAME} is not the partition that the weights were trained on; "
            "put back the file that belongs to the model"
        )
    with Unfilled():
        geolocator = build_geolocator(config, cells=len(partition), image_size=spec.size)
    try:
        geolocator.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"{folder}: {WEIGHTS_NAME} does not fit the architecture in {CONFIG_NAME} as timm "
            f"{timm.__version__} builds it: {' '.join(str(error).split())[:200]}"
        ) from error
    metrics = folder / METRICS_NAME
    return TrainedModel(
        geolocator=geolocator.eval(),
        partition=partition,
        config=config,
        spec=spec,
        metrics=_read_json(metrics) if metrics.is_file() else {},
        decision=decision,
        familiarity=read_familiarity(folder / FAMILIARITY_NAME, width=geolocator.pooled_width),
        memory=read_memory(folder, width=geolocator.width),
        licence=read_licence(folder),
    )


def read_licence(folder: Path) -> str:
    """The text of the licence that a model folder carries; "" if it carries none."""
    path = folder / LICENCE_NAME
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _read_description(path: Path) -> tuple[ModelConfig, ImageSpec, Decision, dict[str, Any]]:
    tree = _read_json(path)
    if tree.get("format") != FORMAT:
        written = tree.get("versions", {}).get("geoguess", "unknown")
        raise ModelError(
            f"{path}: format {tree.get('format')!r}, written by geoguess {written}; "
            f"this is geoguess {__version__}, which reads format {FORMAT}"
        )
    try:
        images = dict(tree["images"])
        images |= {name: tuple(images[name]) for name in ("mean", "std")}
        model: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in tree["model"].items()
        }
        config, spec, cells = ModelConfig(**model), ImageSpec(**images), dict(tree["cells"])
        decision = dict(tree.get("decision", {}))  # absent in older folders
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} does not describe a model: {error}") from error
    try:
        decided = record_from_tree(Decision, decision, where=path.name, table="decision")
    except (ConfigError, ModelError) as error:
        raise ModelError(
            f"{path.parent}: {error}. Remove `decision` from {path.name}, and `geoguess calibrate` "
            "fits it again"
        ) from error
    return config, spec, decided, cells


def _write_json(path: Path, tree: Mapping[str, Any]) -> None:
    path.write_text(
        json.dumps(tree, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", errors=WRITABLE
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(tree, dict):
        raise ModelError(f"{path} does not hold a JSON object")
    return tree


@contextmanager
def _replacing_folder(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` if the block ends without an error."""
    folder = folder.resolve()  # replace the folder behind a link, not the link
    _recover(folder)
    if folder.exists() and not (
        folder.is_dir() and ((folder / CONFIG_NAME).is_file() or not any(folder.iterdir()))
    ):
        raise ModelError(
            f"{folder} exists and is not a model folder, so it is not replaced; name another folder"
        )
    partial, previous = _beside(folder, "partial"), _beside(folder, "previous")
    for leftover in (partial, previous):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if folder.exists():
            folder.rename(previous)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(previous, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Put back the previous folder if a save was cut off between its two renames."""
    previous = _beside(folder, "previous")
    if not folder.exists() and previous.is_dir():
        previous.rename(folder)


def _beside(folder: Path, role: str) -> Path:
    return folder.with_name(f".{folder.name}.{role}")
