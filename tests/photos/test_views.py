"""The fixed views of a photo: where each crop lies, and what a model then sees."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.photos.images import ImageSpec, pixels_needed, to_array
from geoguess_cli.photos.views import MOST, SIDE, ViewSpec, view_spec

SPEC = ImageSpec(size=8, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), interpolation="bilinear")


def test_crops_lie_at_the_corners_and_in_the_middle() -> None:
    boxes = [view_spec(SPEC, number).box((800, 400)) for number in range(MOST)]
    assert boxes == [
        (0, 0, 800, 400),
        (0, 0, 700, 350),
        (100, 50, 800, 400),
        (100, 0, 800, 350),
        (0, 50, 700, 400),
        (50, 25, 750, 375),
    ]


@pytest.mark.parametrize(
    ("resize", "size"), [("squash", (96, 96)), ("crop", (128, 96)), ("pad", (96, 64))]
)
def test_a_view_is_the_crop_of_what_the_model_would_see(resize, size: tuple[int, int]) -> None:
    """At a scale of 1, where no pixel of a picture mixes with those beyond the crop."""
    spec = dataclasses.replace(SPEC, size=84, resize=resize)
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 255, (*size[::-1], 3), dtype=np.uint8))
    base = image.crop((16, 0, 112, 96)) if resize == "crop" else image
    for number in range(1, MOST):
        view = view_spec(spec, number)
        assert isinstance(view, ViewSpec)
        box = [round(edge) for edge in view.box(base.size)]
        plain = dataclasses.replace(spec, resize="squash" if resize == "crop" else resize)
        np.testing.assert_array_equal(to_array(image, view), to_array(base.crop(box), plain))


def test_nothing_is_enlarged_and_view_0_is_the_plain_one() -> None:
    assert view_spec(SPEC, 0) is SPEC
    assert pixels_needed(SPEC) == 8
    assert pixels_needed(view_spec(SPEC, 3)) * SIDE >= 8
