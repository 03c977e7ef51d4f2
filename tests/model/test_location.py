"""The location encoder against the projection of the maps, and against sums in double precision."""

import numpy as np
import torch
from adopted_worlds import random_location

from geoguess_cli.adoption.geoclip import capsule_name
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.projections import equal_earth as map_plane
from geoguess_cli.model.location import LocationEncoder, equal_earth

PLACES = np.array(
    [(0.0, 180.0), (0.0, -180.0), (90.0, 0.0), (-90.0, 12.0), (45.68, -111.04), (-33.9, 151.2)]
)
LOW = (0.5, 1.0, 2.0)
"""Scales so small that fp32 does not turn the features."""


def test_the_plane_is_that_of_the_maps() -> None:
    plane = equal_earth(torch.from_numpy(PLACES))
    assert plane.dtype == torch.float32
    on_map = map_plane(PLACES) / EARTH_RADIUS_KM
    half_width = np.abs(on_map[0, 0])
    np.testing.assert_allclose(plane.numpy(), on_map / half_width, atol=1e-5)
    assert plane[0, 0].item() == -plane[1, 0].item()


def test_vectors_are_those_of_the_formula() -> None:
    state = random_location(torch.Generator().manual_seed(2), scales=LOW)
    encoder = LocationEncoder()
    encoder.load_state_dict({capsule_name(name): tensor for name, tensor in state.items()})
    plane = map_plane(PLACES) / EARTH_RADIUS_KM
    plane /= np.abs(plane[0, 0])
    total = np.zeros((len(PLACES), 512))
    for number in range(3):
        own = {
            name.partition(".")[2]: tensor.double().numpy()
            for name, tensor in state.items()
            if name.startswith(f"LocEnc{number}.")
        }
        turns = 2 * np.pi * plane @ own["capsule.0.b"].T
        values = np.concatenate([np.cos(turns), np.sin(turns)], axis=1)
        for layer in ("capsule.1", "capsule.3", "capsule.5"):
            values = np.maximum(values @ own[f"{layer}.weight"].T + own[f"{layer}.bias"], 0)
        total += values @ own["head.0.weight"].T + own["head.0.bias"]
    expected = total / np.linalg.norm(total, axis=1, keepdims=True)
    vectors = encoder.encoded(PLACES)
    assert vectors.dtype == torch.float32
    np.testing.assert_allclose(vectors.numpy(), expected, atol=1e-5)


def test_nothing_of_it_learns_and_no_place_is_no_vector() -> None:
    encoder = LocationEncoder()
    assert list(encoder.parameters()) == []
    assert encoder.encoded(np.empty((0, 2))).shape == (0, 512)
