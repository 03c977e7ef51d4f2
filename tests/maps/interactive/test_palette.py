from matplotlib.colors import is_color_like

from geoguess_cli.drawing import theme
from geoguess_cli.maps.interactive.palette import palettes, style_variables


def test_both_palettes_name_the_same_colours() -> None:
    both = palettes()
    assert both["light"]["named"].keys() == both["dark"]["named"].keys()
    assert both["light"]["amounts"] != both["dark"]["amounts"]
    for palette in both.values():
        assert all(map(is_color_like, [*palette["named"].values(), *palette["amounts"]]))


def test_the_variables_are_those_of_the_theme() -> None:
    light, dark = style_variables().split("@media (prefers-color-scheme: dark)")
    for block, screen in ((light, theme.LIGHT_SCREEN), (dark, theme.DARK_SCREEN)):
        for name, color in screen.items():
            assert f"--map-{name}:{color};" in block
