"""The colours of the theme for the scripts and styles of a page, light and dark."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_hex

from geoguess_cli.drawing import theme

CELL_ALPHA = 0.88
"""Opacity of the cells, below 1 so that the ground stays visible."""

_STEPS = 64


@dataclass(frozen=True)
class Palette:
    """The colours of a map and of the page around it, as hex.

    Attributes:
        named: Colours by purpose.
        amounts: Colours from the least to the greatest amount, in even steps.
    """

    named: dict[str, str]
    amounts: list[str]


def _palette(colors: theme.Theme, screen: dict[str, str]) -> Palette:
    named = {
        "panel": colors.page,
        "ink": colors.ink,
        "sea": colors.sea,
        "land": colors.land,
        "region": colors.region,
        "border": colors.country,
        "cell_edge": colors.cell_edge,
        "countries_name": colors.name,
        "regions_name": colors.country_name,
        "towns_name": colors.name,
        "halo": colors.halo,
        "missing": colors.missing,
        **screen,
    }
    return Palette(named, [to_hex(colors.sequential(at)) for at in np.linspace(0, 1, _STEPS)])


LIGHT = _palette(theme.LIGHT, theme.LIGHT_SCREEN)
DARK = _palette(theme.DARK, theme.DARK_SCREEN)


def palettes() -> dict[str, dict[str, Any]]:
    """The `named` colours and the `amounts` of "light" and "dark", ready for JSON."""
    return {"light": asdict(LIGHT), "dark": asdict(DARK)}


def style_variables() -> str:
    """The named colours as CSS variables; dark ones for a reader who prefers them."""

    def block(colors: Palette) -> str:
        lines = (f"--map-{name.replace('_', '-')}:{color};" for name, color in colors.named.items())
        return ":root{" + "".join(lines) + "}"

    return block(LIGHT) + "@media (prefers-color-scheme: dark){" + block(DARK) + "}"
