"""Positions that are all alike, on a grid or at a country's middle are named; others are not."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.geo.towns import load_towns
from geoguess_cli.sources.spread import LEAST, check_spread

COORDINATES = Path(__file__).resolve().parents[3] / "shared" / "coordinates"
LISTS = sorted(COORDINATES.glob("*.csv"))


def scattered(count: int, seed: int = 0) -> np.ndarray:
    """Different positions around real towns, with six decimals."""
    rng = np.random.default_rng(seed)
    towns = load_towns().latlng
    near = towns[rng.integers(len(towns), size=count)] + rng.normal(0, 0.02, (count, 2))
    return near.clip([-89, -179], [89, 179]).round(6)


def only(latlng: np.ndarray) -> str:
    (sentence,) = check_spread(latlng)
    return sentence


@pytest.mark.parametrize("count", [LEAST - 1, 300, 30_000])
def test_usual_positions_are_not_worth_a_word(count: int) -> None:
    assert check_spread(scattered(count)) == []


def test_one_position_for_all_names_the_town() -> None:
    sentence = only(np.tile([[51.5073, -0.1276]], (150, 1)))
    assert sentence.startswith("all photos have the same position, 51.507° N, 0.128° W")
    assert "the centre of London" in sentence


def test_a_position_that_a_twentieth_share_is_named() -> None:
    lonely = np.tile([[47.001, -120.503]], (70, 1))  # by a road in Washington
    sentence = only(np.concatenate([scattered(930), lonely]))
    assert sentence == ("7.0 % of the photos have exactly the same position, 47.001° N, 120.503° W")
    assert check_spread(np.concatenate([scattered(980), lonely[:20]])) == []


@pytest.mark.parametrize(
    ("place", "country"),
    [
        ((37.09024, -95.712891), "United States of America"),  # the middle of its box
        ((46.2276, 2.2137), "France"),
        ((-14.235, -51.92528), "Brazil"),
        ((51.165691, 10.451526), "Germany"),
    ],
)
def test_a_countrys_middle_is_named_from_a_small_share_on(
    place: tuple[float, float], country: str
) -> None:
    sentence = only(np.concatenate([scattered(2000), np.tile([place], (30, 1))]))
    assert sentence.startswith("1.5 % of the photos")
    assert f"near the middle of the country {country}" in sentence


@pytest.mark.parametrize(
    ("step", "words", "known"),
    [
        (1.0, "1°", "111 km"),
        (0.1, "0.1°", "11 km"),
        (0.01, "0.01°", "1.1 km"),
        (0.25, "0.25°", "28 km"),
        (1 / 60, "1′", "1.9 km"),
        (1 / 12, "5′", "9.3 km"),
    ],
)
@pytest.mark.parametrize("offset", [0.0, 0.4])
def test_a_grid_is_named_with_its_step(step: float, words: str, known: str, offset: float) -> None:
    grid = (np.round(scattered(3000) / step) + offset) * step
    assert only(grid.round(6)) == (
        f"100 % of the positions lie on a grid of {words}, so they are known to about {known}"
    )


def test_a_grid_may_be_that_of_half_the_positions_only() -> None:
    half = np.concatenate([scattered(1000), scattered(1500, seed=1).round(1)])
    assert only(half).startswith("60 % of the positions") or only(half).startswith("59 %")
    assert check_spread(np.concatenate([scattered(1500), scattered(1000, seed=1).round(1)])) == []


@pytest.mark.parametrize("decimals", [3, 4])
def test_positions_to_a_hundred_metres_are_fine(decimals: int) -> None:
    assert check_spread(scattered(2000).round(decimals)) == []


def test_photos_of_a_few_streets_are_no_grid() -> None:
    rng = np.random.default_rng(0)
    streets = rng.uniform([45.6, -111.1], [45.7, -111.0], (4, 2))
    photos = streets[rng.integers(4, size=400)] + rng.normal(0, 1e-4, (400, 2))
    assert check_spread(photos.round(6)) == []


@pytest.mark.skipif(not LISTS, reason=f"no coordinates at {COORDINATES}")
@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_real_lists_are_not_worth_a_word_until_they_are_rounded(path: Path) -> None:
    latlng = pl.read_csv(path).to_numpy()
    assert check_spread(latlng) == []
    assert "a grid of 0.01°" in only(latlng.round(2))
