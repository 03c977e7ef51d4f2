"""A part of a report made up for the test: its keys, its statistics, its JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from geoguess_cli.evaluation.comparison import COMPARED
from geoguess_cli.evaluation.definitions import computed, definitions, draft, keys, plain, statistic
from geoguess_cli.evaluation.intervals import Bootstrap, Interval, mean_of, median_of


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """From sizes."""

    photos: int
    mean: Interval = statistic("mean size", "km", mean_of, "mean of *s*")  # noqa: RUF009
    median: Interval = statistic("median size", "km", median_of, "median of *s*")  # noqa: RUF009


@dataclass(frozen=True, kw_only=True)
class Whole(Sizes):
    """Sizes, and those of the parts."""

    parts: Mapping[str, Sizes]
    rows: Sequence[Sizes] | None


SIZES = np.array([1.0, 2.0, 6.0])


def made() -> Whole:
    part = draft(Sizes, np.array([1.0, 2.0, np.nan]), photos=2)
    whole = draft(Whole, SIZES, photos=3, parts={"small": part}, rows=[part])
    return Bootstrap(np.arange(3), resamples=20).measured(whole)  # type: ignore[no-any-return]


def test_the_definition_stands_at_its_field() -> None:
    assert list(definitions(Sizes)) == ["mean", "median"]
    assert definitions(Whole)["mean"].unit == "km"
    assert set(computed(Sizes, SIZES)) == {"mean", "median"}


def test_keys_have_a_star_for_names_and_none_for_the_entries_of_a_list() -> None:
    known = dict(keys(Whole))
    assert list(known) == [
        *("photos", "mean", "median"),
        *("parts.*.photos", "parts.*.mean", "parts.*.median"),
        *("rows.photos", "rows.mean", "rows.median"),
    ]
    assert known["parts.*.mean"] == definitions(Sizes)["mean"]
    assert known["photos"] is None


def test_a_draft_becomes_its_part_with_intervals() -> None:
    whole = made()
    assert isinstance(whole, Whole)
    assert isinstance(whole.parts["small"], Sizes)
    assert whole.mean.value == 3.0
    assert whole.mean.low < 3.0 < whole.mean.high
    assert whole.rows is not None
    assert whole.rows[0].median.value == 1.5


def test_plain_is_json() -> None:
    record = plain(made())
    assert record["photos"] == 3
    assert record["parts"]["small"]["mean"]["value"] == 1.5
    assert set(record["rows"][0]["median"]) == {"value", "low", "high"}


def test_a_field_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="photos"):
        Bootstrap(np.arange(3)).measured(draft(Sizes, SIZES))


def test_every_comparison_is_of_a_key_of_the_report() -> None:
    assert len(COMPARED) == 14
    assert COMPARED["within_km.25"].name == "photos within 25 km"
    assert COMPARED["median_km"].definition.less
