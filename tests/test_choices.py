"""Every choice of an option is implemented."""

from typing import get_args

from geoguess_cli.choices import BASELINES, POINT_METHODS, Baseline, PointMethod


def test_every_point_method_has_its_words() -> None:
    assert tuple(POINT_METHODS) == get_args(PointMethod)


def test_the_baselines_are_those_of_the_option() -> None:
    assert get_args(Baseline) == BASELINES
