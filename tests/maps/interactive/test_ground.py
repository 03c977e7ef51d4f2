"""The ground of an interactive map against the basemap."""

import numpy as np
import pytest
import shapely
from map_worlds import projected, rings_of

from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.maps.interactive.ground import Names, ground, names_with_room
from geoguess_cli.maps.interactive.plane import Plane

PLANES = [None, (-17.5, 179.9), (-89.0, 10.0), (40.0, -4.0)]


@pytest.mark.parametrize("center", PLANES)
def test_the_ground_is_the_basemap(center: tuple[float, float] | None) -> None:
    plane = Plane(center)
    box = plane.rim.bounds if center is None else (-600.0, -450.0, 600.0, 450.0)
    under = ground(plane, box)
    rng = np.random.default_rng(0)
    z = rng.uniform(-1, 1, 4000)
    latlng = np.stack([np.degrees(np.arcsin(z)), rng.uniform(-180, 180, 4000)], axis=1)
    xy = projected(plane, latlng)
    far = np.hypot(*xy.T) > 12000  # near the antipode a kilometre is many
    points = shapely.points(xy)
    wet = np.zeros(len(points), dtype=bool)
    for kind, (x, y) in under.fills:  # as a painter does
        tree = shapely.STRtree(shapely.polygons(rings_of(x, y)))
        inside, _ = tree.query(points, predicate="within")
        wet[np.bincount(inside, minlength=len(points)) % 2 == 1] = kind != "land"
    basemap = load_basemap()
    lnglat = shapely.points(latlng[:, ::-1])
    land = shapely.union_all(basemap.land.geometries).difference(
        shapely.union_all(basemap.lakes.geometries)
    )
    shapely.prepare(land)
    expected = ~shapely.contains(land, lnglat)
    assert (wet == expected)[~far].mean() > 0.99
    assert 0.6 < wet.mean() < 0.8


@pytest.mark.parametrize("center", PLANES)
def test_borders_are_where_countries_meet_and_nowhere_else(
    center: tuple[float, float] | None,
) -> None:
    plane = Plane(center)
    box = plane.rim.bounds if center is None else (-600.0, -450.0, 600.0, 450.0)
    lines = ground(plane, box).lines
    for kind in ("coast", "border", "region", "graticule"):
        x, y = lines[kind]
        assert np.isfinite(x).sum() > 100
        if kind != "graticule":  # no line jumps over the map where it should have been torn
            assert np.nanmax(np.hypot(np.diff(x), np.diff(y))) < 2500
    x, y = lines["border"]
    tree = shapely.STRtree(shapely.points(np.stack([x, y], axis=1)[np.isfinite(x)]))
    brenner = shapely.points(projected(plane, np.array([[47.0, 11.5]])))[0]  # Austria and Italy
    pacific = shapely.points(projected(plane, np.array([[0.0, -150.0]])))[0]
    if abs(brenner.x) + abs(brenner.y) < 10_000:  # further out a kilometre is many
        assert len(tree.query(brenner, predicate="dwithin", distance=150))
    assert not len(tree.query(pacific, predicate="dwithin", distance=300))


def test_names_lie_in_what_they_name() -> None:
    plane = Plane((45.0, -111.0))
    names = ground(plane, (-800.0, -600.0, 800.0, 600.0)).names
    regions = load_basemap().regions
    for kind, text in (("regions", "Montana"), ("regions", "Utah"), ("countries", "France")):
        spot = shapely.Point(names[kind].places[names[kind].texts.index(text)])
        layer = regions if kind == "regions" else load_basemap().countries
        shape = plane.transform(layer.geometries[[layer.names.index(text)]])[0]
        assert shapely.make_valid(shape).buffer(5).contains(spot)
    towns = names["towns"]
    salt_lake = towns.places[towns.texts.index("Salt Lake City")]
    assert salt_lake == pytest.approx(projected(plane, np.array([[40.76, -111.89]]))[0], abs=3)


def test_a_name_needs_room_beside_the_others() -> None:
    places = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 100.0], [0.0, 200.0], [359.0, -100.0]])
    room = np.array([np.inf, np.inf, np.inf, 10.0, np.inf])
    names = Names(["Here", "Near", "Far", "Narrow", "Edge"], places, room)
    taken: list[tuple[float, float, float, float]] = []
    kept = names_with_room(names, (-360.0, -270.0, 360.0, 270.0), taken)
    assert kept == [True, False, True, False, False]
    assert len(taken) == 2
