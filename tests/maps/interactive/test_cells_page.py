import json

import numpy as np
import pytest
from map_worlds import content_of, projected

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive.cells_page import cells_item, cells_page, cells_plane


def test_a_page_of_cells_has_their_figures(states: Partition) -> None:
    content = content_of(cells_page(states))
    photos, level = content["views"]
    assert photos["key"]["summed"] == "photos"
    assert level["key"]["summed"] is None
    assert photos["rows"][0]["share"] == str(states.photos.max())
    assert photos["rows"][0]["index"] == int(states.photos.argmax())
    assert level["rows"][0]["share"] == str(states.levels.max())
    shades = [at for at, _ in level["key"]["ticks"]]
    assert shades == pytest.approx((np.arange(len(shades)) + 0.5) / len(shades), abs=1e-3)


def test_cells_alone_are_an_item(states: Partition) -> None:
    plane, (left, bottom, right, top) = cells_plane(states)
    assert plane.center is not None
    x, y = projected(plane, states.centroids).T
    assert left < x.min() < x.max() < right
    assert bottom < y.min() < y.max() < top
    assert "CustomJS" not in json.dumps(cells_item(states), allow_nan=False)
