import numpy as np
import pytest
from map_worlds import random_map

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive.plane import Plane, box_of, plane_of


def test_what_is_shown_first_is_the_extent(states: Partition, faces: Partition) -> None:
    extent = random_map(states).extent()
    left, bottom, right, top = box_of(extent, plane_of(extent))
    assert (right - left, top - bottom) == pytest.approx((extent.width_km, extent.height_km))
    assert (left + right, bottom + top) == pytest.approx((0, 0), abs=1e-6)
    world = random_map(faces).extent()
    assert plane_of(world) == Plane()
    assert box_of(world, Plane())[2] == pytest.approx(17243.96, abs=0.1)


def test_a_place_of_a_plane_is_found_again() -> None:
    for plane in (Plane(), Plane((64.0, 11.0))):
        latlng = np.array([[-17.5, 178.0]])
        assert plane.place(plane.project(latlng)[0]) == pytest.approx(latlng[0], abs=1e-6)
