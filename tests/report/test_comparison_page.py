"""A comparison in words, and its figure."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from geoguess_cli.evaluation.comparison import (
    COMPARED,
    ComparedCounts,
    Comparison,
    Difference,
)
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.report.comparison_page import comparison_page, difference, verdicts
from geoguess_cli.report.figures import comparison_figure
from geoguess_cli.report.files import write_comparison


def of(**changes: Any) -> Difference:
    half = Interval(0.5, 0.4, 0.6)
    known = {"a": half, "b": half, "difference": Interval(0.0, -1.0, 1.0), "fair": True}
    return Difference(**{**known, "better": None, **changes})


@pytest.fixture
def comparison() -> Comparison:
    statistics = {key: of() for key in COMPARED}
    statistics["median_km"] = of(
        a=Interval(258.0, 200.0, 300.0),
        b=Interval(227.0, 180.0, 290.0),
        difference=Interval(-31.0, -50.0, -12.0),
        better="b",
    )
    statistics["within_km.25"] = of(difference=Interval(-0.02, -0.03, -0.01), better="a")
    model = {"fingerprint": "0", "backbone": "x", "vit": "y", "cells": 30}
    return Comparison(
        split="test",
        counts=ComparedCounts(photos=100, skipped=0, sequences=20),
        same_cells=True,
        models={"a": {**model, "name": "old"}, "b": {**model, "name": "new", "cells": 45}},
        statistics=statistics,
    )


def test_what_is_sure_is_said_in_words(comparison: Comparison) -> None:
    assert verdicts(comparison) == [
        "B is better in median distance by 31 km (12 to 50).",
        "A is better in photos within 25 km by 2.0 pp (1.0 to 3.0).",
    ]


def test_nothing_sure_is_said_too(comparison: Comparison) -> None:
    unsure = dataclasses.replace(comparison, statistics={key: of() for key in COMPARED})
    (sentence,) = verdicts(unsure)
    assert sentence.startswith("No statistic tells the two models apart")


def test_other_label_spaces_are_named(comparison: Comparison) -> None:
    sentence = verdicts(dataclasses.replace(comparison, same_cells=False))[-1]
    assert "different cells (30 and 45)" in sentence
    assert "compare label spaces" in sentence


def test_a_difference_has_its_sign(comparison: Comparison) -> None:
    assert str(difference(comparison, "median_km")) == "−31 km (−50 to −12)"
    assert str(difference(comparison, "all.top_1")) == "+0.0 pp (−100.0 to 100.0)"


def test_the_page_has_a_row_a_figure(comparison: Comparison) -> None:
    (table,) = comparison_page(comparison).sections[1].tables
    assert len(table.rows) == len(COMPARED)
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_figure_draws_the_shares_of_both(comparison: Comparison) -> None:
    drawn = comparison_figure(comparison)
    for side in "ab":
        (line,) = drawn.findobj(lambda artist, side=side: artist.get_gid() == side)
        np.testing.assert_allclose(line.get_xdata(), 0.5)


def test_a_long_path_leaves_room_for_the_figure(comparison: Comparison) -> None:
    named = {**comparison.models["a"], "name": "/a/very/long/path" * 20 + "/model-7"}
    models = {**comparison.models, "a": named}
    drawn = comparison_figure(dataclasses.replace(comparison, models=models))
    drawn.canvas.draw()
    assert drawn.axes[0].get_position().width > 0.5
    labels = [text.get_text() for text in drawn.axes[0].get_legend().get_texts()]
    assert labels[0].endswith("/model-7")
    assert labels[1] == "B: new"


def test_it_is_written_in_three_forms(comparison: Comparison, tmp_path) -> None:
    written = write_comparison(comparison, tmp_path / "c")
    names = ["comparison.html", "comparison.json", "comparison.md", "shares.png"]
    assert sorted(path.name for path in written) == names
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == names
    assert "−31 km (−50 to −12)" in (tmp_path / "c" / "comparison.md").read_text()
