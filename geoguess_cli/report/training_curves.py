"""The figure of a training: loss, accuracy and learning rate by epoch."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.report.charts import FULL, headed, note
from geoguess_cli.wording import counted


@theme.styled
def training_curves(rows: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """Loss, accuracy and learning rate by epoch, with the stages and the best epoch.

    Args:
        rows: One a finished epoch, in order, as in `metrics.jsonl`: `stage_name`, `loss`,
            `val_loss`, `val_top_1`, `val_top_5`, `learning_rate`; what is missing or null is left
            out of the curve.
        title: Heading (default: the number of epochs).
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
    accuracy.yaxis.set_major_formatter(FULL)
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
    return headed(figure, title or f"Training, {counted(len(rows), 'epoch')}")


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> Float[np.ndarray, " n"]:
    """A column of the rows; NaN where there is no value."""
    values = [row.get(name) for row in rows]
    return np.array([np.nan if value is None else float(value) for value in values])


def _curve(
    ax: Axes, epochs: np.ndarray, values: Float[np.ndarray, " n"], label: str, color: str
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
        style = {"xycoords": panels[0].get_xaxis_transform(), "color": theme.MUTED}
        note(panels[0], names[start], (start + 0.5, 1.0), (2, 3), annotation_clip=False, **style)


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
    words = f"best: {val_loss[best]:.3f}, epoch {epochs[best]}"
    # At the top of the panel, because losses fall from the upper left.
    left = best < len(epochs) / 2
    style = {"ha": "left" if left else "right", "va": "top", "path_effects": halo()}
    top = panels[0].get_xaxis_transform()
    at = (float(epochs[best]), 1.0)
    note(panels[0], words, at, (6 if left else -6, -5), xycoords=top, **style)


def _rates_to_name(rates: Float[np.ndarray, " n"]) -> list[float]:
    """The learning rates that were used, without those too near to the one named above them."""
    named: list[float] = []
    for rate in sorted({float(rate) for rate in rates if rate > 0}, reverse=True):
        if not named or rate < named[-1] / 1.9:
            named.append(rate)
    return named
