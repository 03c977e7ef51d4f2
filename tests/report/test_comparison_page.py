"""A comparison in words, and its figure."""

import copy
from typing import Any

import numpy as np
import pytest

from geoguess_cli.evaluation.comparison import FIGURES
from geoguess_cli.report.comparison_page import comparison_page, difference, verdicts
from geoguess_cli.report.figures import comparison_figure
from geoguess_cli.report.files import write_comparison


def figure(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": float(value), "low": float(low), "high": float(high)}


@pytest.fixture
def comparison() -> dict[str, Any]:
    flat = {"a": figure(0.5, 0.4, 0.6), "b": figure(0.5, 0.4, 0.6), "difference": figure(0, -1, 1)}
    figures = {key: copy.deepcopy(flat) | {"fair": True, "better": None} for key in FIGURES}
    figures["median_km"] = {
        "a": figure(258, 200, 300),
        "b": figure(227, 180, 290),
        "difference": figure(-31, -50, -12),
        "fair": True,
        "better": "b",
    }
    figures["within_km.25"] |= {"difference": figure(-0.02, -0.03, -0.01), "better": "a"}
    model = {"fingerprint": "0", "backbone": "x", "vit": "y", "cells": 30}
    return {
        "split": "test",
        "counts": {"photos": 100, "skipped": 0, "sequences": 20},
        "same_cells": True,
        "models": {"a": {"name": "old", **model}, "b": {"name": "new", **model, "cells": 45}},
        "figures": figures,
    }


def test_what_is_sure_is_said_in_words(comparison: dict[str, Any]) -> None:
    assert verdicts(comparison) == [
        "B is better in median distance by 31 km (12 to 50).",
        "A is better in photos within 25 km by 2.0 pp (1.0 to 3.0).",
    ]


def test_nothing_sure_is_said_too(comparison: dict[str, Any]) -> None:
    for found in comparison["figures"].values():
        found["better"] = None
    (words,) = verdicts(comparison)
    assert words.startswith("No figure tells the two apart")


def test_other_label_spaces_are_named(comparison: dict[str, Any]) -> None:
    comparison["same_cells"] = False
    words = verdicts(comparison)[-1]
    assert "different cells (30 and 45)" in words
    assert "compare label spaces" in words


def test_a_difference_has_its_sign(comparison: dict[str, Any]) -> None:
    assert str(difference(comparison, "median_km")) == "−31 km (−50 to −12)"
    assert str(difference(comparison, "all.top_1")) == "+0.0 pp (−100.0 to 100.0)"


def test_the_page_has_a_row_a_figure(comparison: dict[str, Any]) -> None:
    (table,) = comparison_page(comparison).sections[1].tables
    assert len(table.rows) == len(FIGURES)
    assert {len(row) for row in table.rows} == {len(table.columns)}


def test_the_figure_draws_the_shares_of_both(comparison: dict[str, Any]) -> None:
    drawn = comparison_figure(comparison)
    for side in "ab":
        (line,) = drawn.findobj(lambda artist, side=side: artist.get_gid() == side)
        np.testing.assert_allclose(line.get_xdata(), 0.5)


def test_a_long_path_leaves_room_for_the_figure(comparison: dict[str, Any]) -> None:
    comparison["models"]["a"]["name"] = "/a/very/long/path" * 20 + "/model-7"
    drawn = comparison_figure(comparison)
    drawn.canvas.draw()
    assert drawn.axes[0].get_position().width > 0.5
    labels = [text.get_text() for text in drawn.axes[0].get_legend().get_texts()]
    assert labels[0].endswith("/model-7")
    assert labels[1] == "B: new"


def test_it_is_written_in_three_forms(comparison: dict[str, Any], tmp_path) -> None:
    written = write_comparison(comparison, tmp_path / "c")
    names = ["comparison.html", "comparison.json", "comparison.md", "shares.png"]
    assert sorted(path.name for path in written) == names
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == names
    assert "−31 km (−50 to −12)" in (tmp_path / "c" / "comparison.md").read_text()
