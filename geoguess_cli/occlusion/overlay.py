"""An occlusion map on its photo: the fixed scales of drops, and the three ways to draw a map.

The three ways: colours over the paled photo, lines of equal drop on the photo, colours alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from PIL import Image
from scipy.ndimage import gaussian_filter

from geoguess_cli.choices import Measure, View
from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.drawing.luma import luma
from geoguess_cli.occlusion.occlusion_map import OcclusionMap
from geoguess_cli.wording import signed

PhotoBox = tuple[float, float, float, float]
"""Left, top, width and height, in the photo's pixels."""

_MOST_OPAQUE = 0.92


@dataclass(frozen=True)
class ChangeScale:
    """The colour scale of a measure: zero in its middle, the same on every figure.

    Attributes:
        linear: The scale is linear up to this drop, and logarithmic beyond it.
        limit: Greatest drop of the scale; a greater drop takes the colour of the end.
        ends: Whether a drop can lie beyond the limit.
        ticks: Drops above zero that are labelled.
        levels: Drops above zero that get contour lines.
        label: The measure with its unit.
        percentages: Whether drops are written times 100.
    """

    linear: float
    limit: float
    ends: bool
    ticks: tuple[float, ...]
    levels: tuple[float, ...]
    label: str
    percentages: bool = False

    def name(self, drop: float) -> str:
        """A drop in the unit of the scale, with its sign."""
        return signed(100 * drop if self.percentages else drop)

    @property
    def norm(self) -> SymLogNorm:
        """From drops to [0, 1], 0.5 at zero."""
        return SymLogNorm(self.linear, linscale=0.5, vmin=-self.limit, vmax=self.limit, base=10)


SCALES: dict[Measure, ChangeScale] = {
    "probability": ChangeScale(
        linear=0.01,
        limit=1.0,
        ends=False,
        ticks=(0.01, 0.1, 1.0),
        levels=(0.02, 0.05, 0.1, 0.2, 0.5),
        label="drop in probability, percentage points",
        percentages=True,
    ),
    "log-odds": ChangeScale(
        linear=0.1,
        limit=10.0,
        ends=True,
        ticks=(0.1, 1.0, 10.0),
        levels=(0.2, 0.5, 1.0, 2.0, 5.0),
        label="drop in log-odds (natural logarithm)",
    ),
    "km": ChangeScale(
        linear=10.0,
        limit=1000.0,
        ends=True,
        ticks=(10.0, 100.0, 1000.0),
        levels=(20.0, 50.0, 100.0, 200.0, 500.0),
        label="rise of the expected distance, km",
    ),
}


def paled(pixels: np.ndarray) -> np.ndarray:
    """The photo in grey and a little lighter, so that its own colours do not mislead."""
    grey = luma(*pixels.astype(np.float64).transpose(2, 0, 1))
    light = np.rint(0.75 * grey + 0.25 * 255).astype(np.uint8)
    return np.repeat(light[:, :, None], 3, axis=2)


def visible_box(photo: Image.Image, resize: str) -> PhotoBox:
    """The part of the photo that the model sees: left, top, width, height in pixels."""
    if resize == "squash":
        return 0.0, 0.0, float(photo.width), float(photo.height)
    side = min(photo.size)
    return (photo.width - side) / 2, (photo.height - side) / 2, float(side), float(side)


def overlay_colors(drop: Float32[np.ndarray, "h w"], norm: Normalize) -> Float[np.ndarray, "h w 4"]:
    """Red, green, blue and opacity of drops, in [0, 1]; a stronger drop is more opaque.

    Args:
        drop: In the unit of the scale; NaN is transparent.
        norm: From drops to [0, 1], as `ChangeScale.norm`.
    """
    level = np.clip(np.asarray(norm(np.nan_to_num(drop))), 0.0, 1.0)
    colors: np.ndarray = theme.DIVERGING(level)
    colors[..., 3] = np.where(np.isnan(drop), 0, _MOST_OPAQUE * np.sqrt(np.abs(2 * level - 1)))
    return colors


def draw_map(ax: Axes, occlusion: OcclusionMap, view: View, box: PhotoBox) -> None:
    """Draw the drops over the part of the photo that the model saw.

    Args:
        ax: Axes in the photo's pixels, with the photo drawn on them.
        occlusion: The map.
        view: How to draw it.
        box: The part of the photo that the model saw.
    """
    xlim, ylim = ax.get_xlim(), ax.get_ylim()
    if view == "contour":
        _draw_contours(ax, occlusion, box)
    else:
        _draw_colors(ax, occlusion, box, plain=view == "plain")
    ax.set(xlim=xlim, ylim=ylim)
    left, top, width, height = box
    if (width, height) != (xlim[1], ylim[0]):
        frame: dict[str, Any] = {
            "fill": False,
            "edgecolor": theme.INK,
            "linewidth": 0.8,
            "linestyle": (0, (3, 2)),
        }
        ax.add_patch(Rectangle((left, top), width, height, **frame))


def _draw_colors(ax: Axes, occlusion: OcclusionMap, box: PhotoBox, *, plain: bool) -> None:
    """Draw colours: more opaque for a stronger drop, opaque pixel by pixel on a plain map."""
    left, top, width, height = box
    colors = overlay_colors(occlusion.drop, SCALES[occlusion.target.measure].norm)
    if plain:
        colors[..., 3] = 1.0
    ax.imshow(
        colors,
        extent=(left, left + width, top + height, top),
        aspect="auto",
        interpolation="nearest" if plain else "bilinear",
        gid="overlay",
    )


def _draw_contours(ax: Axes, occlusion: OcclusionMap, box: PhotoBox) -> None:
    """Draw lines of equal drop at fixed levels, with the steps of the stride smoothed."""
    left, top, width, height = box
    drop = gaussian_filter(occlusion.drop.astype(np.float64), occlusion.stride / 2, mode="nearest")
    rows, columns = drop.shape
    scale = SCALES[occlusion.target.measure]
    for sign in (1, -1):
        for number, level in enumerate(scale.levels):
            if not (sign * drop > level).any() or (sign * drop > level).all():
                continue
            lines = ax.contour(
                left + (np.arange(columns) + 0.5) * width / columns,
                top + (np.arange(rows) + 0.5) * height / rows,
                drop,
                levels=[sign * level],
                colors=[theme.DIVERGING(float(scale.norm(sign * level)))],
                linewidths=0.9 + 0.2 * number,
                linestyles="solid",
                negative_linestyles="solid",
            )
            lines.set(
                path_effects=[withStroke(linewidth=2.0 + 0.2 * number, foreground=theme.PAGE)]
            )
            _name_level(ax, lines, scale.name(sign * level))


def _name_level(ax: Axes, lines: Any, name: str) -> None:
    style: dict[str, Any] = {"fontsize": theme.TINY - 1.5, "colors": theme.INK}
    for text in ax.clabel(lines, fmt=lambda _: name, inline_spacing=2, **style):
        text.set_path_effects(halo(1.6))


def draw_window(ax: Axes, wide: float, tall: float, box: PhotoBox) -> None:
    """Draw the outline of one window, to scale, in the lower left corner of the photo."""
    left, top, width, height = box
    wide, tall = wide * width, tall * height
    corner = (left + 0.02 * width, top + 0.97 * height - tall)
    for color, line in ((theme.PAGE, 2.4), (theme.INK, 0.9)):
        ax.add_patch(
            Rectangle(corner, wide, tall, fill=False, edgecolor=color, linewidth=line, gid="window")
        )
    ax.text(
        corner[0] + wide + 0.015 * width,
        corner[1] + tall,
        "window",
        fontsize=theme.TINY,
        va="bottom",
        path_effects=halo(),
    )


def draw_scale(figure: Figure, rect: Sequence[float], measure: Measure) -> None:
    """Draw the key of the colours.

    Args:
        figure: The page.
        rect: Left, bottom, width and height of the bar, as shares of the page.
        measure: The measure of the scale.
    """
    scale = SCALES[measure]
    left, bottom, width, height = rect
    ax = figure.add_axes((left, bottom, width, height))
    colors = ScalarMappable(scale.norm, theme.DIVERGING)
    extend = "both" if scale.ends else "neither"
    bar = figure.colorbar(colors, cax=ax, orientation="horizontal", extend=extend)
    ticks = [-tick for tick in reversed(scale.ticks)] + [0.0, *scale.ticks]
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_locator(FixedLocator(ticks))
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: scale.name(value)))
    bar.set_label(scale.label, fontsize=theme.SMALL, labelpad=2)
    bar.outline.set_linewidth(0)
    bar.ax.tick_params(labelsize=theme.TINY, length=2, pad=1.5)
