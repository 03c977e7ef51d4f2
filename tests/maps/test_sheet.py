import matplotlib
import numpy as np
import pytest
from map_worlds import map_of
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.drawing import theme
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps import sheet
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.sheet import MOST_ROWS, page_sizes, probability_sheets


def some_maps(partition: Partition, count: int) -> tuple[list[ProbabilityMap], list[Image.Image]]:
    rng = np.random.default_rng(1)
    maps = [
        map_of(
            partition,
            rng.dirichlet(np.full(len(partition), 0.1)).astype(np.float32),
            truth=(40.0, -105.0) if number % 2 else None,
            photo=f"folder/photo-{number}.jpg",
        )
        for number in range(count)
    ]
    photos = [Image.new("RGB", (90, 60 + 40 * (k % 3)), "seagreen") for k in range(count)]
    return maps, photos


def collections(figure: Figure) -> list:  # type: ignore[type-arg]
    return figure.findobj(lambda artist: artist.get_gid() == "cells")


@pytest.mark.parametrize("count", range(1, 60))
def test_pages_are_even_and_none_is_too_long(count: int) -> None:
    sizes = page_sizes(count)
    assert sum(sizes) == count
    assert max(sizes) <= 3 * MOST_ROWS
    assert len(set(sizes[:-1])) <= 1
    assert sizes[-1] <= sizes[0]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("states", "light"), ("fiji", "dark"), ("pole", "light"), ("faces", "dark")],
)
def test_maps_share_one_scale_and_photos_hide_no_mark(
    kind: str, name: str, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    maps, photos = some_maps(partition, 3)
    (figure,) = probability_sheets(maps, photos, colors=theme.THEMES[name])
    figure.canvas.draw()
    drawn = collections(figure)
    assert len(drawn) == 3
    most = max(float(one.probabilities.max()) for one in maps)
    assert {cells.norm.vmax for cells in drawn} == {most}
    insets = figure.findobj(lambda artist: artist.get_gid() == "photo")
    assert len(insets) == 3
    marks = figure.findobj(lambda artist: artist.get_gid() in ("estimate", "truth"))
    assert len(marks) == 3 + 1
    for mark in marks:
        spot = mark.axes.transData.transform(mark.get_xydata()[0])
        assert not any(inset.get_window_extent().contains(*spot) for inset in insets)
    for inset, photo in zip(insets, photos, strict=True):
        width, height = np.ptp(inset.get_window_extent().get_points(), axis=0)
        assert width / height == pytest.approx(photo.width / photo.height, rel=0.02)
    texts = {text.get_text() for text in figure.findobj(matplotlib.text.Text)}
    assert {f"photo-{number}.jpg" for number in range(3)} <= texts
    assert {"point estimate", "truth", "50 % credible", "90 % credible"} <= texts
    for text in figure.findobj(matplotlib.text.Text):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert figure.bbox.contains(box.x0, box.y0), text
            assert figure.bbox.contains(box.x1, box.y1), text


def test_many_maps_fill_pages_on_one_scale(
    states: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "MOST_ROWS", 1)
    maps, photos = some_maps(states, 5)
    pages = list(probability_sheets(maps, photos))
    assert [len(collections(page)) for page in pages] == [3, 2]
    assert len({cells.norm.vmax for page in pages for cells in collections(page)}) == 1
    assert {page.get_figwidth() for page in pages} == {theme.WIDTH}
    widths = {ax.get_window_extent().width for page in pages for ax in map_axes(page)}
    assert len({round(width) for width in widths}) == 1  # the last row is as wide as the others


def map_axes(figure: Figure) -> list:  # type: ignore[type-arg]
    return [cells.axes for cells in collections(figure)]
