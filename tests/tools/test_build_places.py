"""The tool that builds the table of towns: what it leaves out, on a handful of places."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.towns import load_towns

TOOL = Path(__file__).resolve().parents[2] / "tools" / "build_places.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    pytest.importorskip("pyarrow")
    specification = importlib.util.spec_from_file_location("build_places", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def places(*rows: tuple[str, float, float, int, str, str]) -> pl.DataFrame:
    schema = ["name", "latitude", "longitude", "population", "countrycode", "admin1code"]
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(
        geonameid=pl.int_range(pl.len()), country_name=pl.lit("by GeoNames' name")
    )


def test_a_hamlet_gives_way_to_a_town_but_not_across_a_border(tool: ModuleType) -> None:
    km = 1 / 111.2
    given = places(
        ("Hamlet", 40.0 + 13 * km, -100.0, 3_125, "", ""),  # 14 km is the town's shadow over it
        ("Town", 40.0, -100.0, 50_000, "", ""),
        ("Far hamlet", 40.0 - 15 * km, -100.0, 3_125, "", ""),
        ("Its shadow", 40.0 + 19 * km, -100.0, 3_000, "", ""),  # of the hamlet that is left out
        ("Foreign", 40.0, -100.0 + 2 * km, 10, "", ""),
    ).with_columns(country=pl.lit("A"), region=pl.lit(""))
    given = given.with_columns(
        country=pl.when(pl.col("name") == "Foreign").then(pl.lit("B")).otherwise("country")
    )
    assert set(tool.prominent(given)["name"]) == {"Town", "Far hamlet", "Its shadow", "Foreign"}


def test_countries_are_those_of_the_basemap(tool: ModuleType) -> None:
    found = tool.with_countries(
        places(
            ("Bozeman", 45.68, -111.04, 1, "US", "MT"),
            ("Kreuzlingen", 47.65, 9.18, 1, "CH", ""),  # some hundred metres from Germany
            ("Simferopol", 44.95, 34.10, 1, "UA", ""),  # the basemap draws Crimea otherwise
            ("Saint-Denis", -20.88, 55.45, 1, "RE", ""),  # a part of France there
            ("Funafuti", -8.52, 179.19, 1, "TV", ""),  # not drawn
        )
    )
    assert found.select("country", "country_code").rows() == [
        ("United States of America", "US"),
        ("Switzerland", "CH"),
        ("Russia", "RU"),
        ("by GeoNames' name", "RE"),
        ("by GeoNames' name", "TV"),
    ]


def test_a_division_is_the_region_of_most_of_its_places(tool: ModuleType) -> None:
    found = tool.with_regions(
        places(
            ("Edmonton", 53.55, -113.47, 1, "CA", "01"),
            ("Calgary", 51.05, -114.09, 1, "CA", "01"),
            ("Lloydminster", 53.28, -109.98, 1, "CA", "01"),  # in Saskatchewan by the drawn line
            ("Arezzo", 43.46, 11.88, 1, "IT", "16"),
            ("Offshore", 42.0, -60.0, 1, "CA", "07"),
        )
    )
    assert found["region"].to_list() == ["Alberta", "Alberta", "Alberta", "", ""]


def test_names_are_plain(tool: ModuleType) -> None:
    assert tool.plain_name("Hennef (Sieg)") == "Hennef"
    assert tool.plain_name("Mianzhu, Deyang, Sichuan") == "Mianzhu"
    assert tool.plain_name("(Ohne)") == "(Ohne)"
    assert tool.plain_name("Biel/Bienne") == "Biel/Bienne"


def test_a_written_table_is_the_one_that_was_meant(tool: ModuleType, tmp_path: Path) -> None:
    frame = places(("Bozeman", 45.6796, -111.0386, 48_532, "US", "MT")).with_columns(
        country=pl.lit("United States of America"),
        country_code=pl.lit("US"),
        region=pl.lit("Montana"),
    )
    tool.write_towns(frame, tmp_path / "places.parquet")
    assert pl.read_parquet(tmp_path / "places.parquet").rows() == [
        ("Bozeman", "United States of America", "US", "Montana", 4568, -11104, 49_000)
    ]


def test_no_two_towns_of_a_region_crowd_each_other(tool: ModuleType) -> None:
    towns = load_towns()
    state = np.flatnonzero((towns.frame["region"] == "Texas").to_numpy())
    assert len(state) > 500
    for row in state:
        away = great_circle_km(towns.latlng[[row]], towns.latlng[state])
        away[state == row] = np.inf
        assert away.min() > tool.EQUALS_KM - 1.5  # positions are rounded
