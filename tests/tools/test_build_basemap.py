"""The tool that builds the basemap: its decoder and its cuts, on worlds of a few points."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import shapely

TOOL = Path(__file__).resolve().parents[2] / "tools" / "build_basemap.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    specification = importlib.util.spec_from_file_location("build_basemap", TOOL)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["build_basemap"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


def box(west: float, south: float, east: float, north: float) -> np.ndarray:
    return np.array(shapely.box(west, south, east, north).exterior.coords)


def test_topojson_shares_arcs_between_neighbours(tool: ModuleType, tmp_path: Path) -> None:
    """Two squares side by side: the middle line is one arc, walked both ways. Worked by hand."""
    topology = {
        "transform": {"scale": [0.5, 0.25], "translate": [10, 20]},
        "arcs": [
            [[2, 0], [0, 4]],  # the line between: (11, 20) up to (11, 21)
            [[2, 4], [-2, 0], [0, -4], [2, 0]],  # round the left square, from its top right
            [[2, 0], [2, 0], [0, 4], [-2, 0]],  # round the right one, from its bottom left
        ],
        "objects": {
            "squares": {
                "geometries": [
                    {"type": "Polygon", "id": "a", "arcs": [[0, 1]]},
                    {"type": "MultiPolygon", "id": "b", "arcs": [[[2, -1]]]},
                    {"type": None},
                ]
            }
        },
    }
    path = tmp_path / "world.json"
    path.write_text(json.dumps(topology))
    (left, a), (right, b) = tool.read_topojson(path, "squares")
    assert (left["id"], right["id"]) == ("a", "b")
    assert a.equals(shapely.box(10, 20, 11, 21))
    assert b.equals(shapely.box(11, 20, 12, 21))


def test_a_ring_over_the_antimeridian_is_cut(tool: ModuleType) -> None:
    sewn = box(170, -10, 190, 10)
    sewn[:, 0] = (sewn[:, 0] + 180) % 360 - 180
    expected = shapely.union(shapely.box(170, -10, 180, 10), shapely.box(-180, -10, -170, 10))
    assert tool.polygon([sewn]).equals(expected)


def test_a_hole_stays_a_hole(tool: ModuleType) -> None:
    shape = tool.polygon([box(0, 0, 10, 10), box(4, 4, 6, 6)])
    assert shape.area == pytest.approx(96)
    assert not shape.contains(shapely.Point(5, 5))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_ring_around_a_pole_is_closed_along_the_rim(tool: ModuleType, sign: int) -> None:
    lng = np.append(np.arange(-180, 180, 10.0), -180)
    ring = np.stack([lng, np.full(len(lng), sign * 70.0)], axis=1)
    assert tool.polygon([ring]).area == pytest.approx(360 * 20)
    inner = ring[::-1] + np.array([0, sign * 15.0])  # Antarctica has a ring at the pole too
    assert tool.polygon([ring, inner]).area == pytest.approx(360 * 15)


def test_bow_ties_are_repaired_and_rings_too_short_left_out(tool: ModuleType) -> None:
    bow_tie = np.array([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]], dtype=float)
    repaired = tool.polygon([bow_tie])
    assert repaired.is_valid
    assert repaired.area == pytest.approx(2)
    assert tool.polygon([bow_tie[:3]]).is_empty


def test_shapes_come_out_on_the_grid_in_one_order(tool: ModuleType) -> None:
    parts = [shapely.box(k + 0.1, 0.1, k + 0.7, 0.7) for k in (0, 5, 9)]
    one = tool.polygons_of(shapely.multipolygons(parts))
    other = tool.polygons_of(shapely.multipolygons(parts[::-1]))
    assert one.geom_type == "MultiPolygon"
    assert shapely.to_wkb(one) == shapely.to_wkb(other)
    steps = shapely.get_coordinates(one) / tool.GRID_DEG
    np.testing.assert_array_equal(steps, steps.round())


def test_neighbours_take_up_the_slivers(tool: ModuleType) -> None:
    """The finer state ends short of the coarse border here and passes it there."""
    usa = tool.Shape("", "US", shapely.box(0, 0, 10, 10))
    canada = tool.Shape("", "CA", shapely.box(0, 10, 10, 20))
    state = shapely.union(shapely.box(0, 0, 5, 9.97), shapely.box(5, 0, 9, 10.02))
    tool.fit_neighbours([usa, canada], state, shapely.Point())
    assert usa.geometry.symmetric_difference(state).area < 0.01
    assert usa.geometry.intersection(canada.geometry).area < 0.001
    assert canada.geometry.covers(shapely.Point(2, 9.985))  # the gap is Canada's now
    assert not canada.geometry.covers(shapely.Point(9.5, 5))  # the coast is nobody's


def test_regions_tile_their_country(tool: ModuleType) -> None:
    country = tool.Shape("", "CA", shapely.box(0, 0, 10, 4))
    west = tool.Shape("", "CA-W", shapely.box(-1, 0.02, 5.01, 4))
    east = tool.Shape("", "CA-E", shapely.box(5, 0.02, 9.97, 5))
    tool.tile(country, [west, east])
    assert west.geometry.area + east.geometry.area == pytest.approx(40, abs=0.01)
    assert west.geometry.intersection(east.geometry).area < 0.01
    assert east.geometry.covers(shapely.Point(9.99, 2))


def test_the_regions_table_is_in_order() -> None:
    rows = (TOOL.parent / "regions.csv").read_text("utf-8").splitlines()
    assert rows[0] == "source,source_id,code,name"
    codes = [row.split(",")[2] for row in rows[1:]]
    assert len(codes) == len(set(codes)) == 100
