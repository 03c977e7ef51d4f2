import numpy as np
import pytest
import shapely
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import shortened, text_width
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


@pytest.mark.parametrize("room", [0.3, 0.8, 1.7, 3.0])
def test_a_text_is_cut_to_the_room(ax: Axes, room: float) -> None:
    text = "Newfoundland and Labrador, Canada, North America"
    cut = shortened(ax, text, room)
    assert text_width(ax, cut) <= room
    assert cut.endswith("…")
    kept = cut.removesuffix("…")
    assert text.startswith(kept)
    assert text_width(ax, text[: len(kept) + 3] + "…") > room  # and no more than needed
    assert shortened(ax, text, 4.5) == text
    assert not ax.texts
