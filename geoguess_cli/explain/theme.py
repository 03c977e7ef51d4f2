"""How every figure looks: one palette, one scale of type, one way to make a `Figure`.

Figures belong to nobody but their caller: none is known to pyplot, none opens a display. Colours
are chosen to survive colour blindness and grey printing; the type ships with matplotlib.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure

PAGE = "#ffffff"
INK = "#1d2733"
MUTED = "#66707c"
RULE = "#d9dee4"
BORDER = "#8b95a1"
SHADE = "#eef1f4"
RULE_STRONG = "#c3cad2"


@dataclass(frozen=True)
class Ground:
    """The colours of a map under and over its cells."""

    sea: str
    land: str
    region: str
    country: str
    cell_edge: str
    name: str
    country_name: str
    halo: str


LIGHT = Ground(
    sea="#e4ecf2",
    land="#f6f4ef",
    region="#8b95a1",
    country="#59636f",
    cell_edge="#aeb9c4",
    name=INK,
    country_name=MUTED,
    halo=PAGE,
)
DARK = Ground(
    sea="#11151c",
    land="#252a33",
    region="#8d97a5",
    country="#c3cad3",
    cell_edge="#5d5178",
    name="#ffffff",
    country_name="#ced5dd",
    halo="#0c0f14",
)
"""Darker than the least of `SEQUENTIAL`, so that a bright cell is the brightest thing there."""

TRUTH = "#e3172f"
"""Red: where a photo was taken, on every map."""

BLUE = "#0072b2"
ORANGE = "#d55e00"
"""With blue, a pair of Okabe and Ito's palette (Color Universal Design, 2008)."""

TITLE, TEXT, SMALL, TINY = 11.0, 9.0, 8.0, 7.0
"""Sizes of type in points, for figures `WIDTH` inches wide."""

WIDTH = 8.0
"""Width of a figure in inches: a page's text width, or half of it at half the size."""

DPI = 200

SEQUENTIAL: Colormap = matplotlib.colormaps["viridis"]
"""For amounts: equal steps look equal, and brighter is more."""

ON_LIGHT: Colormap = LinearSegmentedColormap.from_list(
    "geoguess_on_light", matplotlib.colormaps["plasma"](np.linspace(0.0, 0.82, 64))
)
"""For amounts shown as lines and dots on a light ground: the palest part of plasma is left out."""

DIVERGING: Colormap = LinearSegmentedColormap.from_list(
    "geoguess_diverging",
    ["#0b3c6f", "#2f79b5", "#9cc7e0", "#f5f3f0", "#f2b27a", "#d5622c", "#7d2306"],
)
"""For signed amounts: blue below zero, orange above; safe for the common colour blindnesses."""

_STYLE: Any = {
    # By its own name: a user's "sans-serif" may be anything, this one ships with matplotlib.
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT,
    "text.color": INK,
    "text.parse_math": False,  # a file name may hold dollar signs
    "text.usetex": False,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": SMALL,
    "axes.labelcolor": INK,
    "axes.edgecolor": BORDER,
    "axes.linewidth": 0.6,
    "axes.facecolor": PAGE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": BORDER,
    "ytick.color": BORDER,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "xtick.minor.size": 1.5,
    "ytick.minor.size": 1.5,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "savefig.dpi": "figure",
    "savefig.bbox": None,
    "figure.facecolor": PAGE,
    "hatch.linewidth": 0.5,
}

_Arguments = ParamSpec("_Arguments")


def styled(draw: Callable[_Arguments, Figure]) -> Callable[_Arguments, Figure]:
    """The same drawing function, under this theme whatever the user's matplotlibrc says."""

    @wraps(draw)
    def under_theme(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Figure:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            return draw(*args, **kwargs)

    return under_theme


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of that size in inches, drawn by Agg and unknown to pyplot."""
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAGE)
    FigureCanvasAgg(figure)
    return figure


def bare(ax: Axes) -> Axes:
    """The same axes without ticks or frame, for pictures and text."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.patch.set_visible(False)
    return ax
