"""Point estimates of probabilities alone: by hand, and against brute force on larger worlds."""

from collections.abc import Callable

import numpy as np
import pytest

from geoguess_cli.choices import OF_PROBABILITIES, PointMethod
from geoguess_cli.errors import ConfigError, ModelError
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.geodesy import great_circle_km, spherical_mean
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.inference import estimates
from geoguess_cli.inference.distances import are_neighbours
from geoguess_cli.inference.estimates import SEEDS, PointEstimator
from geoguess_cli.inference.probabilities import softmax

# Near the equator, half a degree (56 km) apart, then two far away to the east.
ROW = np.array([[0.1, lng] for lng in (10.0, 10.5, 11.0, 11.5, 40.0, 40.35)])


def small_cells(latlng: np.ndarray, level: int) -> Partition:
    """Cells of one level around places, whose centroids the places are."""
    cells = latlng_to_cell(latlng, level)
    order = np.argsort(cells)
    return Partition(cells[order], np.ones(len(cells), dtype=np.uint32), latlng[order])


@pytest.fixture(scope="module")
def row() -> tuple[PointEstimator, Partition]:
    """Six cells of level 8, about 38 km wide: the first four are neighbours in a row."""
    partition = small_cells(ROW, 8)
    np.testing.assert_array_equal(partition.centroids, ROW)  # cell ids ascend eastwards here
    return PointEstimator(partition), partition


@pytest.fixture(scope="module")
def world() -> Partition:
    """Some hundred cells of all sizes, around the antimeridian and the pole too."""
    rng = np.random.default_rng(5)
    towns = np.array([[45.0, 7.0], [-17.0, 179.9], [89.0, 0.0], [44.0, -110.0], [30.0, -97.0]])
    latlng = np.concatenate([town + rng.normal(size=(120, 2)) * [0.9, 1.5] for town in towns])
    latlng = np.concatenate([latlng, rng.uniform([-60, -180], [70, 180], size=(300, 2))])
    latlng[:, 0] = np.clip(latlng[:, 0], -90, 90)
    latlng[:, 1] = (latlng[:, 1] + 180) % 360 - 180
    return build_partition(latlng, max_photos=4, min_photos=1)


def probabilities(partition: Partition, *, seed: int, photos: int = 60) -> np.ndarray:
    """Sure, unsure, wandering and uniform answers."""
    rng = np.random.default_rng(seed)
    centers = rng.integers(0, len(partition), photos)
    distances = np.array(
        [great_circle_km(partition.centroids[[c]], partition.centroids) for c in centers]
    )
    scale = rng.choice([5.0, 50.0, 500.0, 5000.0, 1e9], (photos, 1))
    noise = rng.normal(size=distances.shape) * rng.choice([0.0, 1.0, 4.0], (photos, 1))
    return softmax(noise - distances / scale)


@pytest.mark.parametrize(
    ("p", "centroid", "distance", "geoscore"),
    [
        ([1, 0, 0, 0, 0, 0], 0, 0, 0),
        # The middle of three as likely cells in a row has the least distances.
        ([0.3, 0.3, 0.3, 0, 0.1, 0], 0, 1, 1),
        # The likeliest cell is far from most of the mass: 0.6 of it lies in the west.
        ([0.15, 0.15, 0.15, 0.15, 0.4, 0], 4, 3, 2),
        # More than half in one cell: nowhere else is better.
        ([0.12, 0.12, 0.12, 0.12, 0, 0.52], 5, 5, 5),
    ],
)
def test_estimates_by_hand(
    row: tuple[PointEstimator, Partition],
    p: list[float],
    centroid: int,
    distance: int,
    geoscore: int,
) -> None:
    estimator, _ = row
    given = np.array([p], dtype=np.float32)
    methods: tuple[PointMethod, ...] = ("centroid", "distance", "geoscore")
    for method, expected in zip(methods, (centroid, distance, geoscore), strict=True):
        np.testing.assert_array_equal(estimator.estimates(given, method)[0], ROW[expected])


def test_the_cluster_is_a_cell_with_its_neighbours(row: tuple[PointEstimator, Partition]) -> None:
    estimator, partition = row
    near = are_neighbours(np.arange(6).repeat(6), np.tile(np.arange(6), 6), partition)
    assert near.reshape(6, 6).astype(int).tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1],
    ]
    # Masses of the clusters: 0.3, 0.6, 0.5, 0.3, 0.4, 0.4; the second has cells 0, 1 and 2.
    p = np.array([[0.2, 0.1, 0.2, 0.1, 0.4, 0.0]], dtype=np.float32)
    expected = spherical_mean(ROW[:3], np.array([0.2, 0.1, 0.2]))
    np.testing.assert_allclose(estimator.estimates(p, "cluster")[0], expected, atol=1e-6)
    assert expected[1] == pytest.approx(10.5, abs=1e-6)


def brute_cluster(partition: Partition, p: np.ndarray) -> np.ndarray:
    count = len(partition)
    best, mass = -1, -1.0
    for seed in np.argsort(-p, kind="stable")[:SEEDS]:
        near = are_neighbours(np.full(count, seed), np.arange(count), partition)
        if p[near].sum(dtype=np.float64) > mass + 1e-6:
            best, mass = int(seed), float(p[near].sum(dtype=np.float64))
    near = are_neighbours(np.full(count, best), np.arange(count), partition)
    return spherical_mean(partition.centroids[near], p[near].astype(np.float64))


def test_clusters_are_those_of_brute_force(world: Partition) -> None:
    p = probabilities(world, seed=2)[:30]
    expected = np.array([brute_cluster(world, own) for own in p])
    found = PointEstimator(world).estimates(p, "cluster")
    assert great_circle_km(found, expected).max() < 0.5
    assert great_circle_km(found, world.centroids[p.argmax(axis=1)]).max() > 1


@pytest.mark.parametrize("held", [10_000, 10])
@pytest.mark.parametrize(
    ("method", "cost"),
    [("distance", lambda km: km), ("geoscore", lambda km: -np.exp(-km / 1492.7))],
)
def test_no_other_centroid_has_a_lower_expected_cost(
    world: Partition,
    method: PointMethod,
    cost: Callable[[np.ndarray], np.ndarray],
    held: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("geoguess_cli.inference.distances._KEPT", held)
    p = probabilities(world, seed=1)
    matrix = np.array([great_circle_km(place[None], world.centroids) for place in world.centroids])
    costs = p.astype(np.float64) @ cost(matrix)
    estimates = PointEstimator(world).estimates(p, method)
    cells = np.array([great_circle_km(e[None], world.centroids).argmin() for e in estimates])
    found = costs[np.arange(len(p)), cells]
    assert (found <= costs.min(axis=1) + 1e-5 * np.abs(costs.min(axis=1)) + 1e-6).all()
    assert (cells != p.argmax(axis=1)).mean() > 0.3  # else the test would say little
    assert len(world) > 200


def test_estimates_of_a_photo_do_not_depend_on_its_batch(world: Partition) -> None:
    p = probabilities(world, seed=3)
    estimator = PointEstimator(world)
    for method in OF_PROBABILITIES:
        whole = estimator.estimates(p, method)
        alone = np.concatenate([estimator.estimates(own[None], method) for own in p])
        assert great_circle_km(whole, alone).max() < 1e-6


@pytest.mark.parametrize("method", OF_PROBABILITIES)
def test_one_cell_is_every_answer(method: PointMethod) -> None:
    partition = small_cells(np.array([[-17.0, 179.99]]), 6)
    estimate = PointEstimator(partition).estimates(np.ones((2, 1), dtype=np.float32), method)
    np.testing.assert_allclose(estimate, [[-17.0, 179.99]] * 2, atol=1e-9)


def test_a_cluster_across_the_antimeridian_has_its_mean_there() -> None:
    places = np.array([[0.1, 179.8], [0.1, -179.8]])
    estimator = PointEstimator(small_cells(places, 8))
    estimate = estimator.estimates(np.full((1, 2), 0.5, dtype=np.float32), "cluster")
    assert great_circle_km(estimate, np.array([[0.1, 180.0]]))[0] < 0.01


def test_cells_that_balance_around_the_earth_leave_the_middle() -> None:
    # Whole faces, a quarter turn apart: the first neighbours the others, which balance.
    places = np.array([[0.0, 10.0], [0.0, 100.0], [90.0, 0.0], [0.0, -80.0], [-90.0, 0.0]])
    partition = small_cells(places, 0)
    p = np.where(partition.centroids[:, 1] == 10.0, 0.0, 0.25).astype(np.float32)[None]
    estimate = PointEstimator(partition).estimates(p, "cluster")
    np.testing.assert_array_equal(estimate, places[:1])


def test_every_method_has_a_function_and_no_other_name_has(world: Partition) -> None:
    assert set(estimates._ESTIMATES) == set(OF_PROBABILITIES)
    assert PointEstimator(world).methods == OF_PROBABILITIES
    with pytest.raises(ModelError, match="`geoguess calibrate --memory` adds it"):
        PointEstimator(world).estimates(probabilities(world, seed=0), "neighbours")
    with pytest.raises(ConfigError, match="'nearest'; it must be one of centroid, cluster"):
        estimates._estimate_of("nearest")
