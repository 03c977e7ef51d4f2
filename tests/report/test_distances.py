"""The curve of distances, against its definition."""

import math

import matplotlib
import numpy as np
import pytest
from figure_worlds import by_gid, texts_of

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.report import distances
from geoguess_cli.report.distances import distance_figure, errors_of

pytestmark = pytest.mark.usefixtures("leaves_no_trace")


def step_at(line, x: float) -> float:  # type: ignore[no-untyped-def]
    xs, ys = line.get_data()
    return float(ys[np.searchsorted(xs, x, side="right") - 1])


def test_the_curve_is_the_share_within_each_distance() -> None:
    rng = np.random.default_rng(0)
    distances = np.concatenate([[0.0, 0.05, 1.0, 25.0, 20000.0], rng.lognormal(5, 2, 200)])
    distances = np.minimum(distances, 20000)
    figure = distance_figure(distances, baseline_km=np.full(205, 300.0))
    (line,), (baseline,) = by_gid(figure, "estimate"), by_gid(figure, "baseline")
    for km in (0.1, 0.7, 1.0, 25.0, 333.0, 2500.0, 20000.0):
        assert step_at(line, km) == pytest.approx((distances <= km).mean())
        assert step_at(baseline, km) == float(km >= 300)
    marks = {float(m.get_xdata()[0]): float(m.get_ydata()[0]) for m in by_gid(figure, "radius")}
    assert marks == {r: pytest.approx((distances <= r).mean()) for r in RADII_KM.values()}
    assert baseline.get_linestyle() == "--"
    assert line.get_drawstyle() == "steps-post"
    shown = texts_of(figure)
    assert "street\n1 km" in shown
    assert "continent\n2,500 km" in shown
    assert "1,000" in shown
    assert not math.isnan(figure.axes[0].get_xlim()[1])


def test_the_curve_needs_no_baseline() -> None:
    figure = distance_figure(np.array([3.0]))
    assert not by_gid(figure, "baseline")
    assert "Accuracy within a distance, 1 photo" in texts_of(figure)


def test_a_title_may_hold_dollar_signs() -> None:
    figure = distance_figure(np.array([3.0]), title="$x_{$ of a_$b.jpg")
    assert "$x_{$ of a_$b.jpg" in texts_of(figure)


def test_the_theme_holds_whatever_the_users_settings() -> None:
    with matplotlib.rc_context({"font.family": "serif", "font.size": 30, "axes.grid": True}):
        figure = distance_figure(np.array([3.0]))
        assert {text.get_fontfamily()[0] for text in figure.findobj(matplotlib.text.Text)} == {
            "DejaVu Sans"
        }
        assert matplotlib.rcParams["font.size"] == 30


def test_the_map_of_many_errors_shows_some(
    made_evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distances, "MAPPED", 20)
    figure = errors_of(made_evaluation)
    assert any("20 of 239 photos, drawn at random" in text for text in texts_of(figure))
