"""Statistics of parts of the photos: by state, by cell, by distance to the training photos."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Int, Integer

from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.definitions import computed, draft
from geoguess_cli.evaluation.intervals import Bootstrap, sequence_groups
from geoguess_cli.evaluation.statistics import Neighbours, Part
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place
from geoguess_cli.inference.answers import cell_places
from geoguess_cli.inference.distances import are_neighbours
from geoguess_cli.photos.leak_report import BANDS_KM

PHOTOS_EDGES = (10, 20, 35, 50, 70, 100, 200, 500, 1000)
"""Limits between parts by training photos of a cell; the paper's cells hold 20 to 100."""

LIKE, UNLIKE = "like the training photos", "unlike the training photos"
IN_NO_CELL = "in no cell"
AT_SEA = "at sea"


def breakdown(
    predictions: pl.DataFrame, parts: Sequence[str | None], names: Iterable[str]
) -> dict[str, Part]:
    """Counts and statistics of each part that holds photos, in the order of the names.

    Each part is resampled by itself, by sequence if it is known.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        parts: The part of each row; None leaves the photo out.
        names: The names of all parts.
    """
    groups, part_of = sequence_groups(predictions), pl.Series(parts, dtype=pl.String)
    report = {}
    for name in names:
        rows = (part_of == name).arg_true().to_numpy()
        if len(rows):
            photos, bootstrap = Columns(predictions[rows]), Bootstrap(groups[rows])
            report[name] = bootstrap.measured(
                draft(
                    Part,
                    photos,
                    photos=len(rows),
                    covered=int(photos.in_cell.sum()),
                    sequences=bootstrap.groups,
                )
            )
    return report


def by_state(predictions: pl.DataFrame) -> dict[str, Part]:
    """Statistics by the first-level region of the truth, or by country if no region is known.

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
    return breakdown(predictions, parts.to_list(), counts["part"])


def by_distance_to_train(predictions: pl.DataFrame) -> dict[str, Part]:
    """Statistics by the distance from a photo to the nearest training photo, near parts first.

    A photo without a known distance, such as a training photo, is left out.
    """
    edges = list(BANDS_KM.values())[:-1]
    names = _range_names(edges, unit=" km")
    nearest_km = predictions["nearest_train_km"].to_list()
    parts = [None if km is None else names[bisect_right(edges, km)] for km in nearest_km]
    return breakdown(predictions, parts, names)


def by_likeness(predictions: pl.DataFrame) -> dict[str, Part]:
    """Statistics of the photos like the training photos and of those unlike them.

    Empty if the model does not know what its training photos are like.
    """
    names = {False: LIKE, True: UNLIKE}
    parts = [None if one is None else names[one] for one in predictions["unlike"]]
    return breakdown(predictions, parts, names.values())


def by_level(predictions: pl.DataFrame, partition: Partition) -> dict[str, Part]:
    """Statistics by the S2 level of the true cell, that is by its size; large cells first."""
    names = [f"level {level}" for level in range(31)]
    return _by_cell(predictions, partition, partition.levels, names)


def by_training_photos(predictions: pl.DataFrame, partition: Partition) -> dict[str, Part]:
    """Statistics by the number of training photos in the true cell; few photos first."""
    place = np.searchsorted(PHOTOS_EDGES, partition.photos, side="right")
    return _by_cell(predictions, partition, place, _range_names(PHOTOS_EDGES, whole=True))


def _by_cell(
    predictions: pl.DataFrame,
    partition: Partition,
    part_of_cell: Integer[np.ndarray, " c"],
    names: Sequence[str],
) -> dict[str, Part]:
    """Statistics by the part that the true cell belongs to; photos in no cell come last."""
    names = [*names, IN_NO_CELL]
    parts = np.append(part_of_cell, len(names) - 1)  # the last is that of cell -1
    cells = cells_of(predictions["token"], partition)
    return breakdown(predictions, [names[part] for part in parts[cells].tolist()], names)


def cells_of(tokens: pl.Series, partition: Partition) -> Int[np.ndarray, " n"]:
    """Index of the cell of each token; -1 for null, a photo in no cell."""
    index = {token: cell for cell, token in enumerate(partition.tokens)}
    return np.array([-1 if token is None else index[token] for token in tokens], dtype=np.int64)


@dataclass(frozen=True, kw_only=True)
class ConfusedPair:
    """A true cell, the wrong cell that was likelier, the number of photos, and both places."""

    token: str
    guess: str
    photos: int
    neighbours: bool
    place: str
    guess_place: str


@dataclass(frozen=True, kw_only=True)
class Confusion(Neighbours):
    """How many of the wrong cells are neighbours of the true one, and the commonest pairs."""

    wrong: int
    pairs: Sequence[ConfusedPair]


def confusion(predictions: pl.DataFrame, partition: Partition, *, limit: int = 20) -> Confusion:
    """Where the wrong cells of the covered photos lie; `distances.are_neighbours` tells which
    cells are neighbours.

    Args:
        predictions: Rows of `Evaluation.predictions` without an error.
        partition: The model's own.
        limit: Pairs listed at most, the commonest first.
    """
    wrong = predictions.with_columns(guess=pl.col("top_tokens").list.first()).filter(
        pl.col("token") != pl.col("guess")
    )
    near = are_neighbours(
        cells_of(wrong["token"], partition), cells_of(wrong["guess"], partition), partition
    )
    pairs = (
        wrong.select("token", "guess", neighbours=pl.Series(near, dtype=pl.Boolean))
        .group_by("token", "guess", "neighbours")
        .agg(photos=pl.len())
        .sort(["photos", "token", "guess"], descending=[True, False, False])
        .head(limit)
    )
    place_of = dict(zip(partition.tokens, map(_place_name, cell_places(partition)), strict=True))
    return Confusion(
        wrong=len(wrong),
        **Bootstrap(sequence_groups(wrong)).measured(computed(Neighbours, near)),
        pairs=[
            ConfusedPair(**pair, place=place_of[pair["token"]], guess_place=place_of[pair["guess"]])
            for pair in pairs.to_dicts()
        ],
    )


def _place_name(place: Place) -> str:
    return ", ".join(filter(None, (place.region, place.country))) or AT_SEA


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
