"""Distances to cells, against those computed pair by pair, and the targets that they make."""

import math

import numpy as np
import torch

from geoguess_cli.geo.cells import cell_children, face_cells, latlng_to_cell
from geoguess_cli.geo.outlines import cell_distance_km
from geoguess_cli.training.cell_distances import CellDistances, distance_targets


def test_the_same_as_pair_by_pair() -> None:
    rng = np.random.default_rng(1)
    places = np.stack([rng.uniform(-90, 90, 40), rng.uniform(-180, 180, 40)], axis=1)
    places = places.astype(np.float32).astype(np.float64)
    near = places[:20] + rng.normal(0, 0.01, (20, 2))
    cells = np.unique(
        np.concatenate(
            [
                latlng_to_cell(np.clip(near, [-90, -180], [90, 180]), 12),
                latlng_to_cell(places[20:], 4),
                cell_children(face_cells()).ravel(),
                face_cells()[:2],
            ]
        )
    )
    own = CellDistances(cells).km(torch.from_numpy(places)).numpy()
    pairs = np.repeat(places, len(cells), axis=0)
    expected = cell_distance_km(pairs, np.tile(cells, len(places))).reshape(own.shape)
    np.testing.assert_allclose(own, expected, rtol=1e-6, atol=1e-4)
    assert (own == 0).sum() >= 40  # every place lies in a quarter of a face


def test_targets_by_hand() -> None:
    km = torch.tensor([[0.0, 75.0, 150.0]])
    weights = torch.tensor([1.0, math.exp(-1), math.exp(-2)])
    torch.testing.assert_close(distance_targets(km, 75.0)[0], weights / weights.sum())


def test_a_small_tau_leaves_the_own_cell_alone() -> None:
    km = torch.tensor([[40.0, 0.0, 3.0], [9.0, 5.0, 7.0]])
    hard = torch.tensor([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(distance_targets(km, 1e-3), hard)
