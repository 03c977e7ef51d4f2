import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.choices import ColorScale
from geoguess_cli.maps.scales import (
    count_ticks,
    level_norm,
    photos_norm,
    probability_norm,
    probability_ticks,
)


def test_probabilities_go_on_the_scale_that_its_name_says() -> None:
    most, share = 0.4, np.array([1e-6, 1e-4, 1e-3, 0.04, 0.25, 1.0])
    assert np.asarray(probability_norm("linear", most)(share * most)) == pytest.approx(share)
    assert np.asarray(probability_norm("root", most)(share * most)) == pytest.approx(np.sqrt(share))
    logs = np.clip(1 + np.log10(share) / 4, 0, 1)
    assert np.asarray(probability_norm("log", most)(share * most)) == pytest.approx(logs, abs=1e-9)
    assert probability_norm("log", most)(0.0) == 0.0


@given(st.floats(1e-5, 1.0), st.sampled_from(["root", "linear", "log"]))
def test_ticks_are_few_round_and_on_the_scale(most: float, scale: ColorScale) -> None:
    norm = probability_norm(scale, most)
    ticks = probability_ticks(norm)
    values = [value for value, _ in ticks]
    assert values == sorted(set(values))
    assert 2 <= len(values) <= 5
    assert (values[0] == 0.0) == (scale != "log")
    for value, text in ticks:
        assert 0 <= float(norm(value)) <= 1 + 1e-9
        assert float(text.removesuffix(" %")) == pytest.approx(100 * value)
        digits = text.removesuffix(" %").replace("0", "").replace(".", "")
        assert digits in ("", "1", "2", "5")


def test_photos_are_on_a_logarithmic_scale_where_they_differ_much() -> None:
    few, many = photos_norm(np.array([5.0, 50.0])), photos_norm(np.array([5.0, 500.0]))
    assert few(27.5) == pytest.approx(0.5)
    assert many(50.0) == pytest.approx(0.5)
    assert [text for _, text in count_ticks(many)] == ["5", "10", "20", "50", "100", "200", "500"]
    assert np.isfinite(photos_norm(np.array([7.0, 7.0]))(7.0))


def test_each_level_has_its_step() -> None:
    norm = level_norm(3, 7)
    assert [int(norm(level)) for level in range(3, 8)] == [0, 1, 2, 3, 4]
    assert norm.Ncmap == 5
