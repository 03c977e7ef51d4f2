"""Sheets of explained photos: each photo with its occlusion map and the curves that judge it."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from PIL import Image

from geoguess_cli.choices import View
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import shortened, write_note
from geoguess_cli.drawing.theme import Rect, axes
from geoguess_cli.names import text_of
from geoguess_cli.occlusion.baselines import baseline_words
from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.faithfulness import Faithfulness
from geoguess_cli.occlusion.overlay import (
    PhotoBox,
    draw_map,
    draw_photo,
    draw_scale,
    draw_window,
    visible_box,
)
from geoguess_cli.wording import kilometres, percent

MOST_PHOTOS = 60
"""Greatest number of photos on a sheet: 60 upright photos are 61,000 pixels high, and a PNG holds
at most 65,535."""

_SIDE, _GAP = 0.15, 0.2  # inches beside and between two photos
_ACROSS = theme.WIDTH - 2 * _SIDE
_CURVES = 2.5  # inches across, for the curves of one photo
_CURVES_TALL = 1.72
_AXIS, _AREAS = 0.4, 0.4  # inches of the names at the left of the curves, and of the areas below
_TOP, _FOOT = 0.56, 0.66  # inches above the first photo's heading and below the last photo
_HEADING, _BETWEEN = 0.24, 0.16  # inches of a photo's heading, and between two rows
_MOST_PIXELS = 1400  # of a photo's longer side


@theme.styled
def occlusion_sheet(
    explanations: Sequence[Explanation],
    pictures: Sequence[Image.Image],
    *,
    view: View = "overlay",
    title: str = "",
) -> Figure:
    """Photos one below the other, each beside its occlusion map and the curves that judge the map.

    A colour means the same drop on every figure of a measure: the scale is linear near zero and
    logarithmic beyond. The photo stays visible where its answer does not change.

    Args:
        explanations: 1 to `MOST_PHOTOS`, with the same measure, window, stride and baselines.
        pictures: Each photo, upright, of any size and shape.
        view: How to draw the maps.
        title: Heading (default: "What the answer rests on").
    """
    judged = any(one.faithfulness is not None for one in explanations)
    room = _ACROSS - _GAP - (_CURVES + _GAP if judged else 0.0)
    wide = room / 2
    talls = [min(wide * one.height / one.width, 1.25 * wide) for one in pictures]
    rows = [max(tall, _CURVES_TALL if judged else 0.0) for tall in talls]
    height = _TOP + sum(rows) + len(rows) * _HEADING + (len(rows) - 1) * _BETWEEN + _FOOT
    figure = theme.new_figure(theme.WIDTH, height)
    _draw_title(figure, explanations, title)
    top = height - _TOP
    for one, picture, tall, row in zip(explanations, pictures, talls, rows, strict=True):
        top -= _HEADING
        _draw_heading(figure, one, top, 2 * wide + _GAP)
        width = min(wide, tall * picture.width / picture.height)
        for number in (0, 1):
            left = _SIDE + number * (wide + _GAP) + (wide - width) / 2
            ax = theme.bare(axes(figure, (left, top - tall, width, tall)))
            _draw_photo(
                ax, one, picture, view if number else None, visible_box(picture, one.resize)
            )
        if one.faithfulness is not None:
            _draw_judgement(figure, one.faithfulness, theme.WIDTH - _SIDE - _CURVES, top)
        top -= row + _BETWEEN
    _draw_key(figure, explanations, wide)
    return figure


def _draw_title(figure: Figure, explanations: Sequence[Explanation], title: str) -> None:
    occlusion = explanations[0].occlusion
    height, width = occlusion.drop.shape
    covers = " and ".join(baseline_words(name) for name in occlusion.baselines)
    subtitle = (
        f"window {occlusion.window} px, stride {occlusion.stride} px, of the {width} × {height} px "
        f"that the model sees; covered by {covers}"
    )
    if any(one.occlusion.interpolation for one in explanations):
        subtitle += "; partly interpolated"
    alone = len(explanations) == 1
    title = title or ("What the answer rests on" if alone else "What the answers rest on")
    ax = _in_inches(figure, (_SIDE, figure.get_figheight() - _TOP, _ACROSS, _TOP))
    _write(ax, 0.3, title, _ACROSS, fontsize=theme.TITLE, fontweight="bold")
    _write(ax, 0.1, subtitle, _ACROSS, fontsize=theme.SMALL, color=theme.MUTED)


def _draw_heading(figure: Figure, explanation: Explanation, bottom: float, across: float) -> None:
    """Write the photo's name, its target with its value, and the verdict above the photo."""
    occlusion, faithfulness = explanation.occlusion, explanation.faithfulness
    ax = _in_inches(figure, (_SIDE, bottom, _ACROSS, _HEADING))
    text = f"{text_of(explanation.photo.name)}: {occlusion.target.describe(occlusion.value)}"
    if explanation.unlike:
        text += "; unlike the training photos"
    _write(ax, 0.07, text, across, fontsize=theme.SMALL)
    if faithfulness is not None:
        better = "better" if faithfulness.better_than_random else "no better"
        verdict = f"{better} than random ({faithfulness.beaten} of {len(faithfulness.random)})"
        color = theme.INK if faithfulness.better_than_random else theme.ORANGE
        ax.text(
            _ACROSS - _CURVES, 0.07, verdict, color=color, fontsize=theme.SMALL,
            fontweight="bold", gid="verdict",
        )  # fmt: skip


def _in_inches(figure: Figure, rect: Rect) -> Axes:
    """Bare axes at a place of the page whose units are inches, for text."""
    ax = theme.bare(axes(figure, rect))
    ax.set(xlim=(0, rect[2]), ylim=(0, rect[3]))
    return ax


def _write(ax: Axes, y: float, text: str, room: float, **style: Any) -> None:
    """Write text from the left edge of the axes, and cut it to the room."""
    ax.text(0, y, shortened(ax, text, room, **style), **style)


def _draw_photo(
    ax: Axes, explanation: Explanation, picture: Image.Image, view: View | None, box: PhotoBox
) -> None:
    """Draw the photo, with its map unless `view` is None."""
    draw_photo(ax, picture, most_pixels=_MOST_PIXELS, pale=view == "overlay", aspect="auto")
    occlusion = explanation.occlusion
    height, width = occlusion.drop.shape
    if view is None:
        draw_window(ax, occlusion.window / width, occlusion.window / height, box)
    else:
        draw_map(ax, occlusion, view, box)


def _draw_judgement(figure: Figure, faithfulness: Faithfulness, left: float, top: float) -> None:
    """Draw deletion and insertion side by side, each above its areas."""
    wide, tall = (_CURVES - _AXIS - _GAP) / 2, _CURVES_TALL - 0.83
    panels = []
    for number, kind in enumerate(("deletion", "insertion")):
        at = left + _AXIS + number * (wide + _GAP)
        ax = axes(figure, (at, top - 0.14 - tall, wide, tall))
        _draw_curves(ax, faithfulness, kind)
        _draw_areas(axes(figure, (at, top - _CURVES_TALL, wide, _AREAS)), faithfulness, kind)
        panels.append(ax)

    def on_axis(value: float, _: int) -> str:
        in_km = faithfulness.target.measure == "km"
        return kilometres(value, decimals=0) if in_km else percent(value, whole=True)

    most = max(ax.dataLim.y1 for ax in panels)
    for ax in panels:
        ax.set_ylim(0, 1.06 * most or 1.0)
        ax.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        ax.yaxis.set_major_formatter(FuncFormatter(on_axis))
    panels[1].tick_params(labelleft=False)
    names = _in_inches(figure, (left, top - _CURVES_TALL, _AXIS, _AREAS))
    for number, name in enumerate(("map", "random", "edges")):
        y = _AREAS - 0.08 - 0.125 * number
        names.text(0, y, name, fontsize=theme.TINY - 1, va="center_baseline")


def _strokes(kind: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The line styles of the map, of the random orders and of the edges."""
    return (
        {"color": theme.ORANGE if kind == "deletion" else theme.BLUE, "linewidth": 1.3},
        {"color": theme.RULE, "linewidth": 5, "solid_capstyle": "butt"},
        {"color": theme.MUTED, "linewidth": 0.9, "linestyle": (0, (2, 1.5))},
    )


def _draw_curves(ax: Axes, faithfulness: Faithfulness, kind: str) -> None:
    """Draw the curves of the map and of the edges over the range of the random orders."""
    shares = faithfulness.shares
    random = np.array([getattr(curves, kind) for curves in faithfulness.random])
    least, most = random.min(axis=0), random.max(axis=0)
    own, _, edges = _strokes(kind)
    ax.fill_between(shares, least, most, color=theme.RULE, linewidth=0, gid="random")
    ax.plot(shares, getattr(faithfulness.edges, kind), gid="edges", **edges)
    ax.plot(shares, getattr(faithfulness.own, kind), gid="map", **own)
    ax.set_title(kind, fontsize=theme.TINY, fontweight="normal", pad=2.5)
    ax.set_xlim(0, 1)
    ax.xaxis.set_major_locator(FixedLocator([0, 0.5, 1]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}"))
    ax.tick_params(labelsize=theme.TINY - 1, length=2, pad=1.5)
    done = "taken away" if kind == "deletion" else "uncovered"
    ax.set_xlabel(f"% {done}", fontsize=theme.TINY - 1, labelpad=1, color=theme.MUTED)


def _draw_areas(ax: Axes, faithfulness: Faithfulness, kind: str) -> None:
    """Write the area under each curve beside its line style, which makes the key of the curves."""
    area = attrgetter(f"{kind}_area")
    random = np.array([area(curves) for curves in faithfulness.random])
    digits = 0 if faithfulness.target.measure == "km" else 2
    texts = (
        f"{area(faithfulness.own):,.{digits}f}",
        f"{random.mean():,.{digits}f} ± {random.std():,.{digits}f}",
        f"{area(faithfulness.edges):,.{digits}f}",
    )
    theme.bare(ax).set(xlim=(0, 1), ylim=(0, _AREAS))
    for number, (text, stroke) in enumerate(zip(texts, _strokes(kind), strict=True)):
        y = _AREAS - 0.08 - 0.125 * number
        ax.plot([0, 0.15], [y, y], **stroke)
        ax.text(1, y, text, ha="right", va="center_baseline", fontsize=theme.TINY - 1)


def _draw_key(figure: Figure, explanations: Sequence[Explanation], wide: float) -> None:
    """Draw the scale of colours below the maps, and explain the colours and the curves in words."""
    measure = explanations[0].occlusion.target.measure
    lowers, raises = ("raises", "lowers") if measure == "km" else ("lowers", "raises")
    value = "distance" if measure == "km" else "probability"
    words = {_SIDE: f"orange: covering {lowers} the {value}\nblue: covering {raises} it"}
    if any(one.faithfulness is not None for one in explanations):
        words[theme.WIDTH - _SIDE - _CURVES] = (
            "grey: range of the random orders\ndashed: the photo's edges; numbers: areas"
        )
    for left, text in words.items():
        write_note(figure, left, _FOOT - 0.12, text)
    left = _SIDE + wide + _GAP + 0.15
    draw_scale(axes(figure, (left, _FOOT - 0.24, wide - 0.3, 0.11)), measure)
