"""The figures of the ablation: differences to a base, the way to a ceiling, calibration."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from ablation_rows import CEILINGS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from geoguess_cli.drawing import theme
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.report.charts import FULL, headed, points
from geoguess_cli.wording import percent, signed

Line = Mapping[str, Any]
_POINTS = FuncFormatter(lambda value, _: signed(round(100 * value, 6)))
_KM = FuncFormatter(lambda value, _: signed(value))


def figures_of(summary: Sequence[Line]) -> dict[str, Figure]:
    """The figures by name; those without a measured row are left out."""
    figures: dict[str, Callable[[Sequence[Line]], Figure | None]] = {
        "features": feature_figure,
        "hybrid": hybrid_figure,
        "calibration": calibration_figure,
    }
    drawn = {name: draw(summary) for name, draw in figures.items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}


def feature_figure(summary: Sequence[Line]) -> Figure | None:
    """What each key is worth alone: differences in top-1 and in the median distance."""
    lines = [
        line for line in summary if line.get("group") == "features" and line.get("differences")
    ]
    return _differences(lines) if lines else None


@theme.styled
def _differences(lines: Sequence[Line]) -> Figure:
    figure = theme.new_figure(theme.WIDTH, 0.6 + 0.27 * len(lines))
    figure.set_layout_engine("constrained", w_pad=0.1)
    left, right = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(lines), dtype=np.float64)
    for ax, key, title, form, less in (
        (left, "top_1", "right cell, in percentage points", _POINTS, False),
        (right, "median_km", "median distance, in km", _KM, True),
    ):
        ax.axvline(0, color=theme.MUTED, linewidth=0.8)
        for place, line in zip(places, lines, strict=True):
            interval = interval_of(line["differences"][key])
            better = interval.high < 0 if less else interval.low > 0
            worse = interval.low > 0 if less else interval.high < 0
            color = theme.BLUE if better else theme.ORANGE if worse else theme.MUTED
            points(ax, np.array([place]), [interval], color, gid=f"{line['row']} {key}", flat=True)
        ax.set_title(title)
        ax.xaxis.set_major_formatter(form)
        ax.grid(axis="x")
    left.set_yticks(places, [line["words"].replace("`", "") for line in lines])
    left.set_ylim(len(lines) - 0.4, -0.6)
    left.tick_params(axis="y", length=0)
    return headed(figure, "What each key changes")


def hybrid_figure(summary: Sequence[Line]) -> Figure | None:
    """The three ways end to end, and the ceilings."""
    lines = [
        line
        for line in summary
        if line.get("group") in ("hybrid", "ceiling") and line.get("statistics")
    ]
    lines.sort(key=lambda line: line["group"] == "ceiling")
    return _ways(lines) if any(line["group"] == "hybrid" for line in lines) else None


@theme.styled
def _ways(lines: Sequence[Line]) -> Figure:
    figure = theme.new_figure(theme.WIDTH, 0.9 + 0.32 * len(lines))
    figure.set_layout_engine("constrained", w_pad=0.1)
    left, right = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(lines), dtype=np.float64)
    for ax, key, title in (
        (left, "top_1", "right cell"),
        (right, "median_km", "median distance, in km"),
    ):
        for place, line in zip(places, lines, strict=True):
            color = theme.MUTED if line["group"] == "ceiling" else theme.BLUE
            interval = interval_of(line["statistics"][key])
            points(ax, np.array([place]), [interval], color, gid=f"{line['row']} {key}", flat=True)
            _value(ax, interval, place, key)
        ax.set_title(title)
        ax.set_xlim(left=0)
        ax.grid(axis="x")
    left.xaxis.set_major_formatter(FULL)
    left.set_yticks(places, [_name(line) for line in lines])
    left.set_ylim(len(lines) - 0.4, -0.6)
    left.tick_params(axis="y", length=0)
    return headed(figure, "End to end, and the ceiling")


def _name(line: Line) -> str:
    if line["group"] == "ceiling":
        return f"ceiling: {CEILINGS[line['row']]}"
    return str(line["words"].replace("`", ""))


def _value(ax: Axes, interval: Interval, place: float, key: str) -> None:
    text = percent(interval.value) if key == "top_1" else f"{interval.value:,.0f}"
    ax.annotate(
        text,
        (interval.value, place),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=theme.SMALL,
        color=theme.INK,
    )


def calibration_figure(summary: Sequence[Line]) -> Figure | None:
    """The calibration error on the test drives by the number of val drives."""
    lines = [line for line in summary if str(line.get("how")).endswith(" drives")]
    named = [line for line in summary if "words" in line]
    return _by_drives(lines, named) if lines else None


@theme.styled
def _by_drives(lines: Sequence[Line], named: Sequence[Line]) -> Figure:
    rows = list(dict.fromkeys(line["calibration"] for line in lines))
    words = {line["row"]: line["words"].replace("`", "") for line in named}
    figure = theme.new_figure(theme.WIDTH, 4.2)
    figure.set_layout_engine("constrained")
    ax = figure.subplots()
    colors = theme.ON_LIGHT(np.linspace(0, 1, len(rows)))
    for row, color in zip(rows, colors, strict=True):
        own = [line for line in lines if line["calibration"] == row]
        drives = [int(line["how"].split()[0]) for line in own]
        ax.plot(
            drives, [line["ece"] for line in own], "o-", color=color, markersize=4, label=words[row]
        )
    ax.axhline(0.05, color=theme.MUTED, linewidth=0.8, linestyle=(0, (4, 2)))
    ax.set(xlabel="val drives that fit the temperature", ylim=(0, None))
    ax.set_title("calibration error on the test drives")
    ax.yaxis.set_major_formatter(FULL)
    ax.grid(axis="y")
    figure.legend(loc="outside lower center", ncols=2)
    return headed(figure, "How many drives a calibration needs")


def interval_of(ends: Sequence[float | None]) -> Interval:
    """A statistic of the lines as an interval."""
    return Interval(*(np.nan if end is None else end for end in ends))
