"""The figures of an evaluation and of a comparison, from their typed reports."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.evaluation.comparison import COMPARED, Comparison
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.evaluation.report import CalibrationReport, EstimateReport, RiskReport
from geoguess_cli.evaluation.statistics import Part, Recall
from geoguess_cli.report.charts import (
    FULL,
    WIDTH,
    band,
    chart,
    headed,
    legend_above,
    lying,
    note,
    numbers,
    points,
    wrapped,
)
from geoguess_cli.report.comparison_page import SIDES
from geoguess_cli.report.distances import distances_of, errors_of
from geoguess_cli.wording import counted, significant, text_of, without_common_country

PARTS_SHOWN = 30
"""Greatest number of states on one figure: the page lists the others."""

NAME_LETTERS = 24
"""Greatest length of a model's name in a legend: of a long path the end is kept."""

_TOPS = ("top_1", "covered_top_1")
_RAIL: dict[str, Any] = {"color": theme.MUTED, "linewidth": 1.0, "linestyle": (0, (4, 2))}


def figures_of(evaluation: Evaluation) -> dict[str, Callable[[], Figure]]:
    """How to draw each figure of an evaluation, by the name that pages use for it."""
    report = evaluation.report
    near = report.by_distance_to_train
    return {
        "distances": lambda: distances_of(evaluation),
        "errors": lambda: errors_of(evaluation),
        "reliability": lambda: reliability_figure(report.calibration),
        "recall_area": lambda: recall_area_figure(report.recall_area),
        "risk_coverage": lambda: risk_coverage_figure(report.risk_coverage),
        "point_estimates": lambda: point_estimates_figure(report.point_estimates),
        "by_state": lambda: state_figure(report.by_state),
        **({} if near is None else {"train_distance": lambda: train_distance_figure(near)}),
    }


@theme.styled
def reliability_figure(calibration: CalibrationReport) -> Figure:
    """How often the model is right where it says how sure it is, before and after calibration.

    Points on the diagonal mean what they say; below it the model is too sure. Bars of the
    intervals are of the accuracy; the columns underneath count the photos.

    Args:
        calibration: That of a report.
    """
    moved = calibration.temperature != 1.0
    sides = ("before", "after") if moved else ("after",)
    names = {
        "before": "before calibration",
        "after": f"at temperature {calibration.temperature:.3g}"
        if moved
        else "as the model gives them (temperature 1)",
    }
    figure = theme.new_figure(WIDTH if moved else 3.9, 4.2)
    figure.set_layout_engine("constrained", h_pad=0.04, w_pad=0.09, hspace=0.02)
    axes = figure.subplots(
        2, len(sides), sharex=True, sharey="row", height_ratios=[3.4, 1], squeeze=False
    )
    for column, side in enumerate(sides):
        above, below = axes[0, column], axes[1, column]
        rows = [row for row in getattr(calibration.reliability, side) if row.photos]
        above.plot([0, 1], [0, 1], **_RAIL)
        confidence = np.array([row.confidence for row in rows])
        points(above, confidence, [row.accuracy for row in rows], theme.BLUE, gid=side)
        above.set_title(names[side], pad=17)
        error = f"calibration error {text_of(getattr(calibration, side).ece, 'share')}"
        note(above, error, (0.0, 1.0), (0, 6), xycoords="axes fraction", color=theme.MUTED)
        width = rows[0].high - rows[0].low if rows else 1.0
        below.bar(
            [row.low + width / 2 for row in rows],
            [row.photos for row in rows],
            width=width * 0.86,
            color=theme.RULE_STRONG,
            gid=f"{side} photos",
        )
        below.set_xlabel("probability of the likeliest cell")
        for ax in (above, below):
            ax.grid(axis="y")
    axes[0, 0].set(xlim=(0, 1), ylim=(0, 1.02), ylabel="right cell")
    axes[1, 0].set_ylabel("photos")
    axes[0, 0].yaxis.set_major_formatter(FULL)
    axes[1, 0].xaxis.set_major_formatter(FULL)
    axes[1, 0].yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes[1, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.align_ylabels(axes[:, 0])
    return headed(figure, "Do the probabilities mean what they say?")


@theme.styled
def recall_area_figure(recall_area: Sequence[Recall]) -> Figure:
    """Share of the photos whose true cell is found when so much area is searched.

    Args:
        recall_area: That of a report.
    """
    figure, ax = chart(3.5)
    area = np.array([row.area_km2 for row in recall_area])
    recall = np.nan_to_num([row.recall.value for row in recall_area])
    for key, label, color in (
        ("covered_recall", "covered photos", theme.ORANGE),
        ("recall", "all photos", theme.BLUE),
    ):
        band(ax, area, [getattr(row, key) for row in recall_area], color, label)
    start = max(0, int(np.argmax(recall > 0)) - 1)
    stop = min(len(area) - 1, int(np.argmax(recall >= recall.max())) + 2)
    ax.set_xscale("log")
    ax.set(xlim=(area[start], area[max(stop, start + 1)]), ylim=(0, 1.02))
    ax.set(xlabel="area searched, likeliest cells first, in km²", ylabel="photos found")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.yaxis.set_major_formatter(FULL)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.grid()
    ax.legend(loc="upper left", reverse=True)
    return headed(figure, "How much area must be searched?")


@theme.styled
def risk_coverage_figure(risk_coverage: RiskReport) -> Figure:
    """Share of wrong cells among the photos answered, if only the surest are.

    Args:
        risk_coverage: That of a report.
    """
    figure, ax = chart(3.5)
    curve = risk_coverage.curve
    answered = np.array([point.coverage for point in curve])
    wrong = risk_coverage.no_better.value
    grid = np.linspace(0.0, 1.0, 401)[1:]
    best = np.maximum(0.0, 1 - (1 - wrong) / grid)
    ax.axhline(wrong, label="confidence says nothing", gid="no better", **_RAIL)
    ax.plot(grid, best, label="best possible", color=theme.ORANGE, gid="best")
    ax.plot(
        answered,
        [point.risk for point in curve],
        label="this model",
        color=theme.BLUE,
        marker="o" if len(curve) < 12 else None,
        markersize=3,
        gid="curve",
    )
    most = max([wrong, *(point.risk for point in curve)])
    ax.set(xlim=(0, 1), ylim=(0, min(1.02, 1.1 * most + 0.02)))
    ax.set(xlabel="photos answered, the surest first", ylabel="wrong cell among them")
    ax.xaxis.set_major_formatter(FULL)
    ax.yaxis.set_major_formatter(FULL)
    ax.grid(axis="y")
    legend_above(ax, ncols=3, reverse=True)
    return headed(figure, "Does the model know when it is wrong?")


@theme.styled
def train_distance_figure(by_distance: Mapping[str, Part]) -> Figure:
    """Accuracy by how near a photo lies to the training photos.

    Args:
        by_distance: The `by_distance_to_train` of a report, not None.
    """
    figure, ax = chart(3.5)
    places = np.arange(len(by_distance), dtype=np.float64)
    parts = list(by_distance.values())
    _accuracies(ax, places, parts, 0.07)
    ax.set_xticks(
        places,
        [
            f"{name}\n{counted(part.photos, 'photo')}\n{counted(part.sequences, 'sequence')}"
            for name, part in by_distance.items()
        ],
        linespacing=1.4,
    )
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.5, len(parts) - 0.5), ylim=(0, _reach(parts)))
    ax.set(xlabel="distance to the nearest training photo", ylabel="right cell")
    ax.yaxis.set_major_formatter(FULL)
    ax.grid(axis="y")
    legend_above(ax)
    return headed(figure, "Does it know new places, or only those it has seen?")


@theme.styled
def point_estimates_figure(point_estimates: Mapping[str, EstimateReport]) -> Figure:
    """Median distance and GeoScore of each way to choose the one place we answer.

    Args:
        point_estimates: Those of a report.
    """
    names = {str(method): wrapped(name) for method, name in POINT_METHODS.items()}
    figure, panels = chart(0.5 + 0.5 * len(point_estimates), 1, 2, sharey=True)
    places = np.arange(len(point_estimates), dtype=np.float64)
    own = [of.own for of in point_estimates.values()]
    for ax, key, label in zip(
        panels, ("median_km", "geoscore"), ("median distance, km", "GeoScore"), strict=True
    ):
        for place, method, chosen in zip(places, point_estimates, own, strict=True):
            statistic: Interval = getattr(point_estimates[method], key)
            color = theme.BLUE if chosen else theme.MUTED
            points(ax, np.array([place]), [statistic], color, gid=f"{method} {key}", flat=True)
            value = statistic.value
            style = {"ha": "center", "color": color, "path_effects": halo()}
            note(ax, significant(value), (value, place), (0, 5), **style)
        ax.set_xlabel(label)
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        ax.grid(axis="x")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    panels[0].set_yticks(places, [names[method] for method in point_estimates])
    for text, chosen in zip(panels[0].get_yticklabels(), own, strict=True):
        text.set_fontweight("bold" if chosen else "normal")
    panels[0].set_ylim(len(point_estimates) - 0.4, -0.75)
    return headed(figure, "Which place to answer? The model's own way is bold")


@theme.styled
def state_figure(by_state: Mapping[str, Part]) -> Figure:
    """Accuracy in each state, those with the most photos first.

    Args:
        by_state: That of a report.
    """
    listed = list(by_state.items())[:PARTS_SHOWN]
    figure, ax = chart(1.25 + 0.25 * len(listed))
    places = np.arange(len(listed), dtype=np.float64)
    parts = [part for _, part in listed]
    _accuracies(ax, places, parts, 0.13, flat=True)
    reach = _reach(parts)
    names = without_common_country([name for name, _ in listed])
    lying(ax, places, names, reach=(-0.02 * reach, reach))
    column = [(f"{part.photos:,}", at, "center") for at, part in enumerate(parts)]
    for text, place, align in [*column, ("photos", -0.6, "bottom")]:
        ax.annotate(
            text,
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va=align,
            fontsize=theme.TINY,
            color=theme.MUTED,
            annotation_clip=False,
        )
    ax.set_xlabel("right cell")
    more = len(by_state) - len(listed)
    title = f"The {len(listed)} states with the most photos" if more else "State by state"
    return headed(figure, title)


@theme.styled
def comparison_figure(comparison: Comparison) -> Figure:
    """The shares of two models side by side.

    Args:
        comparison: As `evaluation.comparison.compare` gives it.
    """
    keys = [
        key
        for key, of in COMPARED.items()
        if of.definition.unit == "share" and not of.definition.less
    ]
    figure, ax = chart(1.25 + 0.34 * len(keys))
    places = np.arange(len(keys), dtype=np.float64)
    for side, color, shift in zip(SIDES, (theme.ORANGE, theme.BLUE), (-0.13, 0.13), strict=True):
        shares = [getattr(comparison.statistics[key], side) for key in keys]
        name = comparison.models[side]["name"]
        short = name if len(name) <= NAME_LETTERS else f"…{name[-NAME_LETTERS:]}"
        label = f"{side.upper()}: {short}"
        points(ax, places + shift, shares, color, gid=side, label=label, flat=True)
    lying(ax, places, [COMPARED[key].name for key in keys], reach=(-0.02, 1.02))
    return headed(figure, "Two models on the same photos")


def _accuracies(
    ax: Axes, places: np.ndarray, parts: Sequence[Part], shift: float, **options: Any
) -> None:
    """Top-1 of each part over all photos and over the covered ones, side by side."""
    for key, label, color, side in (
        ("top_1", "all photos", theme.BLUE, -shift),
        ("covered_top_1", "covered photos", theme.ORANGE, shift),
    ):
        shares = [getattr(part, key) for part in parts]
        points(ax, places + side, shares, color, gid=key, label=label, **options)


def _reach(parts: Sequence[Part]) -> float:
    """End of an axis that holds the accuracies of all parts with their intervals."""
    ends = [numbers([getattr(part, key) for part in parts]) for key in _TOPS]
    most = np.nanmax([0.08, *np.ravel(ends)])
    return float(min(1.02, 0.02 + 1.1 * most))
