"""The grid of windows: which pixels each covers, by hand and by counting."""

import numpy as np
import pytest

from geoguess_cli.errors import ConfigError
from geoguess_cli.occlusion.grid import (
    check_grid,
    masks,
    mean_or_nan,
    spread,
    window_count,
    window_means,
)


def test_the_windows_of_a_side_by_hand() -> None:
    assert masks(7, 3, 2).tolist() == [
        [1, 1, 1, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 0, 0],
        [0, 0, 0, 0, 1, 1, 1],
    ]
    assert masks(6, 3, 2)[-1].tolist() == [0, 0, 0, 0, 1, 1]  # cut at the edge


def test_the_paper_s_setting_has_625_windows() -> None:
    assert window_count(224, 224, window=32, stride=8) == 625


def test_a_pixel_gets_the_mean_of_the_windows_that_cover_it() -> None:
    windows = np.random.default_rng(0).standard_normal((3, 5))
    found = spread(windows, 9, 17, window=5, stride=3)
    for y, x in ((0, 0), (4, 8), (8, 16), (3, 11)):
        own = [
            windows[i, j]
            for i in range(3)
            for j in range(5)
            if 3 * i <= y < 3 * i + 5 and 3 * j <= x < 3 * j + 5
        ]
        assert found[y, x] == pytest.approx(np.mean(own), abs=1e-6)


def test_a_window_gets_the_mean_of_the_pixels_that_it_covers() -> None:
    values = np.random.default_rng(1).standard_normal((9, 12))
    found = window_means(values, window=4, stride=3)
    assert found.shape == (3, 4)
    assert found[1, 2] == pytest.approx(values[3:7, 6:10].mean())
    assert found[2, 3] == pytest.approx(values[6:9, 9:12].mean())


def test_of_nothing_there_is_no_mean() -> None:
    found = mean_or_nan(np.array([[1.0, 0.0]]), np.array([[2, 0]]))
    np.testing.assert_array_equal(found, np.array([[0.5, np.nan]], dtype=np.float32))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": 11, "stride": 1}, r"window is 11.*12×10 pixels.*\[1, 10\]"),
        ({"window": 4, "stride": 5}, r"stride is 5"),
        ({"window": 4, "stride": 4, "batch_size": 0}, "batch size is 0"),
    ],
)
def test_windows_that_do_not_fit_are_refused(options: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_grid(10, 12, **options)
