import math

import matplotlib
import numpy as np
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.explain import theme
from geoguess_cli.explain.figures import distance_figure, occlusion_figure, training_curves
from geoguess_cli.explain.occlusion import OcclusionMap
from geoguess_cli.explain.targets import cell_target
from geoguess_cli.inference.metrics import RADII_KM


@pytest.fixture(autouse=True)
def _known_to_nobody():  # type: ignore[no-untyped-def]
    before = dict(matplotlib.rcParams)
    yield
    assert not Gcf.get_all_fig_managers()
    assert dict(matplotlib.rcParams) == before


def texts_of(figure: Figure) -> list[str]:
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def by_gid(figure: Figure, gid: str) -> list:  # type: ignore[type-arg]
    return figure.findobj(lambda artist: artist.get_gid() == gid)


ROWS = [
    {
        "stage": 1 + (epoch >= 2) + (epoch >= 5),
        "stage_name": ("heads", "everything", "vit")[(epoch >= 2) + (epoch >= 5)],
        "epoch": epoch,
        "loss": 5.0 - epoch,
        "val_loss": [5.0, 4.0, 3.0, 2.5, 2.75, 2.5, 3.0][epoch],
        "val_top_1": epoch / 20,
        "val_top_5": epoch / 10,
        "learning_rate": [1e-3, 1e-3, 1e-4, 1e-4, 5e-5, 1e-4, 1e-4][epoch],
    }
    for epoch in range(7)
]


def lines(ax: Axes) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_xydata()) for line in ax.lines}


def test_curves_hold_the_rows() -> None:
    figure = training_curves(ROWS)
    loss, accuracy, rate = figure.axes
    assert lines(loss)["training"].tolist() == [[i + 1, 5.0 - i] for i in range(7)]
    assert lines(loss)["validation"][:, 1].tolist() == [row["val_loss"] for row in ROWS]
    assert lines(accuracy)["top 1"][:, 1].tolist() == [row["val_top_1"] for row in ROWS]
    assert lines(accuracy)["top 5"][:, 1].tolist() == [row["val_top_5"] for row in ROWS]
    assert rate.get_yscale() == "log"
    assert rate.lines[0].get_ydata().tolist() == [row["learning_rate"] for row in ROWS]
    assert loss.get_shared_x_axes().joined(loss, rate)


def test_the_best_epoch_is_the_first_of_least_validation_loss() -> None:
    figure = training_curves(ROWS)
    (mark,) = by_gid(figure, "best")
    assert mark.get_xydata().tolist() == [[4.0, 2.5]]
    assert "best: 2.500, epoch 4" in texts_of(figure)


def test_stages_are_shaded_and_named() -> None:
    figure = training_curves(ROWS)
    for ax in figure.axes:
        spans = [(p.get_x(), p.get_x() + p.get_width()) for p in ax.patches]
        assert spans == [(0.5, 2.5), (5.5, 7.5)]  # every other of three
    notes = {note.get_text(): note.xy[0] for note in figure.axes[0].texts}
    assert {name: notes[name] for name in ("heads", "everything", "vit")} == {
        "heads": 0.5,
        "everything": 2.5,
        "vit": 5.5,
    }


def test_without_validation_there_is_no_best() -> None:
    rows = [{**row, "val_loss": None, "val_top_1": None} for row in ROWS]
    figure = training_curves([{k: v for k, v in row.items() if k != "val_top_5"} for row in rows])
    assert set(lines(figure.axes[0])) == {"training"}
    assert not lines(figure.axes[1])
    assert not by_gid(figure, "best")
    figure.canvas.draw()


@pytest.mark.parametrize("count", [0, 1])
def test_the_shortest_trainings_can_be_drawn(count: int) -> None:
    assert f"Training, {count} epoch{'s' if count == 0 else ''}" in texts_of(
        training_curves(ROWS[:count])
    )


def occlusion(drop: np.ndarray, probability: float = 0.4) -> OcclusionMap:
    return OcclusionMap(
        drop=drop.astype(np.float32),
        window_drops=drop.astype(np.float32),
        target=cell_target(3, name="cell 8649c4"),
        value=probability,
        window=16,
        stride=8,
        baselines=("mean",),
        done=drop.size,
        total=drop.size,
    )


def overlay(figure: Figure):  # type: ignore[no-untyped-def]
    (image,) = by_gid(figure, "overlay")
    return image


DROP = np.zeros((64, 64))
DROP[0, 0], DROP[0, 1], DROP[5, 9], DROP[9, 5] = 0.3, -0.3, 0.02, 1.0
WIDE = Image.new("RGB", (300, 200), "gray")
TALL = Image.new("RGB", (100, 400), "gray")


@pytest.mark.parametrize("photo", [WIDE, TALL])
def test_the_photo_keeps_its_shape_and_the_map_covers_it(photo: Image.Image) -> None:
    figure = occlusion_figure(photo, occlusion(DROP), token="8649c4")
    left, right = (ax for ax in figure.axes if ax.images)
    assert overlay(figure).axes is right
    assert overlay(figure).get_extent() == [0, photo.width, photo.height, 0]
    for ax in (left, right):
        width, height = ax.get_window_extent().size
        assert width / height == pytest.approx(photo.width / photo.height, rel=0.01)
    assert left.get_window_extent().x1 < right.get_window_extent().x0
    (window, _) = by_gid(figure, "window")
    assert (window.get_width(), window.get_height()) == (photo.width / 4, photo.height / 4)


@pytest.mark.parametrize(
    ("photo", "square"), [(WIDE, [50, 250, 200, 0]), (TALL, [0, 100, 250, 150])]
)
def test_a_cropped_photo_has_its_map_on_the_middle_square(
    photo: Image.Image, square: list[int]
) -> None:
    figure = occlusion_figure(photo, occlusion(DROP), token="8649c4", resize="crop")
    assert overlay(figure).get_extent() == square
    ax = overlay(figure).axes
    assert (*ax.get_xlim(), *ax.get_ylim()) == (0, photo.width, photo.height, 0)


def colors_of(drop: np.ndarray, **options: object) -> np.ndarray:
    photo = options.pop("photo", WIDE)
    probability = options.pop("probability", 0.4)
    figure = occlusion_figure(photo, occlusion(drop, probability), token="1", **options)
    return np.asarray(overlay(figure).get_array())


def test_a_colour_means_the_same_drop_on_every_figure() -> None:
    strong = colors_of(DROP, probability=0.99)
    weak = colors_of(DROP / 10, photo=TALL, probability=0.03)
    assert strong[5, 9].tolist() != weak[5, 9].tolist()
    again = colors_of(np.where(DROP == 1, 0.002, DROP / 10 * 10), probability=0.5)
    assert again[0, 0].tolist() == strong[0, 0].tolist()
    assert again[9, 5] == pytest.approx(weak[5, 9], abs=0.02)  # 0.002 in both


def test_nothing_is_clear_and_more_is_more_opaque() -> None:
    steps = np.array([[0.0, 0.002, 0.01, 0.05, 0.2, 1.0], [0, -0.002, -0.01, -0.05, -0.2, -1]])
    colors = colors_of(steps)
    assert colors[:, 0, 3].tolist() == pytest.approx([0, 0], abs=0.01)
    assert (np.diff(colors[:, :, 3], axis=1) > 0.02).all()
    assert colors[0, :, 3] == pytest.approx(colors[1, :, 3], abs=0.01)
    red, blue = colors[:, 3, 0], colors[:, 3, 2]
    assert red[0] > blue[0]  # for the cell: orange
    assert red[1] < blue[1]  # against it: blue


def test_the_diverging_scale_survives_colour_blindness() -> None:
    """Its two arms stay apart for protanopes and deuteranopes (Viénot and others, 1999)."""
    protan = np.array([[0.1124, 0.8876, 0], [0.1124, 0.8876, 0], [0.004, -0.004, 1]])
    deutan = np.array([[0.2928, 0.7072, 0], [0.2928, 0.7072, 0], [-0.0223, 0.0223, 1]])
    low, high = theme.DIVERGING([0.15, 0.85])[:, :3] ** 2.2
    for seen in (protan, deutan):
        assert np.abs(seen @ low - seen @ high).max() > 0.15


def test_the_bar_tells_the_unit_and_its_ends() -> None:
    figure = occlusion_figure(WIDE, occlusion(DROP), token="8649c4")
    shown = texts_of(figure)
    assert "drop in probability of cell 8649c4, percentage points" in shown
    assert {"−100", "−10", "−1", "0", "+1", "+10", "+100"} <= set(shown)
    assert any("window 16 px, stride 8 px" in text and "64 × 64" in text for text in shown)
    assert any("40 %" in text for text in shown)
    limited = texts_of(occlusion_figure(WIDE, occlusion(DROP), token="8649c4", limit=0.25))
    assert {"−25", "−12.5", "0", "+12.5", "+25"} <= set(limited)


def test_a_limit_clips() -> None:
    colors = colors_of(DROP, limit=0.25)
    assert colors[0, 0].tolist() == colors[9, 5].tolist()  # 0.3 and 1.0
    with pytest.raises(ValueError, match="limit is 0"):
        occlusion_figure(WIDE, occlusion(DROP), token="1", limit=0.0)


def step_at(line, x: float) -> float:  # type: ignore[no-untyped-def]
    xs, ys = line.get_data()
    return float(ys[np.searchsorted(xs, x, side="right") - 1])


def test_the_curve_is_the_share_within_each_distance() -> None:
    rng = np.random.default_rng(0)
    distances = np.concatenate([[0.0, 0.05, 1.0, 25.0, 20000.0], rng.lognormal(5, 2, 200)])
    distances = np.minimum(distances, 20000)
    figure = distance_figure(distances, baseline_km=np.full(205, 300.0))
    (line,), (baseline,) = by_gid(figure, "estimate"), by_gid(figure, "baseline")
    for km in (0.1, 0.7, 1.0, 25.0, 333.0, 2500.0, 20000.0):
        assert step_at(line, km) == pytest.approx((distances <= km).mean())
        assert step_at(baseline, km) == float(km >= 300)
    marks = {float(m.get_xdata()[0]): float(m.get_ydata()[0]) for m in by_gid(figure, "radius")}
    assert marks == {r: pytest.approx((distances <= r).mean()) for r in RADII_KM.values()}
    assert baseline.get_linestyle() == "--"
    assert line.get_drawstyle() == "steps-post"
    shown = texts_of(figure)
    assert "street\n1 km" in shown
    assert "continent\n2,500 km" in shown
    assert "1,000" in shown
    assert not math.isnan(figure.axes[0].get_xlim()[1])


def test_the_curve_needs_no_baseline() -> None:
    figure = distance_figure(np.array([3.0]))
    assert not by_gid(figure, "baseline")
    assert "Accuracy within a distance, 1 photo" in texts_of(figure)


def test_a_title_may_hold_dollar_signs() -> None:
    figure = distance_figure(np.array([3.0]), title="$x_{$ of a_$b.jpg")
    assert "$x_{$ of a_$b.jpg" in texts_of(figure)


def test_the_theme_holds_whatever_the_users_settings() -> None:
    with matplotlib.rc_context({"font.family": "serif", "font.size": 30, "axes.grid": True}):
        figure = distance_figure(np.array([3.0]))
        assert {text.get_fontfamily()[0] for text in figure.findobj(matplotlib.text.Text)} == {
            "DejaVu Sans"
        }
        assert matplotlib.rcParams["font.size"] == 30
