"""Sheets of explained photos: each with its occlusion map, and the curves that judge the map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from PIL import Image

from geoguess_cli.choices import Resize, View
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import shortened
from geoguess_cli.drawing.theme import axes
from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.faithfulness import Curves, Faithfulness
from geoguess_cli.occlusion.overlay import Box, draw_map, draw_scale, draw_window, paled, seen_box
from geoguess_cli.occlusion.targets import Target
from geoguess_cli.wording import percent

MOST_PHOTOS = 60
"""Of one sheet: a PNG is at most 65,535 pixels high, and 60 upright photos take 61,000 of them."""

_SIDE, _GAP = 0.15, 0.2  # inches beside and between two photos
_CURVES = 2.5  # inches across, for the curves of one photo
_CURVES_TALL = 1.72
_AXIS, _AREAS = 0.4, 0.4  # inches of the names at the left of the curves, and of the areas below
_TOP, _FOOT = 0.56, 0.66  # inches above the first photo's heading and below the last photo
_HEADING, _BETWEEN = 0.24, 0.16  # inches of a photo's heading, and between two rows
_SHOWN_PIXELS = 1400  # of a photo's longer side

BASELINE_NAMES = {"mean": "the mean colour", "blur": "a blur", "noise": "noise"}


@theme.styled
def occlusion_sheet(
    explained: Sequence[Explanation],
    pictures: Sequence[Image.Image],
    *,
    view: View = "overlay",
    resize: Resize = "squash",
    title: str = "",
) -> Figure:
    """Photos one below the other, each beside its occlusion map and the curves that judge it.

    A colour means the same drop on every figure of a measure: the scale is linear near zero and
    logarithmic beyond. Where nothing happens the photo shows.

    Args:
        explained: 1 to `MOST_PHOTOS` photos, all of one measure, window, stride and baselines.
        pictures: Each photo, upright, of any size and shape.
        view: How to show the maps.
        resize: How a photo was made the model's square: squashed, or its middle cut out.
        title: Heading (default: what is followed).
    """
    judged = any(one.faithfulness is not None for one in explained)
    room = theme.WIDTH - 2 * _SIDE - _GAP - (_CURVES + _GAP if judged else 0.0)
    wide = room / 2
    talls = [min(wide * one.height / one.width, 1.25 * wide) for one in pictures]
    rows = [max(tall, _CURVES_TALL if judged else 0.0) for tall in talls]
    height = _TOP + sum(rows) + len(rows) * _HEADING + (len(rows) - 1) * _BETWEEN + _FOOT
    figure = theme.new_figure(theme.WIDTH, height)
    _draw_title(figure, explained, title)
    top = height - _TOP
    for one, picture, tall, row in zip(explained, pictures, talls, rows, strict=True):
        top -= _HEADING
        _draw_heading(figure, one, top, 2 * wide + _GAP)
        shown = min(wide, tall * picture.width / picture.height)
        for number in (0, 1):
            left = _SIDE + number * (wide + _GAP) + (wide - shown) / 2
            ax = theme.bare(axes(figure, (left, top - tall, shown, tall)))
            _draw_photo(ax, one, picture, view if number else None, seen_box(picture, resize))
        if one.faithfulness is not None:
            _draw_judgement(figure, one.faithfulness, theme.WIDTH - _SIDE - _CURVES, top)
        top -= row + _BETWEEN
    _draw_key(figure, explained, wide)
    return figure


def _draw_title(figure: Figure, explained: Sequence[Explanation], title: str) -> None:
    made = explained[0].occlusion
    height, width = made.drop.shape
    covered = " and ".join(BASELINE_NAMES.get(name, name) for name in made.baselines)
    subtitle = (
        f"window {made.window} px, stride {made.stride} px, of the {width} × {height} px "
        f"that the model sees; covered by {covered}"
    )
    alone = len(explained) == 1
    title = title or ("What the answer rests on" if alone else "What the answers rest on")
    across = theme.WIDTH - 2 * _SIDE
    ax = theme.bare(axes(figure, (_SIDE, figure.get_figheight() - _TOP, across, _TOP)))
    ax.set(xlim=(0, across), ylim=(0, _TOP))
    large: dict[str, Any] = {"fontsize": theme.TITLE, "fontweight": "bold"}
    small: dict[str, Any] = {"fontsize": theme.SMALL, "color": theme.MUTED}
    ax.text(0, 0.3, shortened(ax, title, across, **large), **large)
    ax.text(0, 0.1, shortened(ax, subtitle, across, **small), **small)


def _draw_heading(figure: Figure, explained: Explanation, bottom: float, across: float) -> None:
    """The photo's name, what is followed and its value, above the photo."""
    made, judged = explained.occlusion, explained.faithfulness
    ax = theme.bare(axes(figure, (_SIDE, bottom, theme.WIDTH - 2 * _SIDE, _HEADING)))
    ax.set(xlim=(0, theme.WIDTH - 2 * _SIDE), ylim=(0, _HEADING))
    style: dict[str, Any] = {"fontsize": theme.SMALL, "va": "baseline"}
    text = f"{explained.photo.name}: {made.target.told(made.value)}"
    ax.text(0, 0.07, shortened(ax, text, across, **style), **style)
    if judged is not None:
        better = "better" if judged.better_than_random else "no better"
        verdict = f"{better} than random ({judged.beaten} of {len(judged.random)})"
        color = theme.INK if judged.better_than_random else theme.ORANGE
        left = theme.WIDTH - 2 * _SIDE - _CURVES
        ax.text(left, 0.07, verdict, color=color, fontweight="bold", gid="verdict", **style)


def _draw_photo(
    ax: Axes, explained: Explanation, picture: Image.Image, view: View | None, box: Box
) -> None:
    """The photo, with its map unless `view` is None."""
    small = picture.convert("RGB")
    small.thumbnail((_SHOWN_PIXELS, _SHOWN_PIXELS))
    pixels = paled(np.asarray(small)) if view == "overlay" else np.asarray(small)
    ax.imshow(pixels, extent=(0, picture.width, picture.height, 0), aspect="auto")
    made = explained.occlusion
    height, width = made.drop.shape
    if view is None:
        draw_window(ax, made.window / width, made.window / height, box)
    else:
        draw_map(ax, made, view, box)


def _draw_judgement(figure: Figure, judged: Faithfulness, left: float, top: float) -> None:
    """Deletion and insertion side by side, each with its areas below."""
    wide, tall = (_CURVES - _AXIS - _GAP) / 2, _CURVES_TALL - 0.83
    panels = []
    for number, kind in enumerate(("deletion", "insertion")):
        at = left + _AXIS + number * (wide + _GAP)
        ax = axes(figure, (at, top - 0.14 - tall, wide, tall))
        _draw_curves(ax, judged, kind)
        _draw_areas(axes(figure, (at, top - _CURVES_TALL, wide, _AREAS)), judged, kind)
        panels.append(ax)
    most = max(ax.dataLim.y1 for ax in panels)
    for ax in panels:
        ax.set_ylim(0, 1.06 * most or 1.0)
        ax.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _on_axis(judged.target, value)))
    panels[1].tick_params(labelleft=False)
    names = theme.bare(axes(figure, (left, top - _CURVES_TALL, _AXIS, _AREAS)))
    names.set(xlim=(0, _AXIS), ylim=(0, _AREAS))
    for number, name in enumerate(("map", "random", "edges")):
        y = _AREAS - 0.08 - 0.125 * number
        names.text(0, y, name, fontsize=theme.TINY - 1, va="center_baseline")


def _on_axis(target: Target, value: float) -> str:
    return f"{value:,.0f} km" if target.measure == "km" else percent(value, whole=True)


def _strokes(kind: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """How the curves of the map, of random orders and of the edges are drawn."""
    return (
        {"color": theme.ORANGE if kind == "deletion" else theme.BLUE, "linewidth": 1.3},
        {"color": theme.RULE, "linewidth": 5, "solid_capstyle": "butt"},
        {"color": theme.MUTED, "linewidth": 0.9, "linestyle": (0, (2, 1.5))},
    )


def _draw_curves(ax: Axes, judged: Faithfulness, kind: str) -> None:
    """One kind of curve: of the map, of the edges, and the range of the random orders."""
    shares = judged.shares
    random = np.array([getattr(curves, kind) for curves in judged.random])
    least, most = random.min(axis=0), random.max(axis=0)
    own, _, edges = _strokes(kind)
    ax.fill_between(shares, least, most, color=theme.RULE, linewidth=0, gid="random")
    ax.plot(shares, getattr(judged.edges, kind), gid="edges", **edges)
    ax.plot(shares, getattr(judged.own, kind), gid="map", **own)
    ax.set_title(kind, fontsize=theme.TINY, fontweight="normal", pad=2.5)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    ax.tick_params(labelsize=theme.TINY - 1, length=2, pad=1.5)
    done = "taken away" if kind == "deletion" else "uncovered"
    ax.set_xlabel(f"% {done}", fontsize=theme.TINY - 1, labelpad=1, color=theme.MUTED)


def _draw_areas(ax: Axes, judged: Faithfulness, kind: str) -> None:
    """The areas under the curves, each with the stroke that it is drawn with: the key as well."""

    def area(curves: Curves) -> float:
        return curves.deletion_area if kind == "deletion" else curves.insertion_area

    random = np.array([area(curves) for curves in judged.random])
    digits = 0 if judged.target.measure == "km" else 2
    texts = (
        f"{area(judged.own):,.{digits}f}",
        f"{random.mean():,.{digits}f} ± {random.std():,.{digits}f}",
        f"{area(judged.edges):,.{digits}f}",
    )
    theme.bare(ax).set(xlim=(0, 1), ylim=(0, _AREAS))
    for number, (text, stroke) in enumerate(zip(texts, _strokes(kind), strict=True)):
        y = _AREAS - 0.08 - 0.125 * number
        ax.plot([0, 0.15], [y, y], **stroke)
        ax.text(1, y, text, ha="right", va="center_baseline", fontsize=theme.TINY - 1)


def _draw_key(figure: Figure, explained: Sequence[Explanation], wide: float) -> None:
    """The scale of colours below the maps, and in words what else is to be known."""
    measure = explained[0].occlusion.target.measure
    falls, rises = ("falls", "rises") if measure != "km" else ("rises", "falls")
    what = "probability" if measure != "km" else "distance"
    page = figure.get_size_inches()
    words = {
        _SIDE: f"orange speaks for it: covered, the {what} {falls}\n"
        f"blue speaks against it: covered, it {rises}"
    }
    if any(one.faithfulness is not None for one in explained):
        words[theme.WIDTH - _SIDE - _CURVES] = (
            "grey: random orders, and how many are beaten\n"
            "dashed: the photo's edges; numbers: areas"
        )
    for left, text in words.items():
        figure.text(
            left / page[0],
            (_FOOT - 0.12) / page[1],
            text,
            fontsize=theme.TINY,
            color=theme.MUTED,
            linespacing=1.5,
            va="top",
        )
    left = _SIDE + wide + _GAP + 0.15
    rect = np.array([left, _FOOT - 0.24, wide - 0.3, 0.11]) / np.tile(page, 2)
    draw_scale(figure, rect.tolist(), measure)
