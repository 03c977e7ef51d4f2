"""Figures without a map: training curves, accuracy by distance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.wording import counted, kilometres, percent

_STEPS = 2000  # of a curve at most


@theme.styled
def training_curves(rows: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """Loss, accuracy and learning rate by epoch, with the stages and the best epoch.

    Args:
        rows: One a finished epoch, in order, as in `metrics.jsonl`: `stage_name`, `loss`,
            `val_loss`, `val_top_1`, `val_top_5`, `learning_rate`; what is missing or null is left
            out of the curve.
        title: Heading (default: what is shown).
    """
    figure = theme.new_figure(theme.WIDTH, 5.8)
    figure.set_layout_engine("constrained", h_pad=0.06, w_pad=0.08)
    panels = list(figure.subplots(3, 1, sharex=True, height_ratios=[3, 2.4, 1.2]))
    loss, accuracy, rate = panels
    epochs = np.arange(1, len(rows) + 1)
    val_loss = _column(rows, "val_loss")
    _curve(loss, epochs, _column(rows, "loss"), "training", theme.BLUE)
    _curve(loss, epochs, val_loss, "validation", theme.ORANGE)
    _curve(accuracy, epochs, _column(rows, "val_top_5"), "top 5", theme.BLUE)
    _curve(accuracy, epochs, _column(rows, "val_top_1"), "top 1", theme.ORANGE)
    steps = {"where": "mid", "color": theme.INK, "linewidth": 1.3, "marker": ".", "markersize": 3}
    rates = _column(rows, "learning_rate")
    rate.step(epochs, rates, **steps)
    loss.set_ylabel("cross-entropy loss")
    accuracy.set_ylabel("validation accuracy")
    accuracy.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, whole=True)))
    accuracy.set_ylim(bottom=0)
    rate.set_ylabel("learning rate")
    if (rates > 0).any():  # an empty logarithmic axis cannot be drawn
        rate.set_yscale("log")
        rate.yaxis.set_minor_locator(NullLocator())
        rate.yaxis.set_major_locator(FixedLocator(_rates_to_name(rates)))
        rate.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.1e}"))
    rate.set_xlabel("epoch")
    rate.set_xlim(0.5, max(len(rows), 1) + 0.5)
    rate.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for ax in panels:
        ax.grid(axis="y")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    figure.align_ylabels(panels)
    _shade_stages(panels, rows)
    _mark_best(panels, epochs, val_loss)
    figure.suptitle(
        title or f"Training, {counted(len(rows), 'epoch')}",
        x=0.01,
        ha="left",
        fontsize=theme.TITLE,
        fontweight="bold",
    )
    return figure


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> Float[np.ndarray, " n"]:
    """A column of the rows; NaN where there is no value."""
    values = [row.get(name) for row in rows]
    return np.array([np.nan if value is None else float(value) for value in values])


def _curve(
    ax: Axes,
    epochs: np.ndarray,
    values: Float[np.ndarray, " n"],
    label: str,
    color: str,
) -> None:
    if np.isfinite(values).any():
        ax.plot(epochs, values, label=label, color=color, marker="o", markersize=2.6)


def _shade_stages(panels: Sequence[Axes], rows: Sequence[Mapping[str, Any]]) -> None:
    """Every other stage shaded, each named at the top."""
    names = [str(row.get("stage_name", "")) for row in rows]
    stages = [row.get("stage", name) for row, name in zip(rows, names, strict=True)]
    starts = [i for i in range(len(rows)) if i == 0 or stages[i] != stages[i - 1]]
    for number, (start, stop) in enumerate(zip(starts, [*starts, len(rows)][1:], strict=True)):
        for ax in panels:
            if number % 2 == 0:
                ax.axvspan(start + 0.5, stop + 0.5, color=theme.SHADE, linewidth=0, zorder=0)
        panels[0].annotate(
            names[start],
            (start + 0.5, 1.0),
            xycoords=panels[0].get_xaxis_transform(),
            xytext=(2, 3),
            textcoords="offset points",
            fontsize=theme.SMALL,
            color=theme.MUTED,
            annotation_clip=False,
        )


def _mark_best(panels: Sequence[Axes], epochs: np.ndarray, val_loss: np.ndarray) -> None:
    """The epoch whose model is kept: the least validation loss, the first of equals."""
    if not np.isfinite(val_loss).any():
        return
    best = int(np.nanargmin(val_loss))
    for ax in panels:
        ax.axvline(epochs[best], color=theme.INK, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    panels[0].plot(
        [epochs[best]],
        [val_loss[best]],
        marker="o",
        markersize=7,
        markerfacecolor="none",
        markeredgecolor=theme.INK,
        markeredgewidth=1.2,
        gid="best",
    )
    left = best > len(epochs) / 2
    panels[0].annotate(
        f"best: {val_loss[best]:.3f}, epoch {epochs[best]}",
        (float(epochs[best]), float(val_loss[best])),
        xytext=(-8 if left else 8, 9),
        textcoords="offset points",
        ha="right" if left else "left",
        fontsize=theme.SMALL,
        path_effects=halo(),
    )


@theme.styled
def distance_figure(
    distances_km: Float[np.ndarray, " n"],
    *,
    baseline_km: Float[np.ndarray, " n"] | None = None,
    title: str = "",
) -> Figure:
    """Share of the photos placed within each distance of the truth, the five radii marked.

    Args:
        distances_km: From the point estimate to the truth, one a photo, in km; at least one.
        baseline_km: The same of the best constant guess, drawn as a dashed line.
        title: Heading (default: how many photos there are).
    """
    figure = theme.new_figure(6.4, 3.9)
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    ax = figure.subplots()
    least, most = 0.1, np.pi * EARTH_RADIUS_KM
    for name, radius in RADII_KM.items():
        ax.axvline(radius, color=theme.RULE, linewidth=0.8, zorder=1)
        ax.text(
            radius,
            1.02,
            f"{name}\n{kilometres(radius)}",
            transform=ax.get_xaxis_transform(),
            ha="center",
            fontsize=theme.TINY,
            color=theme.MUTED,
        )
    if baseline_km is not None:
        ax.step(
            *_shares(baseline_km, least, most),
            where="post",
            color=theme.MUTED,
            linewidth=1.2,
            linestyle=(0, (4, 2)),
            label="best constant guess",
            gid="baseline",
        )
    ax.step(
        *_shares(distances_km, least, most),
        where="post",
        color=theme.BLUE,
        label="point estimate",
        gid="estimate",
    )
    for radius in RADII_KM.values():
        share = float(np.mean(distances_km <= radius))
        below = share > 0.93  # above it would stand in the names of the radii
        ax.plot([radius], [share], marker="o", markersize=4.5, color=theme.BLUE, gid="radius")
        ax.annotate(
            percent(share),
            (radius, share),
            xytext=(5, -5) if below else (-5, 4),
            textcoords="offset points",
            ha="left" if below else "right",
            va="top" if below else "baseline",
            fontsize=theme.SMALL,
            path_effects=halo(),
        )
    ax.set_xscale("log")
    ax.set(xlim=(least, most), ylim=(0, 1.0))
    ax.grid(axis="y")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,}".removesuffix(".0")))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: percent(value, whole=True)))
    ax.set_xlabel("distance from the truth, in km")
    ax.set_ylabel("photos within that distance")
    ax.legend(loc="upper left")
    heading = title or f"Accuracy within a distance, {counted(len(distances_km), 'photo')}"
    figure.suptitle(heading, x=0.01, ha="left", fontsize=theme.TITLE, fontweight="bold")
    return figure


def _rates_to_name(rates: Float[np.ndarray, " n"]) -> list[float]:
    """The learning rates that were used, without those too near to the one named above them."""
    named: list[float] = []
    for rate in sorted({float(rate) for rate in rates if rate > 0}, reverse=True):
        if not named or rate < named[-1] / 1.9:
            named.append(rate)
    return named


def _shares(
    distances: Float[np.ndarray, " n"], least: float, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distances in order and the share of photos within each, from one end of the axis on.

    Of many photos some are left out: a step of the curve is thinner than its line.
    """
    ordered = np.sort(distances)
    share = np.arange(1, len(ordered) + 1) / len(ordered)
    start = float(np.mean(ordered <= least))
    inside = np.flatnonzero(ordered > least)
    inside = inside[np.linspace(0, len(inside) - 1, min(len(inside), _STEPS)).astype(int)]
    return (
        np.concatenate([[least], ordered[inside], [most]]),
        np.concatenate([[start], share[inside], [1.0]]),
    )
