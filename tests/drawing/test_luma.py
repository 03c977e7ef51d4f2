"""The brightness of colours, beside Pillow's."""

import numpy as np
from PIL import Image

from geoguess_cli.drawing.luma import luma


def test_luma_is_that_of_pillow() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(pixels).convert("L")).astype(float)
    grey = luma(*pixels.astype(float).transpose(2, 0, 1))
    np.testing.assert_allclose(grey, expected, atol=0.51)
    assert luma(0, 0, 0) == 0
