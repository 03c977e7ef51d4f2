"""An occlusion map on its photo: the fixed scales of drops, and the three ways to draw a map.

The three ways: colours over the paled photo, lines of equal drop on the photo, colours alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float32
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, NullLocator
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
        label: The measure with its unit.
        ends: Whether a drop can lie beyond the limit.
        percentages: Whether drops are written times 100.
    """

    linear: float
    label: str
    ends: bool = True
    percentages: bool = False

    @property
    def ticks(self) -> tuple[float, ...]:
        """Drops above zero that are labelled."""
        return (self.linear, 10 * self.linear, self.limit)

    @property
    def levels(self) -> tuple[float, ...]:
        """Drops above zero that get contour lines."""
        return tuple(times * self.linear for times in (2, 5, 10, 20, 50))

    @property
    def limit(self) -> float:
        """Greatest drop of the scale; a greater drop takes the colour of the end."""
        return 100 * self.linear

    def name(self, drop: float) -> str:
        """A drop in the unit of the scale, with its sign."""
        return signed(100 * drop if self.percentages else drop)

    @property
    def norm(self) -> SymLogNorm:
        """From drops to [0, 1], 0.5 at zero."""
        return SymLogNorm(self.linear, linscale=0.5, vmin=-self.limit, vmax=self.limit, base=10)


SCALES: dict[Measure, ChangeScale] = {
    "probability": ChangeScale(
        0.01, "drop in probability, percentage points", ends=False, percentages=True
    ),
    "log-odds": ChangeScale(0.1, "drop in log-odds (natural logarithm)"),
    "km": ChangeScale(10.0, "rise of the expected distance, km"),
}


def paled(pixels: np.ndarray) -> np.ndarray:
    """The photo in grey and a little lighter, so that its own colours do not mislead."""
    grey = luma(*pixels.astype(np.float64).transpose(2, 0, 1))
    light = np.rint(0.75 * grey + 0.25 * 255).astype(np.uint8)
    return np.repeat(light[:, :, None], 3, axis=2)


def visible_box(photo: Image.Image, resize: str) -> PhotoBox:
    """The part of the photo that the model sees: left, top, width, height in pixels.

    With "pad" it reaches beyond the photo.
    """
    if resize == "squash":
        return 0.0, 0.0, float(photo.width), float(photo.height)
    side = max(photo.size) if resize == "pad" else min(photo.size)
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
    if width < xlim[1] or height < ylim[0]:
        frame = Rectangle((left, top), width, height, fill=False, edgecolor=theme.INK)
        frame.set(linewidth=0.8, linestyle=(0, (3, 2)))
        ax.add_patch(frame)


def _draw_colors(ax: Axes, occlusion: OcclusionMap, box: PhotoBox, *, plain: bool) -> None:
    """Draw colours: more opaque for a stronger drop, opaque pixel by pixel on a plain map."""
    left, top, width, height = box
    colors = overlay_colors(occlusion.drop, SCALES[occlusion.target.measure].norm)
    if plain:
        colors[..., 3] = 1.0
    extent = (left, left + width, top + height, top)
    smooth = "nearest" if plain else "bilinear"
    ax.imshow(colors, extent=extent, aspect="auto", interpolation=smooth, gid="overlay")


def _draw_contours(ax: Axes, occlusion: OcclusionMap, box: PhotoBox) -> None:
    """Draw lines of equal drop at fixed levels, with the steps of the stride smoothed."""
    left, top, width, height = box
    drop = gaussian_filter(occlusion.drop.astype(np.float64), occlusion.stride / 2, mode="nearest")
    rows, columns = drop.shape
    x = left + (np.arange(columns) + 0.5) * width / columns
    y = top + (np.arange(rows) + 0.5) * height / rows
    scale = SCALES[occlusion.target.measure]
    for sign in (1, -1):
        for number, level in enumerate(scale.levels):
            if not (sign * drop > level).any() or (sign * drop > level).all():
                continue
            color = theme.DIVERGING(float(scale.norm(sign * level)))
            style: dict[str, Any] = {"linewidths": 0.9 + 0.2 * number, "linestyles": "solid"}
            lines = ax.contour(x, y, drop, levels=[sign * level], colors=[color], **style)
            stroke = withStroke(linewidth=2.0 + 0.2 * number, foreground=theme.PAGE)
            lines.set(path_effects=[stroke])
            names = ax.clabel(lines, fmt=scale.name, inline_spacing=2, fontsize=theme.TINY - 1.5)
            for name in names:
                name.set(color=theme.INK, path_effects=halo(1.6))


def draw_photo(
    ax: Axes, photo: Image.Image, *, most_pixels: int, pale: bool = False, **options: Any
) -> None:
    """Draw a photo on axes in its pixels.

    Args:
        ax: The axes.
        photo: The photo, upright.
        most_pixels: Pixels of the longer side of the drawn picture, at most.
        pale: Whether the photo is paled.
        options: More keywords of `Axes.imshow`.
    """
    small = photo.convert("RGB")
    small.thumbnail((most_pixels, most_pixels))
    pixels = np.asarray(small)
    extent = (0, photo.width, photo.height, 0)
    ax.imshow(paled(pixels) if pale else pixels, extent=extent, **options)


def draw_outline(
    ax: Axes, box: PhotoBox, *, gid: str, color: str, line: float, dashes: Any = "solid"
) -> None:
    """Draw the outline of a box on a wider outline in the colour of the page."""
    left, top, width, height = box
    for edge, wide, style in ((theme.PAGE, 2.4, "solid"), (color, line, dashes)):
        outline = Rectangle((left, top), width, height, fill=False, edgecolor=edge)
        outline.set(linewidth=wide, linestyle=style, gid=gid)
        ax.add_patch(outline)


def draw_window(ax: Axes, wide: float, tall: float, box: PhotoBox) -> None:
    """Draw the outline of one window, to scale, in the lower left corner of the photo."""
    left, top, width, height = box
    wide, tall = wide * width, tall * height
    corner = (left + 0.02 * width, top + 0.97 * height - tall)
    draw_outline(ax, (*corner, wide, tall), gid="window", color=theme.INK, line=0.9)
    beside = (corner[0] + wide + 0.015 * width, corner[1] + tall)
    ax.text(*beside, "window", fontsize=theme.TINY, va="bottom", path_effects=halo())


def draw_scale(ax: Axes, measure: Measure) -> None:
    """Draw the key of the colours of a measure over all of the axes."""
    scale = SCALES[measure]
    ticks = [-tick for tick in reversed(scale.ticks)] + [0.0, *scale.ticks]
    extend = "both" if scale.ends else "neither"
    draw_bar(ax, scale.norm, FixedLocator(ticks), scale.name, scale.label, extend=extend)


def draw_bar(
    ax: Axes,
    norm: Normalize,
    ticks: Locator,
    name: Callable[[float], str],
    label: str,
    **options: Any,
) -> None:
    """Draw the key of the colours of drops over all of the axes.

    Args:
        ax: The axes.
        norm: From drops to [0, 1].
        ticks: Drops that are labelled.
        name: A drop as text.
        label: Name and unit of the drops.
        options: More keywords of `Figure.colorbar`.
    """
    colors = ScalarMappable(norm, theme.DIVERGING)
    bar = ax.figure.colorbar(colors, cax=ax, orientation="horizontal", **options)
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_locator(ticks)
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: name(value)))
    bar.set_label(label, fontsize=theme.SMALL, labelpad=2)
    bar.outline.set_linewidth(0)
    bar.ax.tick_params(labelsize=theme.TINY, length=2, pad=1.5)
