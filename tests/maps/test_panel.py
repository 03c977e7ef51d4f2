import matplotlib
import pytest
from map_worlds import map_axes, projection, random_map

from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import wordings
from geoguess_cli.maps.figures import probability_map_figure


def test_the_guesses_are_listed_and_numbered(states: Partition) -> None:
    map_ = random_map(states, top_k=4)
    figure = probability_map_figure(map_)
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    for rank, index in enumerate(map_.guesses, start=1):
        assert texts.count(str(rank)) == 2  # on the map and in the list
        ways = [text.partition(", ") for text in wordings(map_.places[index])]
        assert any({first, second} <= {*texts} for first, _, second in ways if second)
    numbers = [t for t in map_axes(figure).texts if t.get_text().isdigit()]
    for number, index in zip(numbers, map_.guesses, strict=True):
        lat, lng = map_.partition.centroids[index]
        assert number.xy == pytest.approx(projection(map_.extent())(lng, lat), abs=1.0)
