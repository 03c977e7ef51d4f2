"""The figure of a survey: where the model looks on average, by height and by ninths."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import write, write_note, write_title
from geoguess_cli.drawing.luma import luma
from geoguess_cli.drawing.theme import axes
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.occlusion.overlay import draw_bar
from geoguess_cli.survey.attention import BANDS, COLUMNS, THIRDS, Attention
from geoguess_cli.wording import counted, signed, text_of

_LEFT, _WIDE, _FOOT, _TOP = 0.15, 2.62, 0.78, 0.86  # inches


@theme.styled
def attention_figure(attention: Attention, *, window: int, aspect: float = 1.5) -> Figure:
    """The mean map of a survey, the drop by height, and the share of each ninth.

    Args:
        attention: How the drop shares out over the frame.
        window: Side of the window in pixels, for the note below the title.
        aspect: Width over height of the photos; the model may see them squashed.
    """
    tall = _WIDE / aspect
    figure = theme.new_figure(theme.WIDTH, tall + _FOOT + _TOP)
    profile, ninths = _LEFT + _WIDE + 0.32, theme.WIDTH - _LEFT - _WIDE
    bar = axes(figure, (_LEFT + 0.1, _FOOT - 0.24, _WIDE - 0.2, 0.1))
    _draw_mean_map(axes(figure, (_LEFT, _FOOT, _WIDE, tall)), bar, attention)
    _draw_profile(axes(figure, (profile, _FOOT, ninths - profile - 0.25, tall)), attention)
    _draw_ninths(axes(figure, (ninths, _FOOT, _WIDE, tall)), attention)
    names = ((_LEFT, "Mean drop"), (profile, "By height"), (ninths, "Share on each ninth"))
    for left, name in names:
        write(figure, left, _FOOT + tall + 0.1, name, fontsize=theme.TEXT, fontweight="bold")
    photos, drives = counted(attention.photos, "photo"), counted(attention.sequences, "drive")
    write_title(
        figure,
        _LEFT,
        f"Where the model looks: {photos}, {drives}",
        f"drops of the answer's probability under a window of {window} px; "
        "bands and ranges: 95 % intervals over drives",
    )
    note = "in bold the share of all positive drop;\nby area each ninth would have 11.1 %"
    write_note(figure, ninths, _FOOT - 0.14, note)
    return figure


def _draw_mean_map(ax: Axes, bar_ax: Axes, attention: Attention) -> None:
    """Draw the mean map and below it its scale, which has zero in the middle."""
    theme.bare(ax)
    limit = max(float(np.abs(attention.mean_drop).max()), 1e-6)
    norm = Normalize(-limit, limit)
    ax.imshow(
        attention.mean_drop,
        norm=norm,
        cmap=theme.DIVERGING,
        extent=(0, 1, 1, 0),
        aspect="auto",
        interpolation="bilinear",
        gid="mean-map",
    )
    for third in (1 / 3, 2 / 3):
        ax.axhline(third, color=theme.INK, linewidth=0.5, linestyle=(0, (2, 3)), alpha=0.6)
    ticks = MaxNLocator(5, symmetric=True, steps=[1, 2, 2.5, 5, 10])
    draw_bar(bar_ax, norm, ticks, lambda drop: signed(100 * drop), "percentage points")


def _draw_profile(ax: Axes, attention: Attention) -> None:
    """Draw the density of the positive drop by height; the dashed line is an even spread."""
    edges = np.linspace(0, 1, BANDS + 1)
    bands = np.array([(band.value, band.low, band.high) for band in attention.profile])
    value, low, high = np.repeat(bands, 2, axis=0).T
    ax.axhspan(1 / 3, 2 / 3, color=theme.SHADE, linewidth=0, zorder=0)
    ax.axvline(1, color=theme.MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    height = np.repeat(edges, 2)[1:-1]
    if np.isfinite(low).all():
        style: dict[str, Any] = {"color": theme.BLUE, "alpha": 0.22, "linewidth": 0}
        ax.fill_betweenx(height, low, high, gid="interval", **style)
    ax.plot(value, height, color=theme.BLUE, linewidth=1.5, gid="profile")
    most = np.nanmax(np.concatenate([high, value, [1.0]]))
    ax.set(xlim=(0, 2.1 * most), ylim=(1, 0))  # the right half is for words
    for row, third in enumerate(THIRDS):
        _write_third(ax, third, attention.thirds[third], row)
    ax.set_yticks([0, 1 / 3, 2 / 3, 1], labels=["", "", "", ""])
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ticks = [tick for tick in ax.get_xticks() if tick <= most]
    ax.set_xticks(ticks)
    ax.spines["bottom"].set_bounds(0, max(ticks))
    ax.set_xlabel("drop ÷ area (1: spread evenly)", labelpad=3)
    ax.xaxis.set_label_coords(0, -0.16)
    ax.xaxis.label.set_horizontalalignment("left")


def _write_third(ax: Axes, name: str, share: Interval, row: int) -> None:
    x, y = 0.985, (row + 0.5) / 3
    text = text_of(share, "share")
    below = f"{name} third\n{text.interval}".strip()
    right: dict[str, Any] = {"ha": "right", "transform": ax.get_yaxis_transform()}
    small: dict[str, Any] = {"fontsize": theme.TINY, "color": theme.MUTED, "linespacing": 1.35}
    ax.text(x, y - 0.02, text.value, fontsize=theme.TEXT, fontweight="bold", va="bottom", **right)
    ax.text(x, y + 0.02, below, va="top", **small, **right)


def _draw_ninths(ax: Axes, attention: Attention) -> None:
    """Draw the frame in nine parts; the colour compares the share of each with its area."""
    theme.bare(ax)
    even = 1 / (len(THIRDS) * COLUMNS)
    shares = np.array([[share.value for share in row] for row in attention.ninths])
    most = max(float(np.nanmax(shares, initial=even)), even + 1e-6)
    norm = TwoSlopeNorm(even, vmin=0, vmax=max(most, 2 * even))
    ax.set(xlim=(0, COLUMNS), ylim=(len(THIRDS), 0))
    for row, column in np.ndindex(shares.shape):
        color = theme.DIVERGING(float(norm(np.nan_to_num(shares[row, column]))))
        ax.add_patch(
            Rectangle((column, row), 1, 1, facecolor=color, edgecolor=theme.PAGE, linewidth=1.5)
        )
        ink = theme.PAGE if luma(*color[:3]) < 0.5 else theme.INK
        text = text_of(attention.ninths[row][column], "share")
        bold: dict[str, Any] = {"fontsize": theme.TEXT, "fontweight": "bold", "gid": "ninth"}
        small: dict[str, Any] = {"fontsize": theme.TINY - 0.5, "va": "top"}
        middle = column + 0.5
        ax.text(middle, row + 0.5, text.value, color=ink, ha="center", va="bottom", **bold)
        ax.text(middle, row + 0.58, text.interval, color=ink, ha="center", **small)
