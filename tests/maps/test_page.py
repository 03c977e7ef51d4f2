import matplotlib
import numpy as np
import pyproj
import pytest
from figure_worlds import by_gid
from map_worlds import random_map
from matplotlib.colors import to_rgba
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.figures import probability_map_figure

PHOTO = Image.new("RGB", (300, 200), "seagreen")


def test_photo_list_and_map_keep_apart(states: Partition, faces: Partition) -> None:
    for partition in (states, faces):
        figure = probability_map_figure(
            random_map(partition, truth=(40.0, -105.0), top_k=6), photo=PHOTO, title="x" * 300
        )
        figure.canvas.draw()
        boxes = [ax.get_window_extent() for ax in figure.axes]
        for i, a in enumerate(boxes):
            assert figure.bbox.padded(1).contains(a.x0, a.y0)
            assert figure.bbox.padded(1).contains(a.x1, a.y1)
            assert not a.padded(-1).count_overlaps([b.padded(-1) for b in boxes[i + 1 :]])
        (picture,) = by_gid(figure, "photo")
        width, height = np.ptp(picture.get_window_extent().get_points(), axis=0)
        assert width / height == pytest.approx(1.5, rel=0.02)
        for text in figure.findobj(matplotlib.text.Text):
            if text.get_text() and text.get_visible():
                box = text.get_window_extent()
                assert figure.bbox.contains(box.x0, box.y0), text
                assert figure.bbox.contains(box.x1, box.y1), text


@pytest.mark.parametrize("kind", ["states", "fiji", "pole"])
def test_the_locator_is_the_globe_seen_from_above(
    kind: str, request: pytest.FixtureRequest
) -> None:
    map_ = random_map(request.getfixturevalue(kind))
    figure = probability_map_figure(map_)
    (globe,) = by_gid(figure, "locator")
    pixels = np.asarray(globe.get_array())
    extent = map_.extent()
    view = pyproj.Proj(proj="ortho", lat_0=extent.latitude, lon_0=extent.longitude, R=1.0)
    checked = 0
    for lat, lng, land in (
        *(
            (40, -100, True),
            (55, -110, True),
            (-10, -55, True),
            (30, -140, False),
            (35, -45, False),
        ),
        *((-25, 135, True), (65, 150, True), (-30, 165, False), (-5, -170, False), (15, 5, True)),
        *((-88, 10, True), (-75, 130, True), (-55, -120, False), (-50, 80, False)),
    ):
        x, y = view(lng, lat)
        if np.isfinite([x, y]).all() and np.hypot(x, y) < 0.98:
            row, column = (int((v + 1) / 2 * len(pixels)) for v in (y, x))
            expected = to_rgba(theme.RULE_STRONG if land else theme.LIGHT.sea)
            assert pixels[row, column] == pytest.approx(expected), (lat, lng)
            checked += 1
    assert checked >= 3
