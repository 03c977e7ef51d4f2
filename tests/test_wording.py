"""Numbers and places as text; the doctests of the module have further cases."""

import math
from types import SimpleNamespace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.wording import Unit, coordinates, kilometres, number, percent, text_of


@given(st.floats(0, 1))
def test_a_percentage_differs_from_its_share_by_less_than_half_a_digit(share: float) -> None:
    text = percent(share)
    if text.startswith("<"):
        assert 0 < share < 1e-4
    else:
        assert abs(float(text.removesuffix(" %")) - 100 * share) <= max(0.005, 0.05 * 100 * share)


@given(st.floats(0, 2e4))
def test_a_distance_is_written_to_a_twentieth(distance: float) -> None:
    written = float(kilometres(distance).removesuffix(" km").replace(",", ""))
    assert abs(written - distance) <= max(0.005, 0.051 * distance)


@pytest.mark.parametrize("unit", get_args(Unit))
def test_what_is_undefined_is_a_dash_in_every_unit(unit: Unit) -> None:
    assert number(math.nan, unit) == number(None, unit) == "–"
    nothing = SimpleNamespace(value=math.nan, low=math.nan, high=math.nan)
    assert str(text_of(nothing, unit)) == "–"


def test_longitudes_beyond_the_antimeridian_come_back() -> None:
    assert coordinates(0.0, 200.0, decimals=0) == coordinates(0.0, -160.0, decimals=0)
