"""The figures of an evaluation: from parts of its report, each with its intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.evaluation.comparison import FIGURES
from geoguess_cli.wording import counted, percent, shown, without_common_country

WIDTH = 5.6
"""Inches: narrower than a page, so that type stays legible on a phone."""

PARTS_SHOWN = 30
"""States on one figure: the page lists the others."""

NAME_LETTERS = 24
"""Of a model's name in a legend: the end of a long path."""

_TOPS = ("top_1", "covered_top_1")
_FULL = FuncFormatter(lambda value, _: percent(value, whole=True))
_RAIL: dict[str, Any] = {"color": theme.MUTED, "linewidth": 1.0, "linestyle": (0, (4, 2))}


@theme.styled
def reliability_figure(calibration: Mapping[str, Any]) -> Figure:
    """How often the model is right where it says how sure it is, before and after calibration.

    Points on the diagonal mean what they say; below it the model is too sure. Bars of the
    intervals are of the accuracy; the columns underneath count the photos.

    Args:
        calibration: `report["calibration"]`.
    """
    moved = calibration["temperature"] != 1.0
    sides = ("before", "after") if moved else ("after",)
    names = {
        "before": "before calibration",
        "after": f"at temperature {calibration['temperature']:.3g}"
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
        rows = [row for row in calibration["reliability"][side] if row["photos"]]
        above.plot([0, 1], [0, 1], **_RAIL)
        sure = np.array([row["confidence"] for row in rows])
        _points(above, sure, [row["accuracy"] for row in rows], theme.BLUE, gid=side)
        above.set_title(names[side], pad=17)
        above.annotate(
            f"calibration error {shown(calibration[side]['ece'], 'share')}",
            (0, 1),
            xycoords="axes fraction",
            xytext=(0, 6),
            textcoords="offset points",
            fontsize=theme.SMALL,
            color=theme.MUTED,
        )
        width = rows[0]["high"] - rows[0]["low"] if rows else 1.0
        below.bar(
            [row["low"] + width / 2 for row in rows],
            [row["photos"] for row in rows],
            width=width * 0.86,
            color=theme.RULE_STRONG,
            gid=f"{side} photos",
        )
        below.set_xlabel("probability of the likeliest cell")
        for ax in (above, below):
            ax.grid(axis="y")
    axes[0, 0].set(xlim=(0, 1), ylim=(0, 1.02), ylabel="right cell")
    axes[1, 0].set_ylabel("photos")
    axes[0, 0].yaxis.set_major_formatter(_FULL)
    axes[1, 0].xaxis.set_major_formatter(_FULL)
    axes[1, 0].yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes[1, 0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    figure.align_ylabels(axes[:, 0])
    return _headed(figure, "Do the probabilities mean what they say?")


@theme.styled
def recall_area_figure(recall_area: Sequence[Mapping[str, Any]]) -> Figure:
    """Share of the photos whose true cell is found when so much area is searched.

    Args:
        recall_area: `report["recall_area"]`.
    """
    figure = theme.new_figure(WIDTH, 3.5)
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    ax = figure.subplots()
    area = np.array([row["area_km2"] for row in recall_area])
    found = np.array([row["recall"]["value"] or 0.0 for row in recall_area])
    for key, label, color in (
        ("covered_recall", "covered photos", theme.ORANGE),
        ("recall", "all photos", theme.BLUE),
    ):
        _band(ax, area, [row[key] for row in recall_area], color, label)
    start = max(0, int(np.argmax(found > 0)) - 1)
    stop = min(len(area) - 1, int(np.argmax(found >= found.max())) + 2)
    ax.set_xscale("log")
    ax.set(xlim=(area[start], area[max(stop, start + 1)]), ylim=(0, 1.02))
    ax.set_xlabel("area searched, likeliest cells first, in km²")
    ax.set_ylabel("photos found")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.yaxis.set_major_formatter(_FULL)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.grid()
    ax.legend(loc="upper left", reverse=True)
    return _headed(figure, "How much area must be searched?")


@theme.styled
def risk_coverage_figure(risk_coverage: Mapping[str, Any]) -> Figure:
    """Share of wrong cells among the photos answered, if only the surest are.

    Args:
        risk_coverage: `report["risk_coverage"]`.
    """
    figure = theme.new_figure(WIDTH, 3.5)
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    ax = figure.subplots()
    curve = risk_coverage["curve"]
    answered = np.array([point["coverage"] for point in curve])
    wrong = risk_coverage["no_better"]["value"]
    grid = np.linspace(0.0, 1.0, 401)[1:]
    best = np.maximum(0.0, 1 - (1 - wrong) / grid)
    ax.axhline(wrong, label="confidence says nothing", gid="no better", **_RAIL)
    ax.plot(grid, best, label="best possible", color=theme.ORANGE, gid="best")
    ax.plot(
        answered,
        [point["risk"] for point in curve],
        label="this model",
        color=theme.BLUE,
        marker="o" if len(curve) < 12 else None,
        markersize=3,
        gid="curve",
    )
    most = max([wrong, *(point["risk"] for point in curve)])
    ax.set(xlim=(0, 1), ylim=(0, min(1.02, 1.1 * most + 0.02)))
    ax.set_xlabel("photos answered, the surest first")
    ax.set_ylabel("wrong cell among them")
    ax.xaxis.set_major_formatter(_FULL)
    ax.yaxis.set_major_formatter(_FULL)
    ax.grid(axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0, reverse=True)
    return _headed(figure, "Does the model know when it is wrong?")


@theme.styled
def train_distance_figure(by_distance: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Accuracy by how near a photo lies to the training photos.

    Args:
        by_distance: `report["by_distance_to_train"]`, not null.
    """
    figure = theme.new_figure(WIDTH, 3.5)
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    ax = figure.subplots()
    places = np.arange(len(by_distance), dtype=np.float64)
    parts = list(by_distance.values())
    for key, label, color, shift in (
        ("top_1", "all photos", theme.BLUE, -0.07),
        ("covered_top_1", "covered photos", theme.ORANGE, 0.07),
    ):
        _points(ax, places + shift, [part[key] for part in parts], color, gid=key, label=label)
    ax.set_xticks(
        places,
        [
            f"{name}\n{counted(part['photos'], 'photo')}\n{counted(part['sequences'], 'sequence')}"
            for name, part in by_distance.items()
        ],
        linespacing=1.4,
    )
    ax.tick_params(axis="x", length=0)
    ax.set(xlim=(-0.5, len(parts) - 0.5), ylim=(0, _reach(parts)))
    ax.set_xlabel("distance to the nearest training photo")
    ax.set_ylabel("right cell")
    ax.yaxis.set_major_formatter(_FULL)
    ax.grid(axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0)
    return _headed(figure, "Does it know new places, or only those it has seen?")


@theme.styled
def point_estimates_figure(point_estimates: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Median distance and GeoScore of each way to choose the one place we answer.

    Args:
        point_estimates: `report["point_estimates"]`.
    """
    figure = theme.new_figure(WIDTH, 2.5)
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    panels = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(POINT_METHODS), dtype=np.float64)
    own = [point_estimates[method]["own"] for method in POINT_METHODS]
    for ax, key, label in zip(
        panels, ("median_km", "geoscore"), ("median distance, km", "GeoScore"), strict=True
    ):
        for place, method, chosen in zip(places, POINT_METHODS, own, strict=True):
            figure_of = point_estimates[method][key]
            color = theme.BLUE if chosen else theme.MUTED
            _points(ax, np.array([place]), [figure_of], color, gid=f"{method} {key}", flat=True)
            value = figure_of["value"]
            ax.annotate(
                f"{value:,.0f}" if value >= 100 else f"{value:.3g}",
                (value, place),
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=theme.SMALL,
                color=color,
                path_effects=halo(),
            )
        ax.set_xlabel(label)
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
        ax.grid(axis="x")
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
    panels[0].set_yticks(places, [_wrapped(POINT_METHODS[method]) for method in POINT_METHODS])
    for text, chosen in zip(panels[0].get_yticklabels(), own, strict=True):
        text.set_fontweight("bold" if chosen else "normal")
    panels[0].set_ylim(len(POINT_METHODS) - 0.4, -0.75)
    return _headed(figure, "Which place to answer? The model's own way is bold")


@theme.styled
def state_figure(by_state: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Accuracy in each state, those with the most photos first.

    Args:
        by_state: `report["by_state"]`.
    """
    listed = list(by_state.items())[:PARTS_SHOWN]
    figure = theme.new_figure(WIDTH, 1.25 + 0.25 * len(listed))
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    ax = figure.subplots()
    places = np.arange(len(listed), dtype=np.float64)
    for key, label, color, shift in (
        ("top_1", "all photos", theme.BLUE, -0.13),
        ("covered_top_1", "covered photos", theme.ORANGE, 0.13),
    ):
        figures = [part[key] for _, part in listed]
        _points(ax, places + shift, figures, color, gid=key, label=label, flat=True)
    names = without_common_country([name for name, _ in listed])
    ax.set_yticks(places, names)
    reach = _reach([part for _, part in listed])
    ax.set(xlim=(-0.02 * reach, reach), ylim=(len(listed) - 0.5, -0.6))
    for place, (_, part) in zip(places, listed, strict=True):
        ax.annotate(
            f"{part['photos']:,}",
            (1.02, place),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=theme.TINY,
            color=theme.MUTED,
            annotation_clip=False,
        )
    ax.annotate(
        "photos",
        (1.02, -0.6),
        xycoords=("axes fraction", "data"),
        va="bottom",
        fontsize=theme.TINY,
        color=theme.MUTED,
        annotation_clip=False,
    )
    ax.set_xlabel("right cell")
    ax.xaxis.set_major_formatter(_FULL)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0)
    more = len(by_state) - len(listed)
    title = f"The {len(listed)} states with the most photos" if more else "State by state"
    return _headed(figure, title)


@theme.styled
def comparison_figure(comparison: Mapping[str, Any]) -> Figure:
    """The shares of two models side by side.

    Args:
        comparison: As `inference.comparison.compare` gives it.
    """
    keys = [key for key, of in FIGURES.items() if of.kind == "share" and not of.less]
    figure = theme.new_figure(WIDTH, 1.25 + 0.34 * len(keys))
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    ax = figure.subplots()
    places = np.arange(len(keys), dtype=np.float64)
    for side, color, shift in (("a", theme.ORANGE, -0.13), ("b", theme.BLUE, 0.13)):
        figures = [comparison["figures"][key][side] for key in keys]
        name = comparison["models"][side]["name"]
        short = name if len(name) <= NAME_LETTERS else f"…{name[-NAME_LETTERS:]}"
        label = f"{side.upper()}: {short}"
        _points(ax, places + shift, figures, color, gid=side, label=label, flat=True)
    ax.set_yticks(places, [FIGURES[key].name for key in keys])
    ax.set(xlim=(-0.02, 1.02), ylim=(len(keys) - 0.5, -0.6))
    ax.xaxis.set_major_formatter(_FULL)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, borderaxespad=0)
    return _headed(figure, "Two models on the same photos")


def _points(
    ax: Axes,
    places: np.ndarray,
    figures: Sequence[Mapping[str, float | None]],
    color: str,
    *,
    gid: str,
    label: str | None = None,
    flat: bool = False,
) -> None:
    """Figures as dots with their intervals: upright, or `flat`, with the figure along x."""
    known = [i for i, figure in enumerate(figures) if figure["value"] is not None]
    values = np.array([figures[i]["value"] for i in known], dtype=np.float64)
    ends = [
        [figures[i][end] if figures[i][end] is not None else figures[i]["value"] for i in known]
        for end in ("low", "high")
    ]
    low, high = np.array(ends, dtype=np.float64).reshape(2, -1)
    at = places[known]
    lines = ax.hlines if flat else ax.vlines
    lines(at, low, high, color=color, linewidth=1.4, alpha=0.65, gid=f"{gid} interval")
    x, y = (values, at) if flat else (at, values)
    ax.plot(x, y, "o", color=color, markersize=4.5, label=label, gid=gid, clip_on=False, zorder=3)


def _reach(parts: Sequence[Mapping[str, Any]]) -> float:
    """End of an axis that holds the accuracies of all parts with their intervals."""
    ends = [part[key][end] for part in parts for key in _TOPS for end in ("value", "high")]
    most = max([0.08, *(float(end) for end in ends if end is not None)])
    return min(1.02, 0.02 + 1.1 * most)


def _band(
    ax: Axes,
    places: np.ndarray,
    figures: Sequence[Mapping[str, float | None]],
    color: str,
    label: str,
) -> None:
    """Figures along a curve, in the band of their intervals."""
    value, low, high = (
        np.array([np.nan if f[end] is None else f[end] for f in figures], dtype=np.float64)
        for end in ("value", "low", "high")
    )
    ax.fill_between(places, low, high, color=color, alpha=0.16, linewidth=0)
    ax.plot(places, value, color=color, label=label, gid=label)


def _headed(figure: Figure, title: str) -> Figure:
    figure.suptitle(title, x=0.01, ha="left", fontsize=theme.TITLE, fontweight="bold")
    return figure


def _wrapped(words: str) -> str:
    """Words on two lines of about the same length."""
    spaces = [i for i, letter in enumerate(words) if letter == " "]
    middle = min(spaces, key=lambda i: abs(i - len(words) / 2))
    return f"{words[:middle]}\n{words[middle + 1 :]}"
