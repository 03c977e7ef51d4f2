import pytest
from map_worlds import random_map

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive.figures import map_figure


def test_a_figure_has_the_colours_of_its_page(states: Partition) -> None:
    shown = random_map(states)
    light, dark = map_figure(shown), map_figure(shown, dark=True)
    assert light.background_fill_color != dark.background_fill_color
    assert light.aspect_ratio == pytest.approx(
        shown.extent().width_km / shown.extent().height_km, rel=1e-6
    )
