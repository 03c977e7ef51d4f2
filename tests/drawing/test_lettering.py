import pytest
from matplotlib.axes import Axes

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import fitting, halo, shortened, text_width

TEXT = "Newfoundland and Labrador, Canada, North America"


@pytest.fixture
def ax() -> Axes:
    axes = theme.new_figure(4.0, 4.0).add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 4), ylim=(0, 4))
    return axes


@pytest.mark.parametrize("room", [0.3, 0.8, 1.7, 3.0])
def test_a_text_is_cut_to_the_room(ax: Axes, room: float) -> None:
    cut = shortened(ax, TEXT, room)
    assert text_width(ax, cut) <= room
    assert cut.endswith("…")
    kept = cut.removesuffix("…")
    assert TEXT.startswith(kept)
    assert text_width(ax, TEXT[: len(kept) + 3] + "…") > room  # and no more than needed
    assert shortened(ax, TEXT, 4.5) == TEXT
    assert not ax.texts


def test_the_first_text_that_fits_is_taken(ax: Axes) -> None:
    texts = (TEXT, "Labrador, Canada", "Labrador")
    assert fitting(ax, texts, 4.5) == TEXT
    assert fitting(ax, texts, text_width(ax, texts[1])) == texts[1]
    assert fitting(ax, texts, 0.3).endswith("…")
    assert texts[2].startswith(fitting(ax, texts, 0.3).removesuffix("…"))


def test_a_halo_is_as_wide_as_asked(ax: Axes) -> None:
    text = ax.text(2, 2, "Labrador")
    plain = text.get_window_extent().width
    text.set_path_effects(halo(4.0, "black"))
    assert text.get_window_extent().width >= plain
    assert text.get_path_effects()[0]._gc["linewidth"] == 4.0
