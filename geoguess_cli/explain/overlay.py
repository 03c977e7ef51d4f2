"""An occlusion map laid over its photo."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float32
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from PIL import Image

from geoguess_cli.explain import theme
from geoguess_cli.explain.labels import halo
from geoguess_cli.explain.occlusion import OcclusionMap

SMALLEST_DROP = 0.01
"""Below it the scale of drops is linear, above it logarithmic."""

_MOST_OPAQUE = 0.92


def drop_norm(limit: float | None) -> Normalize:
    """The scale of drops: zero in the middle, the same for every photo."""
    if limit is None:
        return SymLogNorm(SMALLEST_DROP, linscale=0.5, vmin=-1.0, vmax=1.0, base=10)
    if not 0 < limit <= 1:
        raise ValueError(f"limit is {limit}; it must lie in (0, 1]")
    return Normalize(-limit, limit)


def paled(pixels: np.ndarray) -> np.ndarray:
    """The photo nearly grey and a little lighter, so that no colour of its own misleads."""
    grey = pixels.astype(np.float64).mean(axis=2, keepdims=True)
    mixed = 0.25 * pixels + 0.75 * grey
    return np.asarray(np.rint(0.75 * mixed + 0.25 * 255), dtype=np.uint8)


def seen_box(photo: Image.Image, resize: str) -> tuple[float, float, float, float]:
    """Left, top, width and height of what the model sees, in the photo's pixels."""
    if resize == "squash":
        return 0.0, 0.0, float(photo.width), float(photo.height)
    side = min(photo.size)
    return (photo.width - side) / 2, (photo.height - side) / 2, float(side), float(side)


def overlay_colors(drop: Float32[np.ndarray, "h w"], norm: Normalize) -> Float[np.ndarray, "h w 4"]:
    """Red, green, blue and opacity in [0, 1] of drops: the stronger the more opaque.

    Args:
        drop: In the unit of the scale; NaN is transparent.
        norm: The scale.
    """
    level = np.clip(np.asarray(norm(np.nan_to_num(drop))), 0.0, 1.0)
    colors: np.ndarray = theme.DIVERGING(level)
    colors[..., 3] = np.where(np.isnan(drop), 0, _MOST_OPAQUE * np.abs(2 * level - 1) ** 0.75)
    return colors


def draw_overlay(
    ax: Axes, occlusion: OcclusionMap, norm: Normalize, box: tuple[float, float, float, float]
) -> None:
    """The drops over what the model saw."""
    left, top, width, height = box
    xlim, ylim = ax.get_xlim(), ax.get_ylim()
    ax.imshow(
        overlay_colors(occlusion.drop, norm),
        extent=(left, left + width, top + height, top),
        aspect="auto",
        interpolation="bilinear",
        gid="overlay",
    )
    ax.set(xlim=xlim, ylim=ylim)
    if (width, height) != (xlim[1], ylim[0]):
        frame: dict[str, Any] = {
            "fill": False,
            "edgecolor": theme.INK,
            "linewidth": 0.8,
            "linestyle": (0, (3, 2)),
        }
        ax.add_patch(Rectangle((left, top), width, height, **frame))


def draw_window(ax: Axes, wide: float, tall: float, box: tuple[float, float, float, float]) -> None:
    """The outline of one window in the lower left corner, in its size on the photo."""
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


def draw_drop_bar(
    figure: Figure,
    rect: Sequence[float],
    norm: Normalize,
    limit: float | None,
    token: str,
) -> None:
    left, bottom, width, height = rect
    ax = figure.add_axes((left, bottom, width, height))
    drawn = ScalarMappable(norm, theme.DIVERGING)
    extend = "neither" if limit in (None, 1.0) else "both"
    bar = figure.colorbar(drawn, cax=ax, orientation="horizontal", extend=extend)
    ticks = np.array([-1, -0.1, -0.01, 0, 0.01, 0.1, 1])
    if limit is not None:
        ticks = np.linspace(-limit, limit, 5)
    bar.ax.xaxis.set_minor_locator(NullLocator())
    bar.ax.xaxis.set_major_locator(FixedLocator(ticks.tolist()))
    bar.ax.xaxis.set_major_formatter(FuncFormatter(_signed_percent))
    bar.set_label(
        f"drop in probability of cell {token}, percentage points",
        fontsize=theme.SMALL,
        labelpad=2,
    )
    bar.outline.set_linewidth(0)
    bar.ax.tick_params(labelsize=theme.TINY, length=2, pad=1.5)


def _signed_percent(share: float, _: int) -> str:
    """A tick of a signed scale in percentage points, with a true minus sign."""
    return f"{100 * share:+.3g}".replace("-", "\N{MINUS SIGN}") if share else "0"
