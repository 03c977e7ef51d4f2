"""Figures of a survey: where the model looks on average, and a contact sheet of the suspects."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.occlusion.overlay import paled, seen_box
from geoguess_cli.survey.attention import BANDS, COLUMNS, THIRDS, Attention
from geoguess_cli.survey.shortcuts import SharedSpot
from geoguess_cli.wording import counted

_HEADING: dict[str, Any] = {"ha": "left", "va": "baseline"}
_LEFT, _GAP = 0.15, 0.1  # inches
_OWN, _OTHERS = 4, 2  # photos of the drive and of other drives in a row of the sheet


@theme.styled
def attention_figure(
    attention: Attention, *, window: int, aspect: float = 1.5, title: str = ""
) -> Figure:
    """Where a model looks over a set: the mean map, its profile by height, the share of each ninth.

    Args:
        attention: What the maps say together.
        window: Side of the window in pixels, said below.
        aspect: Width over height of the frame: of the photos, not of what the model sees.
        title: Heading (default: how many photos and drives there are).
    """
    wide = 2.62
    tall = wide / aspect
    foot, top = 0.78, 0.86
    figure = theme.new_figure(theme.WIDTH, tall + foot + top)
    page = np.tile(figure.get_size_inches(), 2)
    lefts = (_LEFT, _LEFT + wide + 0.32, theme.WIDTH - _LEFT - wide)
    widths = (wide, lefts[2] - lefts[1] - 0.25, wide)
    axes = [
        figure.add_axes(tuple(np.array([left, foot, width, tall]) / page))
        for left, width in zip(lefts, widths, strict=True)
    ]
    _mean_map(figure, axes[0], attention, page, (lefts[0], foot, wide))
    _profile(axes[1], attention)
    _ninths(axes[2], attention)
    names = ("Mean drop", "By height", "Share on each ninth")
    for left, name in zip(lefts, names, strict=True):
        at = (left / page[0], 1 - (top - 0.1) / page[1])
        figure.text(*at, name, fontsize=theme.TEXT, fontweight="bold", **_HEADING)
    photos, drives = counted(attention.photos, "photo"), counted(attention.sequences, "drive")
    title = title or f"Where the model looks: {photos}, {drives}"
    y = 1 - np.array([0.27, 0.47]) / page[1]
    figure.text(_LEFT / page[0], y[0], title, fontsize=theme.TITLE, fontweight="bold", **_HEADING)
    figure.text(
        _LEFT / page[0],
        y[1],
        f"drops of the answer's probability under a window of {window} px; "
        "bands and ranges: 95 % intervals over drives",
        fontsize=theme.SMALL,
        color=theme.MUTED,
        **_HEADING,
    )
    figure.text(
        lefts[2] / page[0],
        (foot - 0.14) / page[1],
        "in bold the share of all positive drop;\nby area each ninth would have 11.1 %",
        fontsize=theme.TINY,
        color=theme.MUTED,
        linespacing=1.5,
        va="top",
    )
    return figure


def _mean_map(
    figure: Figure,
    ax: Axes,
    attention: Attention,
    page: np.ndarray,
    place: tuple[float, float, float],
) -> None:
    """The mean map, zero in the middle of its colours, and its scale below."""
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
    left, foot, wide = place
    bar_ax = figure.add_axes(tuple(np.array([left + 0.1, foot - 0.24, wide - 0.2, 0.1]) / page))
    drawn = ScalarMappable(norm, theme.DIVERGING)
    bar = figure.colorbar(drawn, cax=bar_ax, orientation="horizontal")
    bar.ax.xaxis.set_major_locator(MaxNLocator(5, symmetric=True, steps=[1, 2, 2.5, 5, 10]))
    bar.ax.xaxis.set_major_formatter(FuncFormatter(_points))
    bar.set_label("percentage points", fontsize=theme.SMALL, labelpad=2)
    bar.outline.set_linewidth(0)
    bar.ax.tick_params(labelsize=theme.TINY, length=2, pad=1.5)


def _profile(ax: Axes, attention: Attention) -> None:
    """How dense the positive drop is at each height, against an even spread; thirds shaded."""
    edges = np.linspace(0, 1, BANDS + 1)
    value = np.array([figure.value for figure in attention.profile])
    low = np.array([figure.low for figure in attention.profile])
    high = np.array([figure.high for figure in attention.profile])
    ax.axhspan(1 / 3, 2 / 3, color=theme.SHADE, linewidth=0, zorder=0)
    ax.axvline(1, color=theme.MUTED, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1)
    height = np.repeat(edges, 2)[1:-1]
    if np.isfinite(low).all():
        ax.fill_betweenx(
            height,
            np.repeat(low, 2),
            np.repeat(high, 2),
            color=theme.BLUE,
            alpha=0.22,
            linewidth=0,
            gid="interval",
        )
    ax.plot(np.repeat(value, 2), height, color=theme.BLUE, linewidth=1.5, gid="profile")
    most = np.nanmax(np.concatenate([high, value, [1.0]]))
    ax.set(xlim=(0, 2.1 * most), ylim=(1, 0))  # the right half is for words
    for row, third in enumerate(THIRDS):
        _third(ax, third, attention.thirds[third], row)
    ax.set_yticks([0, 1 / 3, 2 / 3, 1], labels=["", "", "", ""])
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    ticks = [tick for tick in ax.get_xticks() if tick <= most]
    ax.set_xticks(ticks)
    ax.spines["bottom"].set_bounds(0, max(ticks))
    ax.set_xlabel("drop ÷ area (1: spread evenly)", labelpad=3)
    ax.xaxis.set_label_coords(0, -0.16)
    ax.xaxis.label.set_horizontalalignment("left")


def _third(ax: Axes, name: str, share: Interval, row: int) -> None:
    x, y = 0.985, (row + 0.5) / 3
    across = ax.get_yaxis_transform()
    ax.text(
        x, y - 0.02, _share(share.value), fontsize=theme.TEXT, fontweight="bold",
        ha="right", va="bottom", transform=across,
    )  # fmt: skip
    ax.text(
        x, y + 0.02, f"{name} third{_range(share)}", fontsize=theme.TINY, color=theme.MUTED,
        ha="right", va="top", transform=across, linespacing=1.35,
    )  # fmt: skip


def _ninths(ax: Axes, attention: Attention) -> None:
    """The frame in nine parts, each with its share; the colour says more or less than by area."""
    theme.bare(ax)
    even = 1 / (len(THIRDS) * COLUMNS)
    shares = np.array([[figure.value for figure in row] for row in attention.ninths])
    most = max(float(np.nanmax(shares, initial=even)), even + 1e-6)
    norm = TwoSlopeNorm(even, vmin=0, vmax=max(most, 2 * even))
    ax.set(xlim=(0, COLUMNS), ylim=(len(THIRDS), 0))
    for row, column in np.ndindex(shares.shape):
        color = theme.DIVERGING(float(norm(np.nan_to_num(shares[row, column]))))
        ax.add_patch(
            Rectangle((column, row), 1, 1, facecolor=color, edgecolor=theme.PAGE, linewidth=1.5)
        )
        dark = np.dot(color[:3], (0.299, 0.587, 0.114)) < 0.5
        ink = theme.PAGE if dark else theme.INK
        share = attention.ninths[row][column]
        ax.text(
            column + 0.5, row + 0.5, _share(share.value), color=ink, fontsize=theme.TEXT,
            fontweight="bold", ha="center", va="bottom", gid="ninth",
        )  # fmt: skip
        ax.text(
            column + 0.5, row + 0.58, _range(share).strip(), color=ink, fontsize=theme.TINY - 0.5,
            ha="center", va="top",
        )  # fmt: skip


def _share(share: float) -> str:
    """To the digit of its interval."""
    return f"{100 * share:.1f} %" if np.isfinite(share) else "\N{EN DASH}"


def _whole(share: float) -> str:
    """In whole percent; what is gained is not lost."""
    return f"{100 * max(0.0, share):.0f} %"


def _range(share: Interval) -> str:
    """An interval as text on a line of its own; nothing where there is none."""
    if not np.isfinite(share.low):
        return ""
    return f"\n{100 * share.low:.1f} – {100 * share.high:.1f} %"


def _points(share: float, _: int) -> str:
    return f"{100 * share:+.3g}".replace("-", "\N{MINUS SIGN}") if share else "0"


@theme.styled
def suspects_sheet(
    suspects: Sequence[SharedSpot],
    photo_of: Callable[[int], Image.Image | None],
    *,
    size: int,
    resize: str = "squash",
    drives: Sequence[str],
    answers: Sequence[str],
    shown: int = 12,
    title: str = "",
) -> Figure:
    """A contact sheet: a row a suspect, the spot outlined in photos of its drive and of others.

    Args:
        suspects: The surest first; at least one.
        photo_of: A photo by its row, as it is, upright; None for one that cannot be read.
        size: Side of the square that the model sees, in pixels.
        resize: How a photo becomes that square: "squash" or "crop".
        drives: Name of the drive of each suspect.
        answers: The answer of each: a cell with its place.
        shown: Rows at most.
        title: Heading (default: how many there are).
    """
    listed = list(suspects[:shown])
    across = _OWN + _OTHERS
    wide = (theme.WIDTH - 2 * _LEFT - across * _GAP) / across
    tall = wide / 1.5
    text, top, foot = 0.46, 0.95, 0.35
    step = tall + text + 0.12
    figure = theme.new_figure(theme.WIDTH, top + foot + step * len(listed))
    page = np.tile(figure.get_size_inches(), 2)
    for row, spot in enumerate(listed):
        y = page[1] - top - row * step
        _told(figure, page, y, row + 1, spot, drives[row], answers[row])
        rows = [*spot.rows[:_OWN], *[None] * (_OWN - len(spot.rows)), *_picked(spot.others)]
        for column, photo_row in enumerate(rows):
            photo = None if photo_row is None else photo_of(photo_row)
            if photo is None:
                continue
            left = _LEFT + column * (wide + _GAP) + (_GAP if column >= _OWN else 0)
            place = np.array([left, y - text - tall, wide, tall]) / page
            ax = theme.bare(figure.add_axes(tuple(place)))
            _outlined(ax, photo, spot, size, resize, own=column < _OWN)
    title = title or f"Suspected shortcuts: {counted(len(suspects), 'spot')}"
    if len(suspects) > len(listed):
        title += f", the first {len(listed)}"
    y = 1 - np.array([0.27, 0.47]) / page[1]
    figure.text(_LEFT / page[0], y[0], title, fontsize=theme.TITLE, fontweight="bold", **_HEADING)
    figure.text(
        _LEFT / page[0],
        y[1],
        "outlined: a small part of the frame on which the answer rests in several photos of a "
        "drive; percentages are of its probability",
        fontsize=theme.SMALL,
        color=theme.MUTED,
        **_HEADING,
    )
    heads = ((_LEFT, "photos of the drive"), (_LEFT + _OWN * (wide + _GAP) + _GAP, "other drives"))
    for left, head in heads:
        at = (left / page[0], 1 - (top - 0.14) / page[1])
        figure.text(*at, head, fontsize=theme.TEXT, fontweight="bold", **_HEADING)
    return figure


def _told(
    figure: Figure,
    page: np.ndarray,
    y: float,
    number: int,
    spot: SharedSpot,
    drive: str,
    answer: str,
) -> None:
    """Two lines above a row of photos: which drive and answer, and the evidence."""
    photos = counted(len(spot.rows), "photo")
    figure.text(
        _LEFT / page[0],
        (y - 0.17) / page[1],
        f"{number}  drive {drive}, {photos}: {answer}",
        fontsize=theme.SMALL,
        fontweight="bold",
        **_HEADING,
    )
    changed = f" (another answer in {spot.changed})" if spot.changed else ""
    figure.text(
        _LEFT / page[0],
        (y - 0.34) / page[1],
        f"lost when covered: {_whole(spot.drop)}{changed}; "
        f"with what half of other drives show there: {_whole(spot.across_half)}, "
        f"nearly any: {_whole(spot.across)}; in an exchange within the drive: "
        f"{_whole(spot.within)}",
        fontsize=theme.TINY,
        color=theme.MUTED,
        **_HEADING,
    )


def _picked(rows: Sequence[int]) -> list[int]:
    """Photos of other drives to show: of one of the cell, and of the nearest."""
    return [rows[0], rows[-1]][: min(_OTHERS, len(rows))] if rows else []


def _outlined(
    ax: Axes, photo: Image.Image, spot: SharedSpot, size: int, resize: str, *, own: bool
) -> None:
    """A photo with the box; those of other drives pale, with the box dashed."""
    left, top, width, height = seen_box(photo, resize)
    small = photo.convert("RGB")
    small.thumbnail((480, 480))
    pixels = np.asarray(small)
    shown = pixels if own else paled(pixels)
    ax.imshow(shown, extent=(0, photo.width, photo.height, 0), aspect="equal", gid="photo")
    box = spot.box
    corner = (left + box.left / size * width, top + box.top / size * height)
    sides = ((box.right - box.left) / size * width, (box.bottom - box.top) / size * height)
    dashes: Any = "solid" if own else (0, (3, 2))
    for color, line in ((theme.PAGE, 2.4), (theme.TRUTH if own else theme.INK, 1.2)):
        ax.add_patch(
            Rectangle(
                corner, *sides, fill=False, edgecolor=color, linewidth=line,
                linestyle=dashes if color != theme.PAGE else "solid", gid="spot",
            )
        )  # fmt: skip
