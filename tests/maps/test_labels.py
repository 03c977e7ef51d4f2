import numpy as np
import pytest
import shapely
from figure_worlds import by_gid
from map_worlds import map_axes, projection, random_map, visible
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from geoguess_cli.drawing import theme
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.towns import load_towns
from geoguess_cli.maps.extent import Extent
from geoguess_cli.maps.figures import probability_map_figure
from geoguess_cli.maps.labels import BADGE_RADIUS, Name, draw_badges, draw_names

PIXELS = theme.DPI / 72


@pytest.fixture
def ax() -> Axes:
    made = theme.new_figure(4.0, 4.0).add_axes((0, 0, 1, 1))
    made.set(xlim=(0, 4), ylim=(0, 4))
    return made


def test_badges_never_overlap_and_stay_on_the_map(ax: Axes) -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.normal(2, 0.05, (5, 2)), [[0.02, 0.02], [3.99, 2.0]]])
    taken = [Bbox.from_extents(410, 410, 440, 440)]
    boxes = draw_badges(ax, places, taken=taken)
    assert len(boxes) == 7
    assert [text.get_text() for text in ax.texts] == list("1234567")
    for i, box in enumerate(boxes):
        assert box.width == pytest.approx(2 * (BADGE_RADIUS + 1) * PIXELS)
        assert not box.count_overlaps([*boxes[i + 1 :], *taken])
        assert ax.bbox.contains(box.x0, box.y0)
        assert ax.bbox.contains(box.x1, box.y1)
    for text, place in zip(ax.texts, places, strict=True):
        assert text.xy == pytest.approx(tuple(place))


def test_a_place_off_the_map_gets_no_badge_and_the_others_keep_their_numbers(ax: Axes) -> None:
    assert len(draw_badges(ax, np.array([[1.0, 1.0], [9.0, 9.0], [3.0, 3.0]]))) == 2
    assert [text.get_text() for text in ax.texts] == ["1", "3"]


def names(*boxes: tuple[float, float, float, float], texts: tuple[str, ...]) -> list[Name]:
    return [Name(texts, shapely.box(*box), {"fontsize": 8}) for box in boxes]


def test_a_name_stands_in_its_shape_and_gives_way(ax: Axes) -> None:
    (name,) = names((0.5, 0.5, 2.5, 2.5), texts=("Texas", "TX"))
    (text,) = draw_names(ax, [name])
    assert text.get_text() == "Texas"
    assert text.get_position() == pytest.approx((1.5, 1.5), abs=0.05)
    (moved,) = draw_names(ax, [name], taken=[text.get_window_extent()])
    assert not moved.get_window_extent().overlaps(text.get_window_extent())
    assert draw_names(ax, [name], taken=[Bbox(ax.bbox.get_points())]) == []


def test_a_narrow_shape_takes_the_short_name_and_a_tiny_one_none(ax: Axes) -> None:
    narrow = names((1, 1, 1.3, 2), texts=("Massachusetts", "MA"))
    assert [text.get_text() for text in draw_names(ax, narrow)] == ["MA"]
    assert draw_names(ax, names((3, 3, 3.02, 3.02), texts=("Rhode Island", "RI"))) == []
    assert len(ax.texts) == 1  # what did not fit is not left behind


def test_the_larger_shape_is_named_first(ax: Axes) -> None:
    small, large = names((1.8, 1.8, 2.4, 2.4), (0.1, 0.1, 4, 4.1), texts=("Name",))
    written = draw_names(ax, [small, large])
    assert written[0].get_position() == pytest.approx((2.05, 2.1), abs=0.1)


def test_names_lie_on_the_map_and_apart_from_each_other(states: Partition) -> None:
    figure = probability_map_figure(random_map(states, truth=(36.0, -115.0)))
    ax = map_axes(figure)
    names = [text for text in ax.texts if not text.get_text().isdigit()]
    assert {"Wyoming", "Utah", "Colorado"} <= {text.get_text() for text in names}
    boxes = [text.get_window_extent() for text in names]
    for i, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[i + 1 :])
        assert ax.bbox.contains(box.x0, box.y0)
        assert ax.bbox.contains(box.x1, box.y1)
    # Each on its own state.
    regions = load_basemap().regions
    for text, box in zip(names, boxes, strict=True):
        if text.get_text() in regions.names:
            middle = ax.transData.inverted().transform(box.get_points().mean(axis=0))
            lng, lat = projection(random_map(states, truth=(36.0, -115.0)).extent())(
                *middle, inverse=True
            )
            shape = regions.geometries[regions.names.index(text.get_text())]
            assert shape.distance(shapely.Point(lng, lat)) < 0.2


@pytest.mark.parametrize("name", ["light", "dark"])
def test_towns_lie_where_they_are_and_clear_of_everything(name: str, states: Partition) -> None:
    map_ = random_map(states, truth=(36.0, -115.0))
    figure = probability_map_figure(map_, colors=theme.THEMES[name])
    ax, extent = map_axes(figure), Extent(*visible(figure))
    dots = by_gid(figure, "town")
    assert 5 <= len(dots) <= 14
    towns = load_towns()
    x, y = projection(extent)(towns.latlng[:, 1], towns.latlng[:, 0])
    texts = {text.get_text(): text for text in ax.texts}
    for dot in dots:
        place = dot.get_xydata()[0]
        row = int(np.argmin(np.hypot(x - place[0], y - place[1])))
        assert place == pytest.approx([x[row], y[row]], abs=1.0)
        name_box = texts[towns.names[row]].get_window_extent()
        spot = ax.transData.transform(place)
        away = np.maximum(np.subtract(name_box.min, spot), np.subtract(spot, name_box.max))
        assert away.max() < 12  # pixels: beside its dot
    names = [text.get_window_extent() for text in ax.texts if not text.get_text().isdigit()]
    numbers = [text for text in ax.texts if text.get_text().isdigit()]
    badges = [number.get_bbox_patch().get_window_extent() for number in numbers]
    for i, box in enumerate(names):
        assert not box.count_overlaps([*names[i + 1 :], *badges])


def test_a_map_of_the_world_names_no_towns(faces: Partition) -> None:
    assert not by_gid(probability_map_figure(random_map(faces)), "town")
