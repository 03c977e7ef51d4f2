"""What a model folder or an ONNX file holds, for a list in the terminal and as JSON."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.errors import ModelError
from geoguess_cli.hub.address import shown
from geoguess_cli.model.folder import (
    CARD_NAME,
    FILES,
    WEIGHTS_NAME,
    ModelDescription,
    read_description,
)
from geoguess_cli.model.front_matter import CardFacts, facts_in
from geoguess_cli.model.onnx_model import read_onnx
from geoguess_cli.report.model_card import measured_of, read_report
from geoguess_cli.wording import byte_size, parts_in_words, significant


@dataclass(frozen=True, eq=False)
class ModelSummary:
    """What a model folder or an ONNX file holds.

    Attributes:
        folder: The folder, or the file.
        described: The model.
        facts: What its card says of name, licence and data sets, and its evaluation.
        files: The size of each of its files in bytes.
        dtypes: Number of tensors of each number type; empty for an ONNX file.
        doubt: Why the evaluation in the folder is not shown; "" if it is, or if there is none.
    """

    folder: Path
    described: ModelDescription
    facts: CardFacts
    files: Mapping[str, int]
    dtypes: Mapping[str, int]
    doubt: str = ""

    def record(self) -> dict[str, Any]:
        """The summary as plain values, ready for JSON."""
        own, partition, measured = self.described, self.described.partition, self.facts.measured
        return {
            "path": shown(self.folder),
            "name": self.facts.name or None,
            "licence": self.facts.licence or None,
            "datasets": list(self.facts.datasets),
            "model": dataclasses.asdict(own.config),
            "images": dataclasses.asdict(own.spec),
            "decision": dataclasses.asdict(own.decision),
            "parameters": own.parameters,
            "parts": dict(own.parts),
            "tensors": dict(self.dtypes),
            "cells": {
                "count": len(partition),
                "levels": [int(partition.levels.min()), int(partition.levels.max())],
                "area_km2": _quartiles(partition.area_km2),
                "photos": _quartiles(partition.photos),
            },
            "familiarity": own.known and dataclasses.asdict(own.known),
            "memory": own.carried and dataclasses.asdict(own.carried),
            "metrics": dict(own.metrics),
            "evaluation": None
            if measured is None
            else {
                "split": measured.split,
                "photos": measured.photos,
                "sequences": measured.sequences,
                "statistics": {
                    one.key: {"value": one.value, "interval_95": list(one.interval) or None}
                    for one in measured.results
                },
            },
            "files": dict(self.files),
            "versions": dict(own.versions),
        }

    def rows(self) -> list[tuple[str, str]]:
        """The summary as lines for the terminal: what, and its value as text."""
        own, partition = self.described, self.described.partition
        config, decision = own.config, own.decision
        parts = ", ".join(f"{part} {count:,}" for part, count in own.parts.items())
        low, middle, high = _quartiles(partition.area_km2)
        least, usual, most = _quartiles(partition.photos)
        levels = f"{partition.levels.min()} to {partition.levels.max()}"
        rows = [
            *self._card(),
            ("encoder", parts_in_words(config.backbone, config.vit)),
            ("head", config.head),
            ("parameters", f"{own.parameters:,} ({parts})"),
            ("photos", f"{own.spec.size} × {own.spec.size} pixels, {own.spec.resize}"),
            ("cells", f"{len(partition):,}, S2 levels {levels}"),
            ("area of a cell", f"{_range(low, high)} km², median {significant(middle)}"),
            (f"{partition.unit}s in a cell", f"{_range(least, most)}, median {significant(usual)}"),
            ("temperature", f"{decision.temperature:.4g}"),
            ("point estimate", POINT_METHODS[decision.point]),
            ("redundancy of groups", f"{decision.redundancy:.2f}"),
            ("tells unlike photos", _known(own)),
            ("carries training photos", _carried(own)),
        ]
        if self.dtypes:
            kinds = ", ".join(f"{count} {name}" for name, count in self.dtypes.items())
            rows.append(("tensors", kinds))
        if own.learned:
            counts = ", ".join(
                f"{name.replace('_', ' ')} {of:,}" for name, of in own.learned.items()
            )
            rows.append(("learned from", counts))
        if own.versions:
            written = ", ".join(f"{name} {text}" for name, text in own.versions.items())
            rows.append(("written by", written))
        return rows

    def _card(self) -> list[tuple[str, str]]:
        """What the card says; an ONNX file has none, but it may carry the text of a licence."""
        if self.folder.is_file():
            return [("licence", self.facts.licence)] if self.facts.licence else []
        return [
            ("name", self.facts.name or "–"),
            ("licence", self.facts.licence or "none; `geoguess model card --licence ID` names one"),
            ("data sets", ", ".join(self.facts.datasets) or "–"),
        ]


def model_summary(folder: Path) -> ModelSummary:
    """What a model folder or an ONNX file holds.

    Raises:
        DependencyError: It is a file, and onnxruntime is not installed.
        MissingFileError: The folder is no model folder.
        ModelError: Another version of geoguess wrote it, a file is damaged, or its files do not
            fit together.
    """
    if folder.is_file():
        return _of_file(folder)
    described, card = read_description(folder), folder / CARD_NAME
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    facts, doubt = facts_in(text), ""
    try:
        record = read_report(folder, described)
        measured = None if record is None else measured_of(record)
        facts = dataclasses.replace(facts, measured=measured)
    except ModelError as error:
        doubt = str(error)
    files = {name: (folder / name).stat().st_size for name in FILES if (folder / name).is_file()}
    return ModelSummary(folder, described, facts, files, _dtypes(folder / WEIGHTS_NAME), doubt)


def _of_file(path: Path) -> ModelSummary:
    own = read_onnx(path, device="cpu", threads=1)
    described = ModelDescription(
        config=own.config,
        spec=own.spec,
        decision=own.decision,
        partition=own.partition,
        parts=own.parts,
        versions=own.versions,
        metrics=own.metrics,
        known=None if own.familiarity is None else own.familiarity.known,
    )
    facts = CardFacts(licence=own.licence.partition("\n")[0])
    return ModelSummary(path, described, facts, {path.name: path.stat().st_size}, {})


def _dtypes(path: Path) -> dict[str, int]:
    """Number of tensors of each number type; none of them is read."""
    counts: dict[str, int] = {}
    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118 - not a mapping
            kind = str(file.get_slice(name).get_dtype())
            counts[kind] = counts.get(kind, 0) + 1
    return counts


def _quartiles(values: np.ndarray) -> list[float]:
    """Least, median and greatest value."""
    return [float(value) for value in np.quantile(values.astype(np.float64), (0.0, 0.5, 1.0))]


def _range(low: float, high: float) -> str:
    return significant(low) if low == high else f"{significant(low)} to {significant(high)}"


def _known(own: ModelDescription) -> str:
    if own.known is None:
        return "no; `geoguess calibrate` adds it"
    judges = "validation photos" if own.known.judged_by == "val" else "training photos left out"
    return f"yes, from {own.known.photos:,} training photos and {own.known.judges:,} {judges}"


def _carried(own: ModelDescription) -> str:
    if own.carried is None:
        return "none"
    return f"{own.carried.photos:,}, with names and places ({byte_size(own.carried.bytes)})"
