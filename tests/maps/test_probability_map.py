from dataclasses import replace

import geopandas
import numpy as np
import pytest
import shapely
from map_worlds import area_km2, map_of, random_map

from geoguess_cli.errors import CellError, CoordinateError, ModelError
from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.inference.answers import Unanswered
from geoguess_cli.inference.credible import credible_sets
from geoguess_cli.inference.probabilities import top_cells
from geoguess_cli.maps.probability_map import probability_map, probability_maps


def test_guesses_are_the_top_cells_in_their_order(states: Partition) -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.choice([1, 2, 3], len(states)).astype(np.float32)  # many ties
    probabilities /= probabilities.sum()
    made = map_of(states, probabilities, top_k=7)
    assert made.guesses.tolist() == top_cells(probabilities[None], 7)[0].tolist()
    assert sorted(made.ranking.tolist()) == list(range(len(states)))


def test_the_estimate_is_the_centroid_of_the_likeliest_cell(states: Partition) -> None:
    probabilities = np.zeros(len(states), dtype=np.float32)
    probabilities[3] = 1.0
    truth = states.centroids[3] + [1.0, 0.0]
    made = map_of(states, probabilities, truth=truth.tolist())
    assert made.estimate.tolist() == states.centroids[3].tolist()
    assert made.distance_km == pytest.approx(111.195, abs=0.01)
    assert map_of(states, probabilities).distance_km is None
    elsewhere = map_of(states, probabilities, estimate=(40.0, -100.0))
    assert elsewhere.estimate.tolist() == [40.0, -100.0]


def test_entropy_and_credible_cells_of_known_distributions(faces: Partition) -> None:
    even = map_of(faces, np.full(6, 1 / 6, dtype=np.float32))
    assert even.entropy_bits == pytest.approx(np.log2(6), abs=1e-6)
    assert [len(even.credible_cells(q)) for q in (0.1, 0.5, 0.51, 1.0)] == [1, 3, 4, 6]
    certain = map_of(faces, np.eye(6, dtype=np.float32)[2])
    assert certain.entropy_bits == 0.0
    assert certain.credible_cells(0.99).tolist() == [2]
    two = map_of(faces, np.array([0.1, 0, 0, 0.4, 0.5, 0], dtype=np.float32))
    assert two.credible_cells(0.9).tolist() == [4, 3]
    assert two.entropy_bits == pytest.approx(1.360964, abs=1e-5)


def credible_by_hand(probabilities: np.ndarray, mass: float) -> list[int]:
    """The fewest cells that sum to `mass`, found by adding one after the other."""
    chosen: list[int] = []
    held = 0.0
    for index in sorted(range(len(probabilities)), key=lambda i: (-probabilities[i], i)):
        if held >= mass - 1e-6:
            break
        chosen.append(index)
        held += float(probabilities[index])
    return chosen


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
@pytest.mark.parametrize("mass", [0.5, 0.9, 1.0])
def test_the_credible_region_is_that_of_the_fewest_cells(
    kind: str, mass: float, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    weights = np.random.default_rng(2).random(len(partition)) ** 4
    probabilities = (weights / weights.sum()).astype(np.float32)
    made = map_of(partition, probabilities)
    cells = made.credible_cells(mass).tolist()
    assert cells == credible_by_hand(probabilities, mass)
    assert made.credible_area_km2(mass) == pytest.approx(partition.area_km2[cells].sum())
    if mass < 1:
        truth = np.array([cells[-1]])
        (theirs,) = credible_sets(probabilities[None], truth, partition.area_km2, (mass,))
        assert theirs.cells.tolist() == [len(cells)]
        assert theirs.holds_truth.all()
    region = made.credible_region(mass)
    assert region.is_valid
    assert area_km2(region) == pytest.approx(made.credible_area_km2(mass), rel=2e-3)
    union = geopandas.GeoSeries(partition.polygons[cells]).union_all()
    assert union.symmetric_difference(region).area < 5e-3 * union.area


def test_expected_distance_of_known_probabilities(states: Partition) -> None:
    rng = np.random.default_rng(4)
    probabilities = rng.dirichlet(np.ones(len(states))).astype(np.float32)
    made = map_of(states, probabilities)
    away = great_circle_km(made.estimate[None], states.centroids)
    radii = np.sqrt(states.area_km2 / np.pi)
    assert made.answer.expected_km == pytest.approx(
        float(probabilities @ np.sqrt(away**2 + radii**2 / 2)), rel=1e-5
    )
    order = np.argsort(away + radii)
    reached = np.cumsum(probabilities[order])
    assert made.answer.radius_90_km == pytest.approx(
        (away + radii)[order][np.searchsorted(reached, 0.9)], rel=1e-5
    )


def test_the_extent_shows_mass_truth_and_estimate(states: Partition, fall_off) -> None:  # type: ignore[no-untyped-def]
    probabilities = fall_off(states, (45.7, -111.0), 30)
    alone = map_of(states, probabilities).extent()
    assert alone.width_km < 900
    far = map_of(states, probabilities, truth=(31.0, -97.5)).extent()
    assert far.width_km > 1000
    assert 1.2 <= far.width_km / far.height_km <= 1.45


@pytest.mark.parametrize(
    ("probabilities", "error", "message"),
    [
        ([0.2] * 5, CellError, "5 probabilities for a partition of 6 cells"),
        ([1 / 3] * 6, ModelError, "sum to 2"),
        ([1.5, -0.5, 0, 0, 0, 0], ModelError, "the least is -0.5"),
        ([np.nan] * 6, ModelError, "nan"),
    ],
)
def test_what_does_not_fit_is_refused(
    faces: Partition, probabilities: list[float], error: type[Exception], message: str
) -> None:
    even = map_of(faces, np.full(6, 1 / 6, dtype=np.float32)).answer
    with pytest.raises(error, match=message):
        probability_map(replace(even, probabilities=np.float32(probabilities)), faces)


def test_places_off_the_earth_are_refused(faces: Partition) -> None:
    even = map_of(faces, np.full(6, 1 / 6, dtype=np.float32)).answer
    with pytest.raises(CoordinateError):
        probability_map(even, faces, truth=(91.0, 0.0))
    with pytest.raises(CoordinateError):
        probability_map(replace(even, estimate=(0.0, 400.0)), faces)


def test_a_photo_without_an_answer_gets_no_map(faces: Partition) -> None:
    even = map_of(faces, np.full(6, 1 / 6, dtype=np.float32)).answer
    broken = Unanswered(1, "b.jpg", "b.jpg is no photo")
    answers = [replace(even, row=0), broken, replace(even, row=2)]
    failed: list[Unanswered] = []
    maps = probability_maps(answers, faces, [None, None, (1.0, 2.0)], on_failure=failed.append)
    assert [map_.distance_km is None for map_ in maps] == [True, False]
    assert failed == [broken]


def test_a_map_within_a_region_holds_only_the_parts_inside(states: Partition) -> None:
    region = find_region("Montana, US")
    made = random_map(cut_partition(states, region))
    assert made.region is region
    assert random_map(states).region is None
    for mass in (0.5, 0.9):
        shape = made.credible_region(mass)
        assert shapely.difference(shape, shapely.buffer(region.shape, 1e-9)).area < 1e-9
        assert area_km2(shape) == pytest.approx(made.credible_area_km2(mass), rel=0.01)
    assert region.holds(made.partition.centroids[made.guesses]).all()
