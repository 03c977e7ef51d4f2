"""The best constant answer: against brute force, and where the answer is known."""

import numpy as np
import pytest

from geoguess_cli.errors import CoordinateError
from geoguess_cli.evaluation.baselines import best_constant, most_frequent_cell
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.partition import build_partition


def median_km(place: np.ndarray, latlng: np.ndarray) -> float:
    return float(np.median(great_circle_km(place[None], latlng)))


def brute_force(latlng: np.ndarray) -> float:
    """Least median distance in km over the photos and a grid that is refined around its best."""
    candidates, span = latlng, 90.0
    best = min(candidates, key=lambda place: median_km(place, latlng))
    grid = [(a, b) for a in np.linspace(-90, 90, 37) for b in np.linspace(-180, 180, 73)]
    for _ in range(9):
        best = min([best, *map(np.array, grid)], key=lambda place: median_km(place, latlng))
        span /= 3
        latitudes = np.clip(best[0] + np.linspace(-span, span, 13), -90, 90)
        grid = [(a, b) for a in latitudes for b in best[1] + np.linspace(-span, span, 13)]
    return median_km(best, latlng)


@pytest.mark.parametrize("count", [3, 10, 41])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        ((30, -125), (49, -95)),  # ten states
        ((-60, 150), (60, 210)),  # across the antimeridian
        ((70, -180), (90, 180)),  # around the pole
        ((55.70, 13.18), (55.71, 13.20)),  # one town
    ],
)
def test_no_brute_force_beats_it(
    count: int, low: tuple[float, float], high: tuple[float, float]
) -> None:
    latlng = np.random.default_rng(count).uniform(low, high, size=(count, 2))
    found = median_km(np.array(best_constant(latlng)), latlng)
    assert 0 < found <= 1.001 * brute_force(latlng) + 0.001


def test_the_tolerance_is_kept() -> None:
    latlng = np.random.default_rng(4).uniform((30, -125), (49, -95), size=(25, 2))
    coarse, fine = (
        median_km(np.array(best_constant(latlng, tolerance=share)), latlng)
        for share in (0.2, 0.0001)
    )
    assert fine <= coarse <= fine / (1 - 0.2)


def test_the_majority_s_place_wins() -> None:
    latlng = np.array([[44.0, 6.0]] * 6 + [[-33.0, 151.0]] * 5)
    assert median_km(np.array(best_constant(latlng)), latlng) < 0.001


@pytest.mark.parametrize("place", [(90.0, 0.0), (-90.0, 0.0), (0.0, 180.0), (45.0, 45.0)])
def test_one_photo_is_its_own_best_constant(place: tuple[float, float]) -> None:
    latlng = np.array([place])
    assert median_km(np.array(best_constant(latlng)), latlng) < 0.001


def test_three_points_around_the_pole_have_it_between_two() -> None:
    latlng = np.array([[80.0, 0.0], [80.0, 120.0], [80.0, 240.0]])
    # The median of three distances is the second, so the best place is halfway between two points.
    half = great_circle_km(latlng[:1], latlng[1:2])[0] / 2
    assert median_km(np.array(best_constant(latlng)), latlng) == pytest.approx(half, rel=1e-3)


def test_antipodes_leave_nothing_to_choose_and_still_end() -> None:
    latlng = np.array([[10.0, 20.0], [-10.0, -160.0]])
    found = median_km(np.array(best_constant(latlng)), latlng)
    assert found == pytest.approx(np.pi * EARTH_RADIUS_KM / 2)


def test_many_points_go_through_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    latlng = np.random.default_rng(1).uniform((30, -125), (49, -95), size=(501, 2))
    whole = best_constant(latlng)
    monkeypatch.setattr("geoguess_cli.evaluation.baselines._CHUNK", 700)
    assert best_constant(latlng) == whole


def test_what_is_no_list_of_places_is_refused() -> None:
    with pytest.raises(ValueError, match="no point"):
        best_constant(np.empty((0, 2)))
    with pytest.raises(CoordinateError, match="row 1: latitude is 91"):
        best_constant(np.array([[0.0, 0.0], [91.0, 0.0]]))


def test_the_most_frequent_cell_has_the_most_training_photos() -> None:
    latlng = np.repeat([[45.0, 7.0], [10.0, 100.0], [-33.0, 151.0]], [3, 5, 4], axis=0)
    partition = build_partition(latlng, max_photos=5, min_photos=1)
    cell = most_frequent_cell(partition)
    assert cell == partition.assign(np.array([[10.0, 100.0]]))[0]
    assert partition.photos[cell] == 5
