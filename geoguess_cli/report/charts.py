"""The parts of the charts of a report: axes, dots with intervals, bands, headings."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from geoguess_cli.drawing import theme
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.wording import percent

WIDTH = 5.6
"""Width in inches: narrower than a page, so that type stays legible on a phone."""

FULL = FuncFormatter(lambda value, _: percent(value, whole=True))
"""Shares on an axis, without zeros at their end."""


def chart(height: float, *panels: int, **options: Any) -> tuple[Figure, Any]:
    """A figure of the usual width with its axes; height in inches."""
    figure = theme.new_figure(WIDTH, height)
    figure.set_layout_engine("constrained", h_pad=0.05, w_pad=0.06)
    return figure, figure.subplots(*panels, **options)


def legend_above(ax: Axes, *, ncols: int = 2, reverse: bool = False) -> None:
    """Add the legend above the axes, in one line."""
    ax.legend(
        loc="lower left", bbox_to_anchor=(0, 1.0), ncols=ncols, borderaxespad=0, reverse=reverse
    )


def points(
    ax: Axes,
    places: np.ndarray,
    statistics: Sequence[Interval],
    color: str,
    *,
    gid: str,
    label: str | None = None,
    flat: bool = False,
) -> None:
    """Statistics as dots with their intervals: upright, or `flat`, with the value along x."""
    values, low, high = numbers(statistics)
    known = np.isfinite(values)
    at, values = places[known], values[known]
    low, high = (np.where(np.isfinite(end[known]), end[known], values) for end in (low, high))
    lines = ax.hlines if flat else ax.vlines
    lines(at, low, high, color=color, linewidth=1.4, alpha=0.65, gid=f"{gid} interval")
    x, y = (values, at) if flat else (at, values)
    ax.plot(x, y, "o", color=color, markersize=4.5, label=label, gid=gid, clip_on=False, zorder=3)


def lying(
    ax: Axes, places: np.ndarray, names: Sequence[str], *, reach: tuple[float, float]
) -> None:
    """Make the axes a list of names from top to bottom, with a share along x.

    Args:
        ax: The axes, which hold the dots already.
        places: Of each name along y, from 0.
        names: From top to bottom.
        reach: Ends of the scale.
    """
    ax.set_yticks(places, names)
    ax.set(xlim=reach, ylim=(len(names) - 0.5, -0.6))
    ax.xaxis.set_major_formatter(FULL)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x")
    legend_above(ax)


def note(
    ax: Axes, text: str, at: tuple[float, float], offset: tuple[int, int], **style: Any
) -> None:
    """Write small text at an offset from a point of the axes, in typographic points."""
    style = {"fontsize": theme.SMALL, **style}
    ax.annotate(text, at, xytext=offset, textcoords="offset points", **style)


def numbers(statistics: Sequence[Interval]) -> Float[np.ndarray, "3 n"]:
    """Values, lower and upper ends; NaN where undefined."""
    rows = [(of.value, of.low, of.high) for of in statistics]
    return np.array(rows, dtype=np.float64).reshape(-1, 3).T


def band(
    ax: Axes, places: np.ndarray, statistics: Sequence[Interval], color: str, label: str
) -> None:
    """Statistics along a curve, in the band of their intervals."""
    value, low, high = numbers(statistics)
    ax.fill_between(places, low, high, color=color, alpha=0.16, linewidth=0)
    ax.plot(places, value, color=color, label=label, gid=label)


def headed(figure: Figure, title: str) -> Figure:
    """The same figure with a heading."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=theme.TITLE, fontweight="bold")
    return figure


def wrapped(words: str) -> str:
    """Words on two lines of about the same length."""
    spaces = [i for i, letter in enumerate(words) if letter == " "]
    middle = min(spaces, key=lambda i: abs(i - len(words) / 2))
    return f"{words[:middle]}\n{words[middle + 1 :]}"
