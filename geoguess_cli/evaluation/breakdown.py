"""The figures of parts of the photos: by state, by cell, by distance to the training photos."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Int

from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.accuracy import covered_of, hits_of, where
from geoguess_cli.evaluation.intervals import (
    RESAMPLES,
    Bootstrap,
    Statistic,
    mean_of,
    median_of,
    sequence_groups,
)
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.inference.distances import are_neighbours
from geoguess_cli.inference.geoscore import geoscore
from geoguess_cli.photos.leak_report import BANDS_KM

PHOTOS_EDGES = (10, 20, 35, 50, 70, 100, 200, 500, 1000)
"""Where the numbers of training photos of a cell are cut; the paper's cells hold 20 to 100."""

IN_NO_CELL = "in no cell"
AT_SEA = "at sea"


def breakdown(
    predictions: pl.DataFrame,
    parts: Sequence[str | None],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Counts and figures of each part of the photos, as `report.json` holds them.

    Each part is resampled by itself, by sequence where known; it comes in the order in which it
    is first named.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        parts: The part of each row; None leaves the photo out.
        resamples: Bootstrap resamples of each part.
        seed: Of the resamples.
    """
    groups = sequence_groups(predictions)
    found = {}
    for part, rows in _rows_of(parts).items():
        own = predictions[rows]
        bootstrap = Bootstrap(groups[rows], resamples=resamples, seed=seed)
        found[part] = {
            "photos": len(own),
            "covered": own["token"].count(),
            "sequences": bootstrap.groups,
            **bootstrap.figures(_statistics(own)),
        }
    return found


def by_state(predictions: pl.DataFrame, *, resamples: int = RESAMPLES) -> dict[str, dict[str, Any]]:
    """Figures by the first-level region of the truth, or the country where none is known.

    The part with the most photos comes first.
    """
    name = (
        pl.when(pl.col("country") == "")
        .then(pl.lit(AT_SEA))
        .when(pl.col("region") == "")
        .then("country")
        .otherwise(pl.format("{}, {}", "region", "country"))
    )
    parts = predictions.select(name.alias("part"))["part"]
    counts = parts.value_counts().sort(["count", "part"], descending=[True, False])
    found = breakdown(predictions, parts.to_list(), resamples=resamples)
    return {part: found[part] for part in counts["part"]}


def by_distance_to_train(
    predictions: pl.DataFrame, *, resamples: int = RESAMPLES
) -> dict[str, dict[str, Any]]:
    """Figures by the distance from a photo to the nearest training photo, near ones first.

    A photo of which it is not known, as of a training photo, is left out.
    """
    edges = list(BANDS_KM.values())[:-1]
    names = _range_names(edges, unit=" km")
    nearest_km = predictions["nearest_train_km"].to_list()
    parts = [None if km is None else names[bisect_right(edges, km)] for km in nearest_km]
    return _in_order(breakdown(predictions, parts, resamples=resamples), names)


def by_level(
    predictions: pl.DataFrame, partition: Partition, *, resamples: int = RESAMPLES
) -> dict[str, dict[str, Any]]:
    """Figures by the S2 level of the true cell, that is by its size; large cells first."""
    cells = true_cells(predictions, partition)
    levels = [f"level {level}" for level in partition.levels.tolist()]
    parts = [IN_NO_CELL if cell < 0 else levels[cell] for cell in cells.tolist()]
    names = [f"level {level}" for level in range(31)]
    return _in_order(breakdown(predictions, parts, resamples=resamples), [*names, IN_NO_CELL])


def by_training_photos(
    predictions: pl.DataFrame, partition: Partition, *, resamples: int = RESAMPLES
) -> dict[str, dict[str, Any]]:
    """Figures by the number of training photos in the true cell; few photos first."""
    names = _range_names(PHOTOS_EDGES, whole=True)
    place = np.searchsorted(PHOTOS_EDGES, partition.photos, side="right").tolist()
    cells = true_cells(predictions, partition)
    parts = [IN_NO_CELL if cell < 0 else names[place[cell]] for cell in cells.tolist()]
    return _in_order(breakdown(predictions, parts, resamples=resamples), [*names, IN_NO_CELL])


def true_cells(predictions: pl.DataFrame, partition: Partition) -> Int[np.ndarray, " n"]:
    """Cell index of the truth of each row; -1 for a photo in no cell."""
    return _cells(predictions["token"], partition)


def confusion(
    predictions: pl.DataFrame, partition: Partition, *, limit: int = 20, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """Where the wrong cells lie: how many are neighbours of the true one, and the worst pairs.

    `neighbours` is the share, among covered photos whose likeliest cell is wrong, of those where
    it is a neighbour of the true cell (see `distances.are_neighbours`). `pairs` are the commonest
    confusions, of a true cell with a wrong one, and where the centroids of both lie.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        partition: The model's own.
        limit: Pairs listed at most.
        resamples: Bootstrap resamples.
    """
    wrong = predictions.with_columns(guess=pl.col("top_tokens").list.first()).filter(
        pl.col("token") != pl.col("guess")
    )
    near = are_neighbours(
        _cells(wrong["token"], partition), _cells(wrong["guess"], partition), partition
    )
    bootstrap = Bootstrap(sequence_groups(wrong), resamples=resamples)
    pairs = (
        wrong.select("token", "guess", neighbours=pl.Series(near, dtype=pl.Boolean))
        .group_by("token", "guess", "neighbours")
        .agg(photos=pl.len())
        .sort(["photos", "token", "guess"], descending=[True, False, False])
        .head(limit)
    )
    place_of = dict(zip(partition.tokens, map(_place_name, cell_places(partition)), strict=True))
    return {
        "wrong": len(wrong),
        **bootstrap.figures({"neighbours": mean_of(near)}),
        "pairs": [
            {
                **pair,
                "place": place_of[pair["token"]],
                "guess_place": place_of[pair["guess"]],
            }
            for pair in pairs.select("token", "guess", "photos", "neighbours").to_dicts()
        ],
    }


def _statistics(own: pl.DataFrame) -> dict[str, Statistic]:
    hits, distance_km = hits_of(own, 1), own["distance_km"].to_numpy()
    return {
        "top_1": mean_of(hits),
        "covered_top_1": mean_of(where(covered_of(own), hits)),
        "median_km": median_of(distance_km),
        "within_25_km": mean_of(distance_km <= metrics.RADII_KM["city"]),
        "geoscore": mean_of(geoscore(distance_km)),
    }


def _place_name(place: Place) -> str:
    return ", ".join(filter(None, (place.region, place.country))) or AT_SEA


def _rows_of(parts: Sequence[str | None]) -> dict[str, np.ndarray]:
    """The rows of each part, in the order in which the parts are first named."""
    frame = pl.DataFrame({"part": pl.Series(parts, dtype=pl.String)}).with_row_index("row")
    grouped = frame.drop_nulls("part").group_by("part", maintain_order=True).agg("row")
    return {part: rows.to_numpy() for part, rows in zip(*grouped.get_columns(), strict=True)}


def _cells(tokens: pl.Series, partition: Partition) -> np.ndarray:
    index = {token: cell for cell, token in enumerate(partition.tokens)}
    return np.array([-1 if token is None else index[token] for token in tokens], dtype=np.int64)


def _range_names(
    edges: Sequence[float] | Sequence[int], *, unit: str = "", whole: bool = False
) -> list[str]:
    """Names of the ranges between edges, each edge in the range that it opens.

    >>> _range_names((1.0, 5.0), unit=" km"), _range_names((10, 20), whole=True)
    (['0-1 km', '1-5 km', '5 km and more'], ['0-9', '10-19', '20 and more'])
    """
    starts = [0, *edges[:-1]]
    between = [
        f"{low:g}-{high - 1 if whole else high:g}{unit}"
        for low, high in zip(starts, edges, strict=True)
    ]
    return [*between, f"{edges[-1]:g}{unit} and more"]


def _in_order(found: dict[str, dict[str, Any]], names: Sequence[str]) -> dict[str, dict[str, Any]]:
    return {name: found[name] for name in names if name in found}
