"""The place of the training photos that a photo resembles: by hand, and against brute force."""

import numpy as np
import polars as pl
import pytest
import shapely

from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import Region
from geoguess_cli.inference import remembered as module
from geoguess_cli.inference.estimates import PointEstimator
from geoguess_cli.inference.probabilities import softmax
from geoguess_cli.inference.remembered import RememberedPlaces, sequences_of
from geoguess_cli.model.memory import Memory

WIDTH = 5


def memory_at(
    latlng: np.ndarray, features: np.ndarray, sequences: list[str] | None = None
) -> Memory:
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(len(latlng))],
            "latitude": latlng[:, 0],
            "longitude": latlng[:, 1],
        }
    )
    if sequences is not None:
        frame = frame.with_columns(pl.Series("sequence", sequences))
    return Memory.of(features, frame)


@pytest.fixture(scope="module")
def memory(photos_around) -> Memory:
    """Photos in and around the cells, of twelve sequences; photos near each other look alike."""
    towns = [(45.7, -111.0), (35.1, -106.6), (31.0, -97.5), (43.6, -116.2), (39.5, -119.8)]
    latlng = photos_around(towns, 1.0, 400)
    rng = np.random.default_rng(3)
    features = latlng @ rng.normal(0, 0.1, (2, WIDTH)) + rng.normal(0, 0.5, (400, WIDTH))
    return memory_at(latlng, features, [f"drive {row % 12}" for row in range(400)])


def asked(states: Partition, photos: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and features of photos."""
    rng = np.random.default_rng(8)
    spread = rng.choice([1.0, 4.0], (photos, 1))
    return softmax(rng.normal(0, 1, (photos, len(states))) * spread), rng.normal(
        0, 1, (photos, WIDTH)
    ).astype(np.float32)


def brute(
    states: Partition, memory: Memory, p: np.ndarray, features: np.ndarray, drive: str = ""
) -> np.ndarray:
    """The answer to one photo, by the formula, photo by photo."""
    known = memory.features.astype(np.float64)
    known /= np.linalg.norm(known, axis=1, keepdims=True)
    cosines = known @ (features / np.linalg.norm(features))
    cells = states.assign(memory.latlng)
    weights = np.zeros(len(memory))
    inhabited = [cell for cell in np.argsort(-p, kind="stable") if (cells == cell).any()]
    for cell in inhabited[: module.CELLS]:
        own = (cells == cell) & (memory.photos["sequence"] != drive).to_numpy()
        share = np.where(own, np.exp(module.SHARPNESS * cosines), 0)
        if own.any():
            weights += p[cell] * share / share.sum()
    rows = np.argsort(-weights, kind="stable")[: module.PHOTOS]
    rows = rows[weights[rows] > 0]
    costs = [
        weights[rows] @ great_circle_km(memory.latlng[[row]], memory.latlng[rows]) for row in rows
    ]
    return memory.latlng[rows[int(np.argmin(costs))]]


def test_the_nearest_photo_of_the_likeliest_cell_by_hand(partition: Partition) -> None:
    """Three photos in the likeliest cell, of which two look like the photo and lie together."""
    town = partition.centroids[1]
    latlng = town + np.array([[0.0, 0.0], [0.04, 0.0], [0.041, 0.0]])
    features = np.array([[1.0, 0, 0, 0, 0], [0, 1.0, 0.1, 0, 0], [0, 1.0, -0.1, 0, 0]])
    p = np.array([[0.05, 0.85, 0.05, 0.05]], dtype=np.float32)
    places = RememberedPlaces(partition, memory_at(latlng, features))
    alike = np.array([[0, 1.0, 0.02, 0, 0]], dtype=np.float32)
    np.testing.assert_array_equal(places.estimates(p, alike), latlng[[1]])
    other = np.array([[1.0, 0, 0, 0, 0]], dtype=np.float32)
    np.testing.assert_array_equal(places.estimates(p, other), latlng[[0]])
    # In a cell without a training photo there is nothing to compare with.
    nothing = memory_at(np.array([[0.0, 0.0]]), features[:1])
    found = RememberedPlaces(partition, nothing).estimates(p, other)
    np.testing.assert_array_equal(found, town[None])


def test_the_answer_is_that_of_brute_force(states: Partition, memory: Memory) -> None:
    p, features = asked(states)
    found = RememberedPlaces(states, memory).estimates(p, features)
    expected = np.array(
        [brute(states, memory, own, seen) for own, seen in zip(p, features, strict=True)]
    )
    np.testing.assert_array_equal(found, expected)
    others = PointEstimator(states, memory)
    assert others.methods[-1] == "neighbours"
    np.testing.assert_array_equal(others.estimates(p, "neighbours", features), expected)
    assert great_circle_km(found, others.estimates(p, "distance")).max() > 50


def test_a_photo_alone_has_the_answer_that_it_has_among_others(
    states: Partition, memory: Memory
) -> None:
    p, features = asked(states, 9)
    places = RememberedPlaces(states, memory)
    whole = places.estimates(p, features)
    for row in range(9):
        np.testing.assert_array_equal(places.estimates(p[[row]], features[[row]]), whole[[row]])


def test_photos_of_the_own_drive_do_not_count(states: Partition, memory: Memory) -> None:
    p, features = asked(states)
    sequences = [f"drive {row % 13}" for row in range(len(p))]  # `drive 12` is of no training photo
    table = pl.DataFrame({"photo": [str(row) for row in range(len(p))], "sequence": sequences})
    found = RememberedPlaces(states, memory).estimates(p, features, sequences_of(table))
    expected = np.array(
        [
            brute(states, memory, own, seen, drive)
            for own, seen, drive in zip(p, features, sequences, strict=True)
        ]
    )
    np.testing.assert_array_equal(found, expected)
    # Without sequences a photo is left out by its name.
    alone = memory_at(memory.latlng, memory.features)
    names = pl.DataFrame({"photo": memory.photos["photo"][:40]})
    own = memory.features[:40].astype(np.float32)
    places = RememberedPlaces(states, alone)
    sure = np.eye(len(states), dtype=np.float32)[np.maximum(states.assign(memory.latlng[:40]), 0)]
    itself = places.estimates(sure, own, sequences_of(names))
    assert not (itself == memory.latlng[:40]).all(axis=1).any()


def test_only_training_photos_in_the_region_count(states: Partition, memory: Memory) -> None:
    region = Region("half", shapely.box(-125, 25, -106.3, 45.6))
    cells = cut_partition(states, region)
    p, features = asked(states)
    inside = softmax(np.log(p[:, cells.kept]))
    found = RememberedPlaces(cells, memory).estimates(inside, features)
    assert region.holds(found).all()
    kept = np.flatnonzero(region.holds(memory.latlng))
    fewer = Memory(memory.features[kept], memory.photos[kept])
    np.testing.assert_array_equal(found, RememberedPlaces(cells, fewer).estimates(inside, features))
    assert len(fewer) < len(memory)
