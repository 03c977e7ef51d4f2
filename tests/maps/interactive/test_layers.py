"""Columns of an interactive map against the map of the answer and against PROJ."""

import numpy as np
import pytest
import shapely
from map_worlds import KINDS, evenodd, map_of, projected, random_map

from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.maps.interactive.layers import answer_columns, cell_columns
from geoguess_cli.maps.interactive.plane import Plane, plane_of


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("center", [None, (45.0, -111.0), (-17.5, 179.9)])
def test_every_cell_is_drawn_in_its_true_size_and_place(
    kind: str, center: tuple[float, float] | None, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    plane = Plane(center)
    columns = cell_columns(partition, plane)
    assert columns["token"] == partition.tokens
    assert columns["photos"] == partition.photos.tolist()
    assert columns["level"] == partition.levels.tolist()
    shapes = [evenodd(x, y) for x, y in zip(columns["xs"], columns["ys"], strict=True)]
    areas = [shape.area for shape in shapes]
    # Outlines in longitude and latitude, which the world takes, are coarse around a pole.
    assert areas == pytest.approx(partition.area_km2, rel=0.05 if center is None else 0.01)
    if kind != "faces":  # a face's centroid may lie on the seam
        points = shapely.points(projected(plane, partition.centroids))
        slack = 0.005 * np.sqrt(partition.area_km2)
        assert (shapely.distance(shapes, points) <= slack).all()


def test_the_answer_is_the_probability_maps(states: Partition) -> None:
    shown = random_map(states, truth=(44.0, -100.0), top_k=4)
    plane = plane_of(shown.extent())
    columns = answer_columns(shown, plane)
    cells = columns["cells"]
    assert cells["probability"] == pytest.approx(shown.probabilities, rel=1e-3)
    assert [cells["rank"][index] for index in shown.ranking] == list(range(1, len(states) + 1))
    assert cells["shade"] == pytest.approx(
        np.sqrt(shown.probabilities / shown.probabilities.max()), abs=1e-4
    )
    assert max(cells["shade"]) == 1.0
    for name, latlng in (
        ("guesses", states.centroids[shown.guesses]),
        ("estimate", shown.estimate[None]),
        ("truth", np.array([[44.0, -100.0]])),
    ):
        drawn = np.stack([columns[name]["x"], columns[name]["y"]], axis=1)
        assert drawn == pytest.approx(projected(plane, latlng), abs=0.01)
    assert columns["guesses"]["number"] == ["1", "2", "3", "4"]
    ends = projected(plane, np.stack([shown.estimate, [44.0, -100.0]]))
    ((xs,), (ys,)) = columns["way"]["xs"], columns["way"]["ys"]
    assert [xs[0], ys[0], xs[-1], ys[-1]] == pytest.approx(ends.ravel(), abs=0.02)


def test_without_a_truth_there_is_no_mark_and_no_way(states: Partition) -> None:
    columns = answer_columns(random_map(states), Plane((40.0, -110.0)))
    assert columns["truth"] == {"x": [], "y": []}
    assert columns["way"] == {"xs": [], "ys": []}


def test_a_way_over_the_seam_of_the_world_is_torn_not_drawn_across(faces: Partition) -> None:
    even = np.full(6, 1 / 6, dtype=np.float32)
    shown = map_of(faces, even, truth=(-17.0, 178.0), estimate=(-17.0, -178.0))
    way = answer_columns(shown, Plane())["way"]
    assert len(way["xs"]) == 2
    assert max(np.ptp(xs) for xs in way["xs"]) < 500


@pytest.mark.parametrize("kind", ["states", "fiji", "pole"])
def test_credible_regions_are_outlined(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    shown = random_map(partition)
    plane = plane_of(shown.extent())
    lines = answer_columns(shown, plane)["credible_50"]
    path = [np.concatenate([[*ring, np.nan] for ring in lines[name]]) for name in ("xs", "ys")]
    drawn = evenodd(path[0][:-1], path[1][:-1])
    assert drawn.area == pytest.approx(shown.credible_area_km2(0.5), rel=0.003)
    inside = projected(plane, partition.centroids[shown.credible_cells(0.5)])
    assert shapely.contains_xy(drawn, inside).all()


@pytest.mark.parametrize("world", [True, False])
def test_cells_within_a_region_are_cut_and_its_border_is_drawn(
    states: Partition, world: bool
) -> None:
    cut = cut_partition(states, find_region("Montana, US"))
    made = random_map(cut)
    plane = Plane() if world else plane_of(made.extent())
    columns = cell_columns(cut, plane)
    shapes = [evenodd(x, y) for x, y in zip(columns["xs"], columns["ys"], strict=True)]
    assert [shape.area for shape in shapes] == pytest.approx(cut.area_km2, rel=0.03)
    border = answer_columns(made, plane)["region_border"]
    ring = evenodd(border["xs"][0], border["ys"][0])
    assert ring.area == pytest.approx(380_800, rel=0.01)  # Montana has 380,800 km²
    assert "region_border" not in answer_columns(random_map(states), plane)
