"""How good a model is on photos whose place is known."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import polars as pl
from jaxtyping import Int

from geoguess_cli.errors import PhotoError, PhotoTableError
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.inference import metrics
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.inference.baselines import best_constant, most_frequent_cell
from geoguess_cli.inference.predictor import Outputs
from geoguess_cli.photos.table import PhotoTable

LISTED = max(metrics.TOP_K)
"""Guesses kept of each photo in the predictions."""


@runtime_checkable
class Predicts(Protocol):
    """What an evaluation asks of a predictor."""

    @property
    def partition(self) -> Partition:
        """What each column of the logits means."""

    def outputs(self, paths: Sequence[Path], *, batch_size: int, workers: int) -> Iterator[Outputs]:
        """The logits of many photos, a batch at a time."""

    def identity(self) -> dict[str, Any]:
        """Which model this is."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The figures of a model on a photo table.

    Attributes:
        report: What `report.json` holds; `docs/metrics.md` defines every figure.
        predictions: One row a photo of the table, in its order: the truth, the guesses, how far.
        failures: Photo and reason of each that could not be read; no figure counts them.
    """

    report: dict[str, Any]
    predictions: pl.DataFrame
    failures: list[tuple[str, str]]


def evaluate(
    predictor: Predicts,
    table: PhotoTable,
    *,
    split: str = "test",
    batch_size: int = 32,
    workers: int = 0,
    on_batch: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """The figures of a model on the photos of a table.

    A photo in no cell of the partition counts as wrong in the figures over all photos. One that
    cannot be read is left out of every figure, and listed.

    Args:
        predictor: The model.
        table: Photos whose place is known; all of them are used.
        split: What the report calls them.
        batch_size: How many go through the model at once.
        workers: Processes that decode photos; 0 decodes in this one, -1 asks the machine.
        on_batch: Called with (photos done, photos in all) after each batch.

    Raises:
        PhotoTableError: A table without photos.
        PhotoError: Not one photo could be read.
        ModelError: A logit that is not finite.
    """
    if not len(table):
        raise PhotoTableError(
            f"there is no photo to evaluate in the split `{split}`; `geoguess data split` makes one"
        )
    partition = predictor.partition
    truths = partition.assign(table.latlng)
    found = _Found(len(table), k=min(LISTED, len(partition)))
    for output in predictor.outputs(table.paths, batch_size=batch_size, workers=workers):
        found.add(output, truths)
        if on_batch is not None:
            on_batch(found.done, len(table))
    predictions = _predictions(table, partition, truths, found)
    read = predictions.filter(pl.col("error").is_null())
    skipped = predictions.filter(pl.col("error").is_not_null())
    failures = list(zip(skipped["photo"], skipped["error"], strict=True))
    if read.is_empty():
        photo, reason = failures[0]
        raise PhotoError(f"not one of {len(table)} photos could be read; {photo}: {reason}")
    report = {
        "split": split,
        "model": predictor.identity(),
        "counts": {
            "photos": len(read),
            "covered": read["token"].count(),
            "skipped": len(skipped),
            "cells": len(partition),
        },
        **figures(read, cells=len(partition)),
        "baselines": _baselines(read, partition),
        "skipped": [{"photo": photo, "reason": reason} for photo, reason in failures],
    }
    return Evaluation(report, predictions, failures)


def figure(value: float) -> dict[str, float | None]:
    """One figure of a report; null where it is undefined, as the mean of nothing is."""
    return {"value": value if math.isfinite(value) else None}


def figures(predictions: pl.DataFrame, *, cells: int) -> dict[str, Any]:
    """The model's figures, from one row a photo.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        cells: Number of cells of the partition.
    """
    covered = predictions["token"].is_not_null().to_numpy()
    ranks = predictions["rank"].fill_null(0).to_numpy().astype(np.int64)
    distance_km = predictions["distance_km"].to_numpy()
    top_1 = metrics.mean(metrics.hits(ranks, 1))
    return {
        "all": {f"top_{k}": figure(metrics.mean(metrics.hits(ranks, k))) for k in metrics.TOP_K},
        "covered": {
            f"top_{k}": figure(metrics.mean(metrics.hits(ranks[covered], k))) for k in metrics.TOP_K
        },
        "coverage": figure(metrics.mean(covered)),
        "chance": figure(metrics.chance(cells)),
        "lift": figure(metrics.lift(top_1, cells)),
        "loss": figure(metrics.mean(predictions["loss"].drop_nulls().to_numpy())),
        **_distance_figures(distance_km),
        "within_km": {
            f"{radius:g}": figure(metrics.within(distance_km, radius))
            for radius in metrics.RADII_KM.values()
        },
        "state_accuracy": figure(_share_in_place(predictions, ("country", "region"))),
        "country_accuracy": figure(_share_in_place(predictions, ("country",))),
    }


def _distance_figures(distance_km: np.ndarray) -> dict[str, Any]:
    return {
        "median_km": figure(metrics.median(distance_km)),
        "mean_km": figure(metrics.mean(distance_km)),
        "geoscore": figure(metrics.mean(metrics.geoscore(distance_km))),
    }


def _share_in_place(predictions: pl.DataFrame, columns: tuple[str, ...]) -> float:
    """Share of the photos placed in their own country (and region), of those that lie in one."""
    known = predictions.filter(pl.col(columns[-1]) != "")
    right = known.select(
        pl.all_horizontal(pl.col(name) == pl.col(f"estimate_{name}") for name in columns)
    )
    return metrics.mean(right.to_series().to_numpy())


def _baselines(read: pl.DataFrame, partition: Partition) -> dict[str, Any]:
    """Figures of answers that look at no photo."""
    latlng = read.select("latitude", "longitude").to_numpy()
    place = best_constant(latlng)
    cell = most_frequent_cell(partition)
    token = partition.tokens[cell]
    return {
        "chance": figure(metrics.chance(len(partition))),
        "most_frequent_cell": {
            "token": token,
            "top_1": figure(metrics.mean(read["token"].eq_missing(token).to_numpy())),
            **_distance_figures(great_circle_km(partition.centroids[cell][None], latlng)),
        },
        "best_constant": {
            "latitude": figure(place[0]),
            "longitude": figure(place[1]),
            **_distance_figures(great_circle_km(np.array([place]), latlng)),
        },
    }


class _Found:
    """What is kept of the logits: a few numbers a photo, whatever the number of cells."""

    def __init__(self, photos: int, *, k: int) -> None:
        self.cells = np.zeros((photos, k), dtype=np.int64)
        self.top_probabilities = np.zeros((photos, k), dtype=np.float32)
        self.ranks = np.zeros(photos, dtype=np.int64)
        self.truth_log_probabilities = np.full(photos, np.nan)
        self.errors: dict[int, str] = {}
        self.done = 0

    def add(self, output: Outputs, truths: Int[np.ndarray, " n"]) -> None:
        """Keep what matters of one batch; `truths` are those of all photos."""
        rows = output.rows
        self.errors.update(output.failures)
        self.done += len(rows) + len(output.failures)
        if not len(rows):
            return
        # Order by the logits: probabilities that round to 0 would tie.
        self.cells[rows] = metrics.top_cells(output.logits, self.cells.shape[1])
        self.ranks[rows] = metrics.truth_ranks(output.logits, truths[rows])
        logs = metrics.log_softmax(output.logits)
        self.top_probabilities[rows] = np.exp(np.take_along_axis(logs, self.cells[rows], axis=1))
        self.truth_log_probabilities[rows] = metrics.at_truth(logs, truths[rows])


def _predictions(
    table: PhotoTable, partition: Partition, truths: Int[np.ndarray, " n"], found: _Found
) -> pl.DataFrame:
    """One row a photo: its columns of the table, the truth, and what the model says of it."""
    tokens = np.array([*partition.tokens, None], dtype=object)  # -1, in no cell, is the last
    estimates = partition.centroids[found.cells[:, 0]]
    distance_km = great_circle_km(estimates, table.latlng)
    places = locate(table.latlng)
    guessed = [cell_places(partition)[cell] for cell in found.cells[:, 0].tolist()]
    own = [name for name in ("id", "split", "sequence") if table.has(name)]
    of_truth = [
        pl.Series("token", tokens[truths].tolist(), dtype=pl.String),
        pl.Series("country", [place.country for place in places], dtype=pl.String),
        pl.Series("region", [place.region for place in places], dtype=pl.String),
    ]
    of_model = [
        pl.Series("rank", found.ranks).replace(0, None).cast(pl.UInt32),
        pl.Series("probability", np.exp(found.truth_log_probabilities)).fill_nan(None),
        pl.Series("loss", -found.truth_log_probabilities).fill_nan(None),
        pl.Series("top_tokens", tokens[found.cells].tolist(), dtype=pl.List(pl.String)),
        pl.Series("top_probabilities", found.top_probabilities.tolist(), dtype=pl.List(pl.Float32)),
        pl.Series("estimate_latitude", estimates[:, 0]),
        pl.Series("estimate_longitude", estimates[:, 1]),
        pl.Series("estimate_country", [place.country for place in guessed], dtype=pl.String),
        pl.Series("estimate_region", [place.region for place in guessed], dtype=pl.String),
        pl.Series("distance_km", distance_km),
        pl.Series("geoscore", metrics.geoscore(distance_km)),
    ]
    errors = [found.errors.get(row) for row in range(len(table))]
    frame = table.frame.select("photo", "latitude", "longitude", *own).with_columns(
        *of_truth, *of_model, pl.Series("error", errors, dtype=pl.String)
    )
    answered = pl.col("error").is_null()
    return frame.with_columns(
        pl.when(answered).then(pl.col(column.name)).alias(column.name) for column in of_model
    )
