"""Columns of predictions as arrays: who counts, and what a null is."""

import numpy as np
import polars as pl
import pytest

from geoguess_cli.evaluation.columns import Columns


@pytest.fixture
def photos() -> Columns:
    return Columns(
        pl.DataFrame(
            {
                "token": ["4", None, "5"],
                "rank": pl.Series([1, None, 3], dtype=pl.UInt32),
                "loss": [0.5, None, 2.0],
                "in_90": [True, False, True],
                "sequence": ["a", "a", None],
            }
        )
    )


def test_a_null_is_nan(photos: Columns) -> None:
    np.testing.assert_array_equal(photos["loss"], [0.5, np.nan, 2.0])
    np.testing.assert_array_equal(photos["in_90"], [1.0, 0.0, 1.0])


def test_hits_are_wrong_for_a_photo_in_no_cell(photos: Columns) -> None:
    np.testing.assert_array_equal(photos.hits(1), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal(photos.hits(3), [1.0, 0.0, 1.0])


def test_only_the_covered_photos_count(photos: Columns) -> None:
    np.testing.assert_array_equal(photos.covered.hits(1), [1.0, np.nan, 0.0])
    np.testing.assert_array_equal(photos.covered["in_90"], [1.0, np.nan, 1.0])
    first = np.array([True, True, False])
    np.testing.assert_array_equal(photos.covered.only(np.ones(3), first), [1.0, np.nan, np.nan])


def test_groups_are_sequences(photos: Columns) -> None:
    assert photos.groups.tolist() == [0, 0, 2]
