"""The colours of a page, light and dark: those of the figures, as hex for scripts and styles."""

from dataclasses import dataclass

from matplotlib.colors import Colormap, LinearSegmentedColormap, to_hex

from geoguess_cli.explain import theme

CELL_ALPHA = 0.88
"""Of the cells' colours: the coasts shimmer through."""

_STEPS = 64


@dataclass(frozen=True)
class Palette:
    """The colours of a map and of the page around it.

    Attributes:
        named: By what they are for.
        amounts: From none to the most, in even steps.
    """

    named: dict[str, str]
    amounts: list[str]


def _steps(scale: Colormap, low: float, high: float) -> list[str]:
    return [to_hex(scale(low + (high - low) * step / (_STEPS - 1))) for step in range(_STEPS)]


PALE = LinearSegmentedColormap.from_list(
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
LIGHT = Palette(
    named={
        "page": "#f7f8fa",
        "panel": theme.PAGE,
        "ink": theme.INK,
        "muted": "#5a6470",
        "rule": theme.RULE,
        "accent": theme.BLUE,
        "beyond": theme.SHADE,
        "sea": theme.LIGHT.sea,
        "land": theme.LIGHT.land,
        "graticule": "#d3dce5",
        "region": theme.LIGHT.region,
        "border": theme.LIGHT.country,
        "coast": "#7f8b98",
        "cell_edge": theme.LIGHT.cell_edge,
        "countries_name": theme.INK,
        "regions_name": "#4d5763",
        "towns_name": "#323c48",
        "halo": theme.PAGE,
        "truth": theme.TRUTH,
    },
    amounts=_steps(PALE, 0.0, 1.0),
)
DARK = Palette(
    named={
        "page": "#0c0f14",
        "panel": "#161b23",
        "ink": "#f0f3f6",
        "muted": "#a3adb8",
        "rule": "#2b333e",
        "accent": "#6cb8ec",
        "beyond": "#0c0f14",
        "sea": theme.DARK.sea,
        "land": theme.DARK.land,
        "graticule": "#1d232d",
        "region": "#6b7583",
        "border": "#a9b3bf",
        "coast": "#7d8794",
        "cell_edge": theme.DARK.cell_edge,
        "countries_name": theme.DARK.name,
        "regions_name": theme.DARK.country_name,
        "towns_name": theme.DARK.country_name,
        "halo": theme.DARK.halo,
        "truth": "#ff4d5e",
    },
    amounts=_steps(theme.SEQUENTIAL, 0.0, 1.0),
)
