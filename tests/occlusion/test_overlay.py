"""The fixed scales of drops, and how a map is laid over its photo."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from geoguess_cli.choices import Measure
from geoguess_cli.drawing import theme
from geoguess_cli.occlusion.occlusion_map import OcclusionMap
from geoguess_cli.occlusion.overlay import SCALES, draw_map, draw_scale, paled, visible_box
from geoguess_cli.occlusion.targets import Target

STEPS = np.array([[0.0, 0.002, 0.01, 0.05, 0.2, 1.0], [0, -0.002, -0.01, -0.05, -0.2, -1]])


def a_map(drop: np.ndarray, measure: Measure = "probability", stride: int = 1) -> OcclusionMap:
    return OcclusionMap(
        drop=drop.astype(np.float32),
        window_drops=drop.astype(np.float32),
        target=Target(np.array([0]), np.ones(1), measure, "cell 8649c4"),
        value=0.4,
        window=1,
        stride=stride,
        baselines=("mean",),
        done=1,
        total=1,
    )


def photo_axes(width: int = 60, height: int = 40):  # type: ignore[no-untyped-def]
    ax = theme.new_figure(3.0, 2.0).add_axes((0, 0, 1, 1))
    ax.imshow(np.zeros((height, width, 3)), extent=(0, width, height, 0), aspect="auto")
    return ax


def colors_of(drop: np.ndarray, measure: Measure = "probability") -> np.ndarray:
    ax = photo_axes()
    draw_map(ax, a_map(drop, measure), "overlay", (0.0, 0.0, 60.0, 40.0))
    return np.asarray(ax.images[-1].get_array())


def test_nothing_is_clear_and_more_is_more_opaque() -> None:
    colors = colors_of(STEPS)
    assert colors[:, 0, 3].tolist() == pytest.approx([0, 0], abs=0.01)
    assert (np.diff(colors[:, :, 3], axis=1) > 0.02).all()
    assert colors[0, :, 3] == pytest.approx(colors[1, :, 3], abs=0.01)
    red, blue = colors[:, 3, 0], colors[:, 3, 2]
    assert red[0] > blue[0]  # for the answer: orange
    assert red[1] < blue[1]  # against it: blue


def test_a_colour_means_the_same_drop_on_every_map() -> None:
    strong, weak = colors_of(STEPS), colors_of(STEPS / 10)
    assert strong[0, 4].tolist() != weak[0, 4].tolist()
    assert strong[0, 3] == pytest.approx(colors_of(np.full((2, 6), 0.05))[1, 2])


@pytest.mark.parametrize("measure", ["probability", "log-odds", "km"])
def test_every_scale_has_zero_in_the_middle(measure: Measure) -> None:
    scale = SCALES[measure]
    drops = np.array([0.0, *scale.ticks, *scale.levels])
    level, mirrored = np.asarray(scale.norm(drops)), np.asarray(scale.norm(-drops))
    assert level[0] == 0.5
    assert level == pytest.approx(1 - mirrored)
    assert (level[1:] > 0.5).all()
    assert float(scale.norm(scale.limit)) == pytest.approx(1)
    # A drop beyond the scale takes the colour of its end.
    beyond = colors_of(np.array([[scale.limit, 50 * scale.limit]]), measure)
    assert beyond[0, 0].tolist() == beyond[0, 1].tolist()


def test_the_diverging_scale_survives_colour_blindness() -> None:
    """Its two arms stay apart for protanopes and deuteranopes (Viénot and others, 1999)."""
    protan = np.array([[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.004, -0.004, 1]])
    deutan = np.array([[0.2928, 0.7072, 0], [0.2928, 0.7072, 0], [-0.0223, 0.0223, 1]])
    low, high = theme.DIVERGING([0.15, 0.85])[:, :3] ** 2.2
    for seen in (protan, deutan):
        assert np.abs(seen @ low - seen @ high).max() > 0.15


@pytest.mark.parametrize(
    ("measure", "words", "ticks"),
    [
        ("probability", "percentage points", {"−100", "−10", "−1", "0", "+1", "+10", "+100"}),
        ("log-odds", "log-odds", {"−10", "−1", "−0.1", "0", "+0.1", "+1", "+10"}),
        ("km", "km", {"−1,000", "−100", "−10", "0", "+10", "+100", "+1,000"}),
    ],
)
def test_the_bar_tells_the_unit_and_its_ends(measure: Measure, words: str, ticks: set) -> None:  # type: ignore[type-arg]
    figure = theme.new_figure(4.0, 1.0)
    draw_scale(figure.add_axes((0.1, 0.5, 0.8, 0.2)), measure)
    figure.canvas.draw()
    shown = {text.get_text() for text in figure.findobj(matplotlib.text.Text)}
    assert ticks <= shown
    assert any(words in text for text in shown)


def test_a_plain_map_hides_the_photo() -> None:
    ax = photo_axes()
    draw_map(ax, a_map(STEPS), "plain", (0.0, 0.0, 60.0, 40.0))
    assert (np.asarray(ax.images[-1].get_array())[..., 3] == 1).all()
    assert ax.images[-1].get_interpolation() == "nearest"


def test_contours_run_where_the_drop_has_their_level() -> None:
    """Of a slope the lines are straight, at the drop that they name."""
    across = np.linspace(-0.3, 0.3, 121)
    ax = photo_axes(121, 40)
    draw_map(ax, a_map(np.tile(across, (40, 1))), "contour", (0.0, 0.0, 121.0, 40.0))
    names = {text.get_text() for text in ax.texts}
    assert names == {f"{sign}{level}" for sign in "+−" for level in (2, 5, 10, 20)}
    for lines in ax.collections:
        (level,) = lines.levels
        x = np.concatenate([path.vertices[:, 0] for path in lines.get_paths()])
        assert x == pytest.approx(np.full(len(x), 0.5 + (level + 0.3) / 0.6 * 120), abs=0.6)


def test_a_flat_map_has_no_contours() -> None:
    ax = photo_axes()
    draw_map(ax, a_map(np.zeros((40, 60))), "contour", (0.0, 0.0, 60.0, 40.0))
    assert not ax.collections


@pytest.mark.parametrize(
    ("size", "square"),
    [((300, 200), (50.0, 0.0, 200.0, 200.0)), ((100, 400), (0.0, 150.0, 100.0, 100.0))],
)
def test_a_cropped_photo_is_seen_in_its_middle(
    size: tuple[int, int], square: tuple[float, ...]
) -> None:
    photo = Image.new("RGB", size)
    assert visible_box(photo, "crop") == square
    assert visible_box(photo, "squash") == (0, 0, *size)
    ax = photo_axes(*size)
    draw_map(ax, a_map(STEPS), "overlay", square)  # type: ignore[arg-type]
    left, top, width, height = square
    assert ax.images[-1].get_extent() == [left, left + width, top + height, top]
    assert (*ax.get_xlim(), *ax.get_ylim()) == (0, size[0], size[1], 0)
    assert len(ax.patches) == 1  # the frame of what is seen


def test_a_padded_photo_is_seen_whole_in_a_larger_square() -> None:
    box = visible_box(Image.new("RGB", (300, 200)), "pad")
    assert box == (0, -50, 300, 300)
    ax = photo_axes(300, 200)
    draw_map(ax, a_map(STEPS), "overlay", box)
    assert ax.images[-1].get_extent() == [0, 300, 250, -50]
    assert (*ax.get_xlim(), *ax.get_ylim()) == (0, 300, 200, 0)
    assert not ax.patches  # nothing of the photo lies outside


def test_the_paled_photo_has_no_colour() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    pale = paled(pixels)
    assert (pale == pale[..., :1]).all()
    assert pale.min() >= 63
    bright = np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.float64)
    assert pale[..., 0] == pytest.approx(0.75 * bright + 63.75, abs=1)
