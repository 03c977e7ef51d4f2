"""Sheets of explained photos: what is drawn, and that nothing lies over anything."""

import dataclasses
from itertools import combinations
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from figure_worlds import by_gid, texts_of
from PIL import Image

from geoguess_cli.choices import VIEWS, Measure
from geoguess_cli.drawing import theme
from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.faithfulness import Curves, Faithfulness
from geoguess_cli.occlusion.figures import MOST_PHOTOS, occlusion_sheet
from geoguess_cli.occlusion.occlusion_map import Interpolation, OcclusionMap
from geoguess_cli.occlusion.targets import Target

WIDE = Image.new("RGB", (300, 200), "gray")
TALL = Image.new("RGB", (100, 400), "gray")
PANORAMA = Image.new("RGB", (900, 200), "gray")


pytestmark = pytest.mark.usefixtures("leaves_no_trace")


def explanation(
    *, measure: Measure = "probability", judged: bool = True, better: bool = True, name: str = "a"
) -> Explanation:
    unit = 4000.0 if measure == "km" else 1.0
    target = Target(np.array([0]), np.ones(1), measure, "cell 8649c4 (Montana, US)")
    rng = np.random.default_rng(5)
    drop = rng.normal(0, 0.1 * unit, (64, 64)).astype(np.float32)
    made = OcclusionMap(drop, drop[::8, ::8], target, 0.4 * unit, 16, 8, ("mean", "blur"), 64, 64)
    steep, slow = np.array([0.9, 0.2, 0.1, 0.1]) * unit, np.array([0.9, 0.8, 0.5, 0.1]) * unit
    good = Curves(steep, (0.9 * unit - steep)) if measure != "km" else Curves(slow[::-1], slow)
    bad = Curves(slow, (0.9 * unit - slow)) if measure != "km" else Curves(steep[::-1], steep)
    rival = Curves((steep + slow) / 2, unit - (steep + slow) / 2)
    own = good if better else bad
    curves = Faithfulness(own, rival, (rival, rival, rival), target, flat=not better)
    return Explanation(Path(f"photos/{name}.jpg"), made, curves if judged else None)


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("photo", [WIDE, TALL, PANORAMA])
def test_the_photo_keeps_its_shape_and_the_map_covers_it(photo: Image.Image, judged: bool) -> None:
    figure = occlusion_sheet([explanation(judged=judged)], [photo])
    (overlay,) = by_gid(figure, "overlay")
    left, right = (ax for ax in figure.axes if ax.images)
    assert overlay.axes is right
    assert overlay.get_extent() == [0, photo.width, photo.height, 0]
    for ax in (left, right):
        width, height = ax.get_window_extent().size
        assert width / height == pytest.approx(photo.width / photo.height, rel=0.01)
    assert left.get_window_extent().x1 < right.get_window_extent().x0
    (window, _) = by_gid(figure, "window")
    assert window.axes is left
    assert (window.get_width(), window.get_height()) == (photo.width / 4, photo.height / 4)


def test_all_photos_of_a_sheet_share_one_scale() -> None:
    names = ["a", "b", "c"]
    explained = [explanation(name=name) for name in names]
    figure = occlusion_sheet(explained, [WIDE, TALL, PANORAMA])
    assert len(by_gid(figure, "overlay")) == 3
    shown = texts_of(figure)
    assert shown.count("drop in probability, percentage points") == 1
    for name in names:
        assert f"{name}.jpg: 40 % for cell 8649c4 (Montana, US)" in shown
    tops = [image.axes.get_window_extent().y1 for image in by_gid(figure, "overlay")]
    assert tops == sorted(tops, reverse=True)


def test_the_curves_are_those_of_the_judgement() -> None:
    explained = explanation()
    figure = occlusion_sheet([explained], [WIDE])
    judged = explained.faithfulness
    assert judged is not None
    for line, expected in zip(
        by_gid(figure, "map"), (judged.own.deletion, judged.own.insertion), strict=True
    ):
        assert line.get_ydata().tolist() == expected.tolist()
        assert line.get_xdata() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert [line.get_ydata().tolist() for line in by_gid(figure, "edges")] == [
        judged.edges.deletion.tolist(),
        judged.edges.insertion.tolist(),
    ]
    shown = texts_of(figure)
    assert f"{judged.own.deletion_area:.2f}" in shown
    assert f"{judged.random[0].insertion_area:.2f} ± 0.00" in shown


@pytest.mark.parametrize(
    ("better", "words"),
    [(True, "better than random (3 of 3)"), (False, "no better than random (0 of 3)")],
)
def test_a_map_that_is_no_better_than_random_says_so(better: bool, words: str) -> None:
    figure = occlusion_sheet([explanation(better=better)], [WIDE])
    (verdict,) = by_gid(figure, "verdict")
    assert verdict.get_text() == words
    assert (verdict.get_color() == theme.ORANGE) is not better


def test_an_unjudged_map_has_no_curves_and_larger_photos() -> None:
    bare, full = (occlusion_sheet([explanation(judged=j)], [WIDE]) for j in (False, True))
    assert not by_gid(bare, "map")
    assert not by_gid(bare, "verdict")
    widths = [by_gid(one, "overlay")[0].axes.get_window_extent().width for one in (bare, full)]
    assert widths[0] > 1.4 * widths[1]


@pytest.mark.parametrize("photo", [WIDE, TALL, PANORAMA])
@pytest.mark.parametrize(
    ("measure", "judged"),
    [("probability", True), ("log-odds", True), ("km", True), ("probability", False)],
)
def test_no_text_lies_over_another_or_off_the_page(
    measure: Measure, photo: Image.Image, judged: bool
) -> None:
    long = explanation(measure=measure, judged=judged, name="a-photo-with-a-long-name-" * 5)
    figure = occlusion_sheet([long, explanation(measure=measure, judged=judged)], [photo, WIDE])
    figure.canvas.draw()
    width, height = figure.bbox.size
    boxes = []
    for text in figure.findobj(matplotlib.text.Text):
        if text.get_visible() and text.get_text():
            box = text.get_window_extent()
            assert box.x0 >= -0.5, text
            assert box.y0 >= -0.5, text
            assert box.x1 <= width + 0.5, text
            assert box.y1 <= height + 0.5, text
            boxes.append((text.get_text(), box.padded(-2.5)))
    for (one, a), (other, b) in combinations(boxes, 2):
        assert not a.overlaps(b), (one, other)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_drawn(view, tmp_path) -> None:  # type: ignore[no-untyped-def]
    figure = occlusion_sheet([explanation()], [WIDE], view=view, title="Some $x_{$ title")
    assert "Some $x_{$ title" in texts_of(figure)
    figure.savefig(tmp_path / "sheet.svg")
    assert (tmp_path / "sheet.svg").read_text().startswith("<?xml")
    assert bool(by_gid(figure, "overlay")) == (view != "contour")


def test_the_longest_sheet_fits_into_a_picture() -> None:
    heights = [
        occlusion_sheet([explanation(judged=False)] * photos, [TALL] * photos).get_figheight()
        for photos in (1, 2)
    ]
    longest = heights[0] + (MOST_PHOTOS - 1) * (heights[1] - heights[0])
    assert longest * theme.DPI < 2**16


def test_the_sheet_says_how_it_was_made() -> None:
    shown = texts_of(occlusion_sheet([explanation()], [WIDE]))
    (subtitle,) = [text for text in shown if "stride" in text]
    assert "window 16 px, stride 8 px" in subtitle
    assert "64 × 64 px" in subtitle
    assert "the mean colour and a blur" in subtitle
    km = texts_of(occlusion_sheet([explanation(measure="km")], [WIDE]))
    assert any("covering raises the distance" in text for text in km)
    assert "a.jpg: 1,600 km, cell 8649c4 (Montana, US)" in km


def test_an_adaptive_map_says_that_windows_are_interpolated() -> None:
    plain = explanation()
    note = Interpolation(64, 21, 0.01, 0.02)
    adaptive = dataclasses.replace(
        plain, occlusion=dataclasses.replace(plain.occlusion, interpolation=note)
    )
    for one, said in ((plain, False), (adaptive, True)):
        shown = " ".join(texts_of(occlusion_sheet([one], [WIDE])))
        assert ("; partly interpolated" in shown) == said
