"""Whether latitude and longitude look exchanged: never in a right source, else where it shows."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.geo.towns import load_towns
from geoguess_cli.photos.rows import ROW, checked_rows
from geoguess_cli.sources.checks import SAMPLE, OrderCheck, check_order, exchanging

COORDINATES = Path(__file__).resolve().parents[3] / "shared" / "coordinates"
LISTS = sorted(COORDINATES.glob("*.csv"))


def towns_of(country: str) -> pl.DataFrame:
    """Places of a country, with the columns of a source."""
    return load_towns().frame.filter(pl.col("country_code") == country)


def read(frame: pl.DataFrame, *, swap: bool) -> OrderCheck:
    """The check of a source as its reader sees it: with rows that are out of range left out."""
    frame = frame.with_columns(pl.lit("a.jpg").alias("photo")).with_row_index(ROW)
    return check_order(*checked_rows(frame, file="a.csv", swap=swap))


def places(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select("latitude", "longitude")


@pytest.mark.parametrize("country", ["US", "JP", "AU", "GB", "NO", "FI", "NZ"])
def test_a_country_that_is_at_sea_or_out_of_range_if_exchanged_is_noticed(country: str) -> None:
    right = read(places(towns_of(country)), swap=False)
    wrong = read(places(towns_of(country)), swap=True)
    assert not right.looks_exchanged
    assert wrong.looks_exchanged
    assert (wrong.by, wrong.exchanged) == ("land", pytest.approx(1.0, abs=0.02))
    assert wrong.as_is < 0.5


@pytest.mark.parametrize("country", ["ES", "IT", "EG", "TR"])
def test_only_the_country_column_can_tell_a_country_that_is_on_land_either_way(
    country: str,
) -> None:
    towns = towns_of(country)
    assert not read(places(towns), swap=False).looks_exchanged
    named = towns.select("latitude", "longitude", country="country_code")
    assert not read(named, swap=False).looks_exchanged
    if country in {"ES", "IT"}:
        check = read(named, swap=True)
        assert (check.by, check.looks_exchanged) == ("country", True)
        assert check.exchanged > 0.9
        assert "in the country that the source names" in str(check)


@pytest.mark.parametrize("name", ["Spain", " spain", "ES", "es"])
def test_countries_are_known_by_name_and_code(name: str) -> None:
    towns = places(towns_of("ES")).with_columns(pl.lit(name).alias("country"))
    assert read(towns, swap=True).by == "country"


@pytest.mark.parametrize("name", ["USA", "United States", "us", "United States of America"])
def test_the_united_states_have_many_names(name: str) -> None:
    towns = places(towns_of("US")).with_columns(pl.lit(name).alias("country"))
    check = read(towns, swap=False)
    assert (check.by, check.as_is) == ("country", pytest.approx(1.0, abs=0.02))


def test_regions_tell_where_no_country_is_named() -> None:
    towns = towns_of("BR").filter(pl.col("region") == "Pernambuco")
    check = read(towns.select("latitude", "longitude", "region"), swap=False)
    assert (check.by, check.looks_exchanged) == ("region", False)


def test_a_column_of_other_names_says_nothing() -> None:
    """Where the photographer lives is no witness: neither order agrees with it."""
    towns = places(towns_of("GB")).with_columns(pl.lit("Peru").alias("country"))
    assert read(towns, swap=False).by == "land"
    assert not read(towns, swap=False).looks_exchanged
    assert read(towns, swap=True).looks_exchanged


def test_a_few_wrong_rows_accuse_no_source() -> None:
    """A twentieth of the rows beyond a pole, as after a slip of the hand."""
    towns = places(towns_of("FR"))
    american = towns_of("US").select(latitude="longitude", longitude="latitude")
    mixed = pl.concat([towns, american.head(len(towns) // 19)])
    assert not read(mixed, swap=False).looks_exchanged


def test_few_photos_at_sea_accuse_no_source() -> None:
    ferry = pl.DataFrame({"latitude": [-4.0] * 9, "longitude": [55.0] * 9})
    assert not read(ferry, swap=False).looks_exchanged


def test_small_islands_that_the_map_lacks_are_land() -> None:
    """Half the town lists of the Seychelles are in no shape; exchanged they are in Scotland."""
    island = towns_of("SC").filter(pl.col("name").is_in(["La Digue", "Baie Sainte Anne"]))
    assert not read(places(pl.concat([island] * 10)), swap=False).looks_exchanged


def test_no_row_is_no_fault() -> None:
    empty = pl.DataFrame(schema={"latitude": pl.Float64, "longitude": pl.Float64})
    assert not check_order(empty).looks_exchanged


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_right_source_is_accused(data: st.DataObject) -> None:
    """Any twenty towns or more: of the Earth, of a box, or around one place."""
    towns = places(load_towns().frame)
    seed = data.draw(st.integers(0, 2**32 - 1))
    reach = data.draw(st.sampled_from([0.3, 1.0, 5.0, 20.0, 180.0]))
    rng = np.random.default_rng(seed)
    latlng = towns.to_numpy()
    near = np.abs(latlng - latlng[rng.integers(len(latlng))]).max(axis=1) <= reach
    rows = rng.permutation(np.flatnonzero(near))[: data.draw(st.integers(20, 200))]
    chosen = pl.concat([towns[rows]] * -(-20 // len(rows)))
    assert not read(chosen, swap=False).looks_exchanged


@pytest.mark.skipif(not LISTS, reason=f"no coordinates at {COORDINATES}")
@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_real_lists_are_accused_only_if_they_are_exchanged(path: Path) -> None:
    frame = places(pl.read_csv(path))
    assert not read(frame, swap=False).looks_exchanged
    assert read(frame, swap=True).looks_exchanged
    rng = np.random.default_rng(0)
    for _ in range(40):
        drawn = frame[rng.choice(len(frame), 20, replace=False)]
        assert not read(drawn, swap=False).looks_exchanged
    boxes = np.floor(frame.to_numpy() / 2.0)
    _, box, counts = np.unique(boxes, axis=0, return_inverse=True, return_counts=True)
    for number in rng.permutation(np.flatnonzero(counts >= 20))[:60]:
        assert not read(frame.filter(box == number), swap=False).looks_exchanged


def test_only_a_sample_is_looked_at() -> None:
    """Exchanged rows beyond the sample's reach change no share by more than a few points."""
    towns = places(towns_of("GB"))
    many = pl.concat([towns] * (10 * SAMPLE // len(towns) + 1))
    assert read(many, swap=True).as_is == pytest.approx(read(towns, swap=True).as_is, abs=0.05)


def test_the_remedy_can_be_pasted() -> None:
    assert "`geoguess data import 'my photos.csv' --swap -o" in exchanging(Path("my photos.csv"))
