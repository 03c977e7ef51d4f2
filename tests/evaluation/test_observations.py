"""What an evaluation keeps of each photo, by hand and in any order."""

import numpy as np
import pytest
from evaluation_worlds import PROBABILITIES

from geoguess_cli.evaluation.observations import Observer
from geoguess_cli.geo.partition import Partition


def observed(
    partition: Partition, logits: np.ndarray, places: list[tuple[float, float]], *parts: list[int]
) -> Observer:
    """An observer that has taken these rows, one batch after the other."""
    observer = Observer(partition, np.array(places), temperature=1.0, point="centroid")
    for part in parts:
        observer.add(np.array(part), logits[part].astype(np.float32))
    return observer


def test_ranks_cells_and_estimates_are_known(partition, logits, places, cell_of, towns) -> None:
    observer = observed(partition, logits, places, [0, 1, 2, 3, 4])
    assert observer.ranks.tolist() == [1, 2, 1, 4, 0, 0]
    assert observer.rows.tolist() == [0, 1, 2, 3, 4]
    assert observer.truths[4] == -1
    assert observer.cells[1, 0] == cell_of["Austin"]
    np.testing.assert_allclose(observer.top_probabilities[:5], [PROBABILITIES] * 5, atol=1e-6)
    assert observer.estimates["centroid"][1] == pytest.approx(towns["Austin"])
    distances = observer.distances_km()
    assert distances["centroid"][0] == pytest.approx(0, abs=1e-3)
    assert np.isnan(distances["centroid"][5])


def test_the_order_of_batches_does_not_matter(partition, logits, places) -> None:
    whole = observed(partition, logits, places, [0, 1, 2, 3, 4, 5])
    parts = observed(partition, logits, places, [5, 3], [0], [4, 1, 2])
    assert parts.rows.tolist() == [5, 3, 0, 4, 1, 2]
    for name in ("ranks", "cells", "top_probabilities", "expected_km", "radius_90_km"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    nll = dict(zip(parts.rows, parts.calibration()[1].nll, strict=True))
    np.testing.assert_array_equal([nll[row] for row in range(6)], whole.calibration()[1].nll)


def test_the_temperature_moves_probabilities_and_no_rank(partition, logits, places) -> None:
    plain = observed(partition, logits, places, [0, 1])
    hot = Observer(partition, np.array(places), temperature=4.0, point="centroid")
    hot.add(np.arange(2), logits[:2].astype(np.float32))
    np.testing.assert_array_equal(hot.ranks, plain.ranks)
    assert (hot.top_probabilities[:2, 0] < plain.top_probabilities[:2, 0]).all()
    np.testing.assert_allclose(hot.calibration()[0].nll, plain.calibration()[0].nll)
