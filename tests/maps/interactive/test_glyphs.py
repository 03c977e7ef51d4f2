from bokeh.models import ColumnDataSource, Plot
from map_worlds import random_map

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive import palette
from geoguess_cli.maps.interactive.figures import map_figure
from geoguess_cli.maps.interactive.glyphs import colored, paint


def test_layers_have_the_names_that_a_page_asks_for(states: Partition) -> None:
    plot = map_figure(random_map(states, truth=(44.0, -100.0)))
    sources = {model.name for model in plot.select({"type": ColumnDataSource})}
    assert {"cells", "picked", "guesses", "estimate", "truth", "way"} <= sources
    assert {"credible_50", "credible_90", "countries", "regions", "towns"} <= sources


def test_a_figure_is_painted_anew() -> None:
    plot = Plot(**colored(background_fill_color="sea"))
    for colors in (palette.LIGHT, palette.DARK):
        paint(plot, colors)
        assert plot.background_fill_color == colors.named["sea"]
