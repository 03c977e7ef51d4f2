"""A model that reads the brightness of a corner, and explanations of it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.faithfulness import faithfulness
from geoguess_cli.occlusion.occlusion_map import occlusion_map

SIDE = 32


@pytest.fixture
def white_photo(tmp_path: Path) -> Path:
    path = tmp_path / "white.png"
    Image.new("RGB", (48, 32), "white").save(path)
    return path


@pytest.fixture
def corner_explanation(white_photo: Path) -> Callable[..., Explanation]:
    """Explains a white photo to a model of two cells; the second reads the upper left corner."""

    def predict(images: np.ndarray) -> np.ndarray:
        second = images[:, :, :8, :8].mean(axis=(1, 2, 3))
        return np.stack([1 - second, second], axis=1)

    def explain(*, steps: int = 4, seed: int = 0) -> Explanation:
        image = np.ones((3, SIDE, SIDE), np.float32)
        occlusion = occlusion_map(predict, image, 1, window=8, stride=4)
        if not steps:
            return Explanation(white_photo, occlusion, None, seed)
        curves = faithfulness(predict, image, occlusion, steps=steps, random_orders=3, seed=seed)
        return Explanation(white_photo, occlusion, curves, seed)

    return explain
