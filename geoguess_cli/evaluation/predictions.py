"""One row a photo: the truth, the answer of the model, and how far off it is.

Every statistic of a report is computed from these rows, so that anyone can compute it again.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from jaxtyping import Float

from geoguess_cli.choices import PointMethod
from geoguess_cli.evaluation.observations import Observer
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place, describe, locate
from geoguess_cli.inference.answers import likeness_record
from geoguess_cli.inference.credible import MASSES
from geoguess_cli.inference.geoscore import geoscore
from geoguess_cli.model.familiarity import Likeness
from geoguess_cli.photos.neighbors import nearest_km
from geoguess_cli.photos.table import PhotoTable


def predictions_of(
    table: PhotoTable,
    partition: Partition,
    observer: Observer,
    *,
    point: PointMethod,
    errors: Mapping[int, str],
    likenesses: Mapping[int, Likeness],
    training: Float[np.ndarray, "m 2"],
) -> pl.DataFrame:
    """One row for each photo, in the order of the table; `docs/metrics.md` defines each column.

    Args:
        table: The photos.
        partition: The model's own.
        observer: The numbers kept of each photo that could be read.
        point: How the model chooses its point estimate.
        errors: The reason why a photo could not be read, by row.
        likenesses: How near a photo lies to the training photos, by row; empty if unknown.
        training: Where the training photos were taken, in degrees; may be empty.
    """
    own = [name for name in ("id", "split", "sequence") if table.has(name)]
    frame = table.frame.select("photo", "latitude", "longitude", *own)
    of_model = {
        **_cells(partition, observer),
        **_places(observer, point),
        **_trust(len(table), observer),
    }
    answered = np.ones(len(table), dtype=bool)
    answered[list(errors)] = False
    rows = pl.Series(answered)
    return frame.with_columns(
        *(pl.Series(name, column) for name, column in _truth(table, partition, observer).items()),
        _nearest_train(table, training),
        *(
            # The model says nothing about a photo that could not be read.
            pl.when(rows).then(pl.Series(name, column)).alias(name)
            for name, column in of_model.items()
        ),
        *_likeness(len(table), likenesses),
        pl.Series("error", [errors.get(row) for row in range(len(table))], dtype=pl.String),
    )


def _truth(table: PhotoTable, partition: Partition, observer: Observer) -> dict[str, pl.Series]:
    places = _located(table.latlng)
    return {
        "token": _tokens(partition, observer.truths),
        "country": _texts(place.country for place in places),
        "region": _texts(place.region for place in places),
        "place": _texts(map(describe, places)),
    }


def _nearest_train(table: PhotoTable, training: np.ndarray) -> pl.Series:
    """Distance to the nearest training photo in km; null for a training photo, or without any."""
    distances = nearest_km(table.latlng, training)
    known = np.isfinite(distances)
    if table.has("split"):
        known &= (table.frame["split"] != "train").fill_null(True).to_numpy()
    return pl.Series("nearest_train_km", np.where(known, distances, np.nan)).fill_nan(None)


def _cells(partition: Partition, observer: Observer) -> dict[str, pl.Series]:
    listed = observer.cells.shape[1]
    tops = _tokens(partition, observer.cells.ravel()).reshape((-1, listed))
    return {
        "rank": pl.Series(observer.ranks).replace(0, None).cast(pl.UInt32),
        "top_tokens": tops.cast(pl.List(pl.String)),
        "top_probabilities": pl.Series(observer.top_probabilities).cast(pl.List(pl.Float32)),
    }


def _places(observer: Observer, point: PointMethod) -> dict[str, pl.Series]:
    estimates = observer.estimates[point]
    guessed = _located(np.nan_to_num(estimates))
    distances = observer.distances_km()
    return {
        "estimate_latitude": pl.Series(estimates[:, 0]),
        "estimate_longitude": pl.Series(estimates[:, 1]),
        "estimate_country": _texts(place.country for place in guessed),
        "estimate_region": _texts(place.region for place in guessed),
        "estimate_place": _texts(map(describe, guessed)),
        "distance_km": pl.Series(distances[point]),
        "geoscore": pl.Series(geoscore(distances[point])),
        **{f"distance_km_{method}": pl.Series(km) for method, km in distances.items()},
    }


def _trust(photos: int, observer: Observer) -> dict[str, pl.Series]:
    """How sure the model was, and whether it was right to be."""
    rows = observer.rows

    def spread(values: np.ndarray) -> pl.Series:
        """The values of the photos read, each at its row."""
        column = np.zeros(photos, dtype=values.dtype)
        column[rows] = values
        series = pl.Series(column)
        return series.fill_nan(None) if series.dtype.is_float() else series

    before, after = observer.calibration()
    credible = observer.credible()
    columns = {
        "probability": spread(np.exp(-after.nll)),
        "loss": spread(after.nll),
        "brier": spread(after.brier),
        "confidence": spread(after.confidence),
        "uncalibrated_loss": spread(before.nll),
        "uncalibrated_brier": spread(before.brier),
        "uncalibrated_confidence": spread(before.confidence),
        "expected_km": pl.Series(observer.expected_km),
        "radius_90_km": pl.Series(observer.radius_90_km),
        "search_km2": spread(
            np.where(np.isfinite(credible.to_truth_km2), credible.to_truth_km2, np.nan)
        ),
    }
    if np.isfinite(observer.inside).any():
        columns["inside"] = pl.Series(observer.inside)
    for mass in MASSES:
        sets, name = credible.sets[mass], f"{100 * mass:g}"
        columns[f"in_{name}"] = spread(sets.holds_truth)
        columns[f"cells_{name}"] = spread(sets.cells.astype(np.uint32))
        columns[f"area_{name}_km2"] = spread(sets.area_km2)
    return columns


def _likeness(photos: int, likenesses: Mapping[int, Likeness]) -> list[pl.Series]:
    """How near each photo lies to the training photos; null where that is not known."""
    records = [likeness_record(likenesses.get(row)) for row in range(photos)]
    kinds = {
        "feature_distance": pl.Float64,
        "feature_percentile": pl.Float64,
        "unlike": pl.Boolean,
    }
    return pl.DataFrame(records, schema=kinds).get_columns()


def _tokens(partition: Partition, cells: np.ndarray) -> pl.Series:
    """The tokens of cell indices; null for -1, which is no cell."""
    names = pl.Series([*partition.tokens, None], dtype=pl.String)
    return names.gather(np.where(cells < 0, len(partition), cells))


def _texts(texts: object) -> pl.Series:
    return pl.Series(list(texts), dtype=pl.String)  # type: ignore[call-overload]


def _located(latlng: np.ndarray) -> list[Place]:
    """The place of each point; equal points are looked up once."""
    distinct, which = np.unique(latlng, axis=0, return_inverse=True)
    places = locate(distinct)
    return [places[at] for at in which.ravel().tolist()]
