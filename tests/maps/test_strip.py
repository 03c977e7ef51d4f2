"""The strip of training photos along the foot of a map."""

import matplotlib
import numpy as np
import pytest
from figure_worlds import by_gid
from map_worlds import random_map
from PIL import Image

from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import locate
from geoguess_cli.maps.figures import probability_map_figure
from geoguess_cli.maps.neighbours import HEADING, NOT_FOUND, ShownNeighbour
from geoguess_cli.maps.strip import IN_A_ROW, strip_height
from geoguess_cli.model.memory import Neighbour

WIDE, TALL = Image.new("RGB", (300, 200), "seagreen"), Image.new("RGB", (100, 300), "teal")


def neighbours(*pictures: Image.Image | None) -> list[ShownNeighbour]:
    place = locate(np.array([[45.68, -111.04]]))[0]
    return [
        ShownNeighbour(
            Neighbour(f"{row}.jpg", 45.68, -111.04, "x" * 90, "CC BY 4.0", 0.9), place, picture
        )
        for row, picture in enumerate(pictures)
    ]


@pytest.mark.parametrize("kind", ["states", "faces"])
@pytest.mark.parametrize("pictures", [(WIDE,), (WIDE, None, TALL), (WIDE, TALL) * 4])
def test_photos_keep_their_shape_and_their_place(
    kind: str, pictures: tuple[Image.Image | None, ...], request: pytest.FixtureRequest
) -> None:
    map_ = random_map(request.getfixturevalue(kind), truth=(40.0, -105.0), top_k=6)
    figure = probability_map_figure(map_, photo=WIDE, neighbours=neighbours(*pictures))
    figure.canvas.draw()
    boxes = [ax.get_window_extent() for ax in figure.axes]
    for i, a in enumerate(boxes):
        assert figure.bbox.padded(1).contains(a.x0, a.y0)
        assert not a.padded(-1).count_overlaps([b.padded(-1) for b in boxes[i + 1 :]])
    drawn = by_gid(figure, "neighbour")
    there = [picture for picture in pictures if picture is not None]
    assert len(drawn) == len(there)
    places = []
    for image, picture in zip(drawn, there, strict=True):
        box = image.get_window_extent()
        width, height = np.ptp(box.get_points(), axis=0)
        assert width / height == pytest.approx(picture.width / picture.height, rel=0.02)
        places.append(box)
    assert all(not a.padded(-1).count_overlaps(places[i + 1 :]) for i, a in enumerate(places))
    texts = [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
    words = [text.get_text() for text in texts]
    assert words.count(HEADING) == 1
    assert words.count(NOT_FOUND) == pictures.count(None)
    assert [word for word in words if word.endswith(".jpg")] == [
        f"{row}.jpg" for row in range(len(pictures))
    ]
    for text in texts:
        box = text.get_window_extent()
        assert figure.bbox.contains(box.x0, box.y0), text
        assert figure.bbox.contains(box.x1, box.y1), text


def test_a_map_without_training_photos_is_as_tall_as_before(states: Partition) -> None:
    assert strip_height(0) == 0
    assert strip_height(IN_A_ROW) == strip_height(1) < strip_height(IN_A_ROW + 1)
    plain = probability_map_figure(random_map(states))
    more = probability_map_figure(random_map(states), neighbours=neighbours(WIDE))
    assert more.get_figheight() - plain.get_figheight() == pytest.approx(
        strip_height(1) + 0.12, abs=1e-6
    )
