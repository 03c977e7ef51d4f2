"""The parts of a chart: dots with intervals, bands, headings."""

import math

import numpy as np

from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.report.charts import band, chart, headed, numbers, points, wrapped

STATISTICS = [Interval(0.5, 0.4, 0.7), Interval(math.nan), Interval(0.2)]


def test_an_undefined_statistic_has_no_dot_and_one_without_interval_no_line() -> None:
    figure, ax = chart(2.0)
    points(ax, np.arange(3.0), STATISTICS, "black", gid="dots")
    (dots,) = figure.findobj(lambda artist: artist.get_gid() == "dots")
    assert dots.get_xydata().tolist() == [[0.0, 0.5], [2.0, 0.2]]
    (lines,) = figure.findobj(lambda artist: artist.get_gid() == "dots interval")
    ends = [segment[:, 1].tolist() for segment in lines.get_segments()]
    assert ends == [[0.4, 0.7], [0.2, 0.2]]


def test_a_band_lies_around_its_curve() -> None:
    _, ax = chart(2.0)
    band(ax, np.array([1.0, 2.0]), [STATISTICS[0]] * 2, "black", "curve")
    assert ax.lines[0].get_ydata().tolist() == [0.5, 0.5]
    assert ax.collections[0].get_paths()[0].get_extents().extents.tolist() == [1.0, 0.4, 2.0, 0.7]


def test_numbers_keep_their_order() -> None:
    np.testing.assert_array_equal(numbers(STATISTICS)[0], [0.5, np.nan, 0.2])
    assert numbers([]).shape == (3, 0)


def test_a_heading_and_two_lines() -> None:
    figure, _ = chart(2.0)
    assert headed(figure, "Title").get_suptitle() == "Title"
    assert wrapped("one two three four") == "one two\nthree four"
