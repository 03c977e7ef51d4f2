"""The figures of an evaluation draw the statistics of its report."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.report import Report
from geoguess_cli.report.figures import (
    PARTS_SHOWN,
    point_estimates_figure,
    recall_area_figure,
    reliability_figure,
    risk_coverage_figure,
    state_figure,
    train_distance_figure,
)
from geoguess_cli.wording import counted


@pytest.fixture
def report(made_evaluation: Evaluation) -> Report:
    return made_evaluation.report


def points(figure: Figure, gid: str) -> np.ndarray:
    (line,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return np.asarray(line.get_xydata())


def spans(figure: Figure, gid: str) -> np.ndarray:
    (lines,) = figure.findobj(lambda artist: artist.get_gid() == f"{gid} interval")
    return np.array(lines.get_segments())


def texts(figure: Figure) -> list[str]:
    figure.canvas.draw()
    return [
        text.get_text() for ax in figure.axes for text in ax.findobj() if hasattr(text, "get_text")
    ]


@pytest.mark.parametrize("side", ["before", "after"])
def test_reliability_has_a_dot_a_bin_and_a_column_of_its_photos(report: Report, side: str) -> None:
    calibration = report.calibration
    figure = reliability_figure(calibration)
    rows = [row for row in getattr(calibration.reliability, side) if row.photos]
    expected = [[row.confidence, row.accuracy.value] for row in rows]
    np.testing.assert_allclose(points(figure, side), expected)
    ends = [[row.accuracy.low, row.accuracy.high] for row in rows]
    drawn = spans(figure, side)[:, :, 1]
    known = [i for i, (low, _) in enumerate(ends) if math.isfinite(low)]
    np.testing.assert_allclose(drawn[known], [ends[i] for i in known])
    bars = figure.findobj(lambda artist: artist.get_gid() == f"{side} photos")
    assert [bar.get_height() for bar in bars] == [row.photos for row in rows]


def test_an_uncalibrated_model_has_one_panel(report: Report) -> None:
    calibration = dataclasses.replace(report.calibration, temperature=1.0)
    assert len(reliability_figure(calibration).axes) == 2
    assert len(reliability_figure(report.calibration).axes) == 4


def test_recall_is_drawn_over_the_areas_where_it_rises(report: Report) -> None:
    figure = recall_area_figure(report.recall_area)
    drawn = points(figure, "all photos")
    assert drawn[:, 0].tolist() == [row.area_km2 for row in report.recall_area]
    assert drawn[:, 1].tolist() == [row.recall.value for row in report.recall_area]
    (ax,) = figure.axes
    left, right = ax.get_xlim()
    rising = [x for (x, y), (_, after) in pairwise(drawn) if y < after]
    assert left <= min(rising) < max(rising) <= right


def test_the_best_possible_curve_has_the_best_possible_area(report: Report) -> None:
    risk = report.risk_coverage
    figure = risk_coverage_figure(risk)
    best = points(figure, "best")
    assert best[:, 1].mean() == pytest.approx(risk.best.value, abs=0.01)
    assert best[-1].tolist() == pytest.approx([1.0, risk.no_better.value])
    curve = points(figure, "curve")
    assert curve[:, 1].tolist() == [point.risk for point in risk.curve]
    assert (curve[:, 1] >= np.interp(curve[:, 0], *best.T) - 0.01).all()


def test_accuracy_by_distance_to_train(report: Report) -> None:
    near = report.by_distance_to_train
    figure = train_distance_figure(near)
    drawn = points(figure, "top_1")
    np.testing.assert_allclose(drawn[:, 1], [part.top_1.value for part in near.values()])
    labels = " ".join(texts(figure))
    for name, part in near.items():
        assert name in labels
        assert counted(part.photos, "photo") in labels


def test_point_estimates_are_compared_and_the_own_is_bold(report: Report) -> None:
    figure = point_estimates_figure(report.point_estimates)
    for place, (method, of) in enumerate(report.point_estimates.items()):
        for key in ("median_km", "geoscore"):
            np.testing.assert_allclose(
                points(figure, f"{method} {key}"), [[getattr(of, key).value, place]]
            )
            ends = spans(figure, f"{method} {key}")[0, :, 0]
            np.testing.assert_allclose(ends, [getattr(of, key).low, getattr(of, key).high])
    labels = figure.axes[0].get_yticklabels()
    bold = [text.get_text() for text in labels if text.get_fontweight() == "bold"]
    assert bold == ["weighted mean of the\nlikeliest cluster"]


def test_states_stand_in_the_order_of_the_report(report: Report) -> None:
    figure = state_figure(report.by_state)
    drawn = points(figure, "top_1")[:, 0]
    np.testing.assert_allclose(drawn, [part.top_1.value for part in report.by_state.values()])


def test_a_state_without_covered_photos_has_no_dot_for_them(report: Report) -> None:
    missouri = [name for name, part in report.by_state.items() if not part.covered]
    assert len(missouri) == 1
    figure = state_figure(report.by_state)
    assert len(points(figure, "covered_top_1")) == len(points(figure, "top_1")) - 1


def test_many_states_are_cut(report: Report) -> None:
    part = next(iter(report.by_state.values()))
    figure = state_figure({f"state {i}, X": part for i in range(300)})
    assert len(points(figure, "top_1")) == PARTS_SHOWN
    assert figure.get_size_inches()[1] < 10
