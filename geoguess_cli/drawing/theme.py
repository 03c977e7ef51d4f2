"""The look of every figure and map: all colours, sizes of type, and how a `Figure` is made.

No figure is known to pyplot or opens a display. The colours suit colour-blind readers and grey
printing; the font ships with matplotlib.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, cast

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

TRUTH = "#e3172f"
"""Red marks where a photo was taken, on every map."""

BLUE = "#0072b2"
ORANGE = "#d55e00"
"""Blue and orange are a pair of Okabe and Ito's palette (Color Universal Design, 2008)."""

TITLE, TEXT, SMALL, TINY = 11.0, 9.0, 8.0, 7.0
"""Sizes of type, in points, for figures `WIDTH` inches wide."""

WIDTH = 8.0
"""Width of a figure, in inches: the text width of a page."""

DPI = 200

SEQUENTIAL: Colormap = matplotlib.colormaps["viridis"]
"""Colours for amounts on a dark ground: equal steps look equal, and brighter is more."""

PALE: Colormap = LinearSegmentedColormap.from_list(
    "geoguess_pale",
    [
        (0.0, "#f3efc9"),
        (0.111, "#c5dfa6"),
        (0.266, "#79c79a"),
        (0.43, "#3aa6a0"),
        (0.598, "#2a7fa3"),
        (0.775, "#2f559b"),
        (1.0, "#2b2670"),
    ],
)
"""Colours for amounts on a light ground: darker is more. Their positions follow CIE lightness, so
that equal steps look equal; none is near the red of a truth."""

ON_LIGHT: Colormap = LinearSegmentedColormap.from_list(
    "geoguess_on_light", matplotlib.colormaps["plasma"](np.linspace(0.0, 0.82, 64))
)
"""Colours for lines and dots on a light ground: plasma without its palest part."""

DIVERGING: Colormap = LinearSegmentedColormap.from_list(
    "geoguess_diverging",
    ["#0b3c6f", "#2f79b5", "#9cc7e0", "#f5f3f0", "#f2b27a", "#d5622c", "#7d2306"],
)
"""Colours for signed amounts: blue below zero, orange above; safe for colour-blind readers."""


@dataclass(frozen=True)
class Theme:
    """The colours of a map and of the page around it.

    Attributes:
        page: The paper.
        ink: Text, marks and outlines on it.
        muted: Text of less weight.
        border: Frames.
        shade: The empty part of a bar.
        sea: Sea and lakes on a map.
        land: Land on a map.
        globe: Land on the small globe.
        region: Borders of regions, and the graticule.
        country: Borders of countries, and coasts.
        cell_edge: Edges of cells.
        name: Names of towns, and other prominent names.
        country_name: Names of countries and regions.
        halo: Halos around names and marks.
        missing: A cell without a value.
        sequential: Amounts; the further from the ground, the more.
    """

    page: str
    ink: str
    muted: str
    border: str
    shade: str
    sea: str
    land: str
    globe: str
    region: str
    country: str
    cell_edge: str
    name: str
    country_name: str
    halo: str
    missing: str
    sequential: Colormap


LIGHT = Theme(
    page=PAGE,
    ink=INK,
    muted=MUTED,
    border=BORDER,
    shade=SHADE,
    sea="#e4ecf2",
    land="#f6f4ef",
    globe=RULE_STRONG,
    region="#8b95a1",
    country="#59636f",
    cell_edge="#aeb9c4",
    name=INK,
    country_name="#3d4753",
    halo=PAGE,
    missing="#c9cdd2",
    sequential=PALE,
)
DARK = Theme(
    page="#171b22",
    ink="#f2f4f7",
    muted="#a3adb8",
    border="#5b6572",
    shade="#2d343f",
    sea="#0e1218",
    land="#252a33",
    globe="#5b6572",
    region="#8d97a5",
    country="#c3cad3",
    cell_edge="#5d5178",
    name="#ffffff",
    country_name="#ced5dd",
    halo="#0c0f14",
    missing="#565d67",
    sequential=SEQUENTIAL,
)
"""The ground is darker than the lowest colour of `SEQUENTIAL`, so that a likely cell stands out."""

THEMES = {"light": LIGHT, "dark": DARK}


LIGHT_SCREEN = {
    "page": "#f7f8fa",
    "muted": "#5a6470",
    "rule": RULE,
    "accent": BLUE,
    "beyond": SHADE,
    "graticule": "#d3dce5",
    "coast": "#7f8b98",
    "truth": TRUTH,
}
DARK_SCREEN = {
    "page": "#0c0f14",
    "muted": DARK.muted,
    "rule": DARK.shade,
    "accent": "#6cb8ec",
    "beyond": "#0c0f14",
    "graticule": "#1d232d",
    "coast": "#7d8794",
    "truth": "#ff4d5e",
}
"""Colours that an interactive page needs beside those of its theme, by purpose: the ground behind
the panels, text of less weight, lines between parts of a panel, links and the chosen entry, the
ground of a map outside the Earth, meridians and parallels, coasts, and where a photo was taken."""

BLACK = "#000000"
DEEP_TRUTH = "#b00020"
"""Marks and the truth on a bright cell of the terminal's map."""

_STYLE: Any = {  # `_colors` adds the colours
    # Named, since a user's "sans-serif" may be any font; this one ships with matplotlib.
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT,
    "text.parse_math": False,  # a file name may hold dollar signs
    "text.usetex": False,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": SMALL,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.linewidth": 0.6,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
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
    "hatch.linewidth": 0.5,
}

_Arguments = ParamSpec("_Arguments")


def styled(draw: Callable[_Arguments, Figure]) -> Callable[_Arguments, Figure]:
    """The same drawing function in this style, whatever the user's matplotlibrc says.

    The colours are those of its keyword `colors`, else `LIGHT`.
    """

    @wraps(draw)
    def in_style(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Figure:
        colors = kwargs.get("colors", LIGHT)
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE | _colors(cast(Theme, colors)))
            return draw(*args, **kwargs)

    return in_style


def _colors(theme: Theme) -> dict[str, str]:
    inked = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
    return {
        **dict.fromkeys(inked, theme.ink),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), theme.border),
        **dict.fromkeys(("axes.facecolor", "figure.facecolor"), theme.page),
        "grid.color": RULE,
    }


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, drawn by Agg and unknown to pyplot."""
    figure = Figure(figsize=(width, height), dpi=DPI)
    FigureCanvasAgg(figure)
    return figure


def bare(ax: Axes) -> Axes:
    """The same axes, without ticks and frame, for pictures and text."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.patch.set_visible(False)
    return ax


Rect = tuple[float, float, float, float]
"""Left, bottom, width and height on the page, in inches."""


def axes(figure: Figure, rect: Rect, **options: Any) -> Any:
    """Axes at a place of the figure; with a projection, Cartopy's, which has no types."""
    size = np.tile(figure.get_size_inches(), 2)
    return figure.add_axes(tuple((np.array(rect) / size).tolist()), **options)
