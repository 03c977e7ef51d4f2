"""The colours of a page, light and dark: those of the figures, as hex for scripts and styles."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from matplotlib.colors import to_hex

from geoguess_cli.drawing import theme

CELL_ALPHA = 0.88
"""Of the cells' colours: the ground shimmers through."""

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


def _palette(colors: theme.Theme, screen: theme.ScreenColors) -> Palette:
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
        **asdict(screen),
    }
    return Palette(named, [to_hex(colors.sequential(at)) for at in np.linspace(0, 1, _STEPS)])


LIGHT = _palette(theme.LIGHT, theme.LIGHT_SCREEN)
DARK = _palette(theme.DARK, theme.DARK_SCREEN)


def palettes() -> dict[str, dict[str, Any]]:
    """Both, ready for JSON: by "light" and "dark" the `named` colours and the `amounts`."""
    both = {"light": LIGHT, "dark": DARK}
    return {name: {"named": one.named, "amounts": one.amounts} for name, one in both.items()}


def style_variables() -> str:
    """The named colours as variables of CSS, dark ones where the reader prefers them."""

    def block(colors: Palette) -> str:
        lines = (f"--map-{name.replace('_', '-')}:{color};" for name, color in colors.named.items())
        return ":root{" + "".join(lines) + "}"

    return block(LIGHT) + "@media (prefers-color-scheme: dark){" + block(DARK) + "}"
