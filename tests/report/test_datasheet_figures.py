"""The figures of a datasheet."""

import numpy as np
import pytest
from figure_worlds import by_gid, texts_of

from geoguess_cli.report.datasheet import datasheet
from geoguess_cli.report.datasheet_figures import datasheet_figures, places_figure, years_figure

pytestmark = pytest.mark.usefixtures("leaves_no_trace")


def test_the_map_has_a_path_for_each_cell(make_table) -> None:
    table = make_table([(45.68, -111.04), (45.68, -111.04), (32.78, -96.80)])
    figure = places_figure(datasheet(table, title="towns"))
    (cells,) = by_gid(figure, "cells")
    assert sorted(np.asarray(cells.get_array()).tolist()) == [1, 2]
    assert "Where 3 photos were taken" in texts_of(figure)


def test_a_bar_is_the_photos_of_a_year() -> None:
    figure = years_figure({2019: 3, 2020: 0, 2021: 5})
    (bars,) = figure.axes[0].containers
    assert [bar.get_height() for bar in bars] == [3, 0, 5]
    assert {"2019", "2020", "2021"} <= set(texts_of(figure))


def test_one_year_needs_no_chart(make_table) -> None:
    one = make_table([(1, 1)] * 2, captured_at=["2019-03-01", "2019-04-01"])
    two = make_table([(1, 1)] * 2, captured_at=["2019-03-01", "2020-04-01"])
    assert set(datasheet_figures(datasheet(one, title="x"))) == {"places"}
    assert set(datasheet_figures(datasheet(two, title="x"))) == {"places", "years"}
