"""Where a model looks over a set: shares worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.survey.attention import BANDS, Attention, attention_of, overlaps


def attention_to(drops: list[np.ndarray], groups: list[int]) -> Attention:
    return attention_of((drop.astype(np.float32) for drop in drops), np.array(groups))


def test_an_even_map_has_its_area_everywhere() -> None:
    attention = attention_to([np.full((30, 40), 0.1)] * 3, [0, 1, 2])
    assert [share.value for share in attention.thirds.values()] == pytest.approx([1 / 3] * 3)
    assert [band.value for band in attention.profile] == pytest.approx([1.0] * BANDS)
    ninths = [[share.value for share in row] for row in attention.ninths]
    np.testing.assert_allclose(ninths, 1 / 9)
    assert attention.mean_drop == pytest.approx(np.full((30, 40), 0.1))


def test_all_of_the_drop_on_one_pixel() -> None:
    drop = np.zeros((48, 48))
    drop[47, 0] = 0.5
    drop[0, 40] = -0.5  # speaks against the answer: no part of the share
    attention = attention_to([drop], [0])
    assert [share.value for share in attention.thirds.values()] == [0, 0, 1]
    assert attention.ninths[2][0].value == 1
    assert attention.profile[-1].value == BANDS
    assert attention.mean_drop[0, 40] == -0.5


def test_photos_count_by_their_drop() -> None:
    """Of 0.9 on the upper third of one photo and 0.1 on the lower of another, 90 % is above."""
    upper, lower = np.zeros((9, 9)), np.zeros((9, 9))
    upper[:3], lower[6:] = 0.9, 0.1
    attention = attention_to([upper, lower], [0, 1])
    assert attention.thirds["upper"].value == pytest.approx(0.9)
    assert (attention.photos, attention.sequences) == (2, 2)
    # Two drives that disagree wholly: any share between is possible.
    assert (attention.thirds["upper"].low, attention.thirds["upper"].high) == (0, 1)


def test_one_drive_says_nothing_of_how_drives_differ() -> None:
    attention = attention_to([np.ones((6, 6)), np.ones((6, 6))], [4, 4])
    assert attention.sequences == 1
    assert np.isnan(attention.thirds["upper"].low)


def test_nothing_dropped_leaves_shares_undefined() -> None:
    attention = attention_to([np.full((6, 6), -0.1)], [0])
    assert np.isnan(attention.thirds["upper"].value)


@given(st.integers(1, 300), st.integers(1, 40))
def test_parts_share_out_every_pixel(pixels: int, parts: int) -> None:
    shares = overlaps(pixels, parts)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    np.testing.assert_allclose(shares.sum(axis=1), pixels / parts)
