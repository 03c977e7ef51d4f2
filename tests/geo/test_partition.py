"""The paper's rule, against a per-row implementation on s2sphere, and its properties."""

import json
from collections import defaultdict
from pathlib import Path
from random import Random

import geopandas
import numpy as np
import polars as pl
import pytest
import s2geometry
import s2sphere
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import CellError, CoordinateError, MissingFileError
from geoguess_cli.geo.cells import (
    cell_area_km2,
    cell_center,
    cell_range,
    cell_to_token,
    latlng_to_cell,
    token_to_cell,
)
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km, spherical_mean
from geoguess_cli.geo.partition import (
    SCHEMA,
    Partition,
    build_partition,
    read_partition,
    write_partition,
)

SHARED = Path(__file__).resolve().parents[3] / "shared" / "coordinates"


def cells_by_s2sphere(
    latlng: np.ndarray, max_photos: int, min_photos: int, max_level: int = 30
) -> dict[int, int]:
    """Photos of each cell, by the rule as the paper states it, a row at a time."""
    waiting: dict[s2sphere.CellId, list[s2sphere.CellId]] = defaultdict(list)
    for lat, lng in latlng.tolist():
        leaf = s2sphere.CellId.from_lat_lng(s2sphere.LatLng.from_degrees(lat, lng))
        waiting[leaf.parent(0)].append(leaf)
    kept = {}
    while waiting:
        cell, leaves = waiting.popitem()
        if len(leaves) > max_photos and cell.level() < max_level:
            for leaf in leaves:
                waiting[leaf.parent(cell.level() + 1)].append(leaf)
        elif len(leaves) >= min_photos:
            kept[cell.id()] = len(leaves)
    return kept


@pytest.mark.parametrize(
    ("name", "max_photos", "min_photos"),
    [
        ("geoclip_mp16_100k", 100, 20),
        ("vnnima_valid_streetview", 100, 20),
        ("osv5m_quadtree_leaf_means", 100, 20),
        ("osv5m_quadtree_leaf_means", 20, 3),
    ],
)
def test_cells_of_real_photos_equal_s2sphere(name: str, max_photos: int, min_photos: int) -> None:
    path = SHARED / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"no list of real coordinates at {path}")
    latlng = pl.read_csv(path).select("latitude", "longitude").to_numpy()
    expected = cells_by_s2sphere(latlng, max_photos, min_photos)
    built = build_partition(latlng, max_photos=max_photos, min_photos=min_photos)
    assert len(expected) > 50
    assert dict(zip(built.cells.tolist(), built.photos.tolist(), strict=True)) == expected


# Few places, drawn again and again, some of them a hair apart: towns and the empty land between.
PHOTOS = st.lists(
    st.tuples(
        st.sampled_from([(0.0, 0.0), (45.0, 180.0), (-90.0, 10.0), (35.2, 45.0), (51.5, -0.1)]),
        st.sampled_from([0.0, 1e-9, 1e-4, 0.3, 7.0]),
    ).map(lambda pair: (pair[0][0] + pair[1], pair[0][1] - pair[1])),
    min_size=1,
    max_size=60,
).map(lambda rows: np.array(rows, dtype=np.float64))
RULE = st.tuples(st.integers(1, 12), st.integers(1, 4))


@settings(deadline=None)  # a busy machine is no failure
@given(PHOTOS, RULE, st.integers(0, 30))
def test_the_rule_holds(latlng: np.ndarray, rule: tuple[int, int], max_level: int) -> None:
    expected = cells_by_s2sphere(latlng, *rule, max_level)
    if not expected:
        with pytest.raises(CellError, match="no cell has"):
            build_partition(latlng, max_photos=rule[0], min_photos=rule[1], max_level=max_level)
        return
    built = build_partition(latlng, max_photos=rule[0], min_photos=rule[1], max_level=max_level)
    assert dict(zip(built.cells.tolist(), built.photos.tolist(), strict=True)) == expected


@given(PHOTOS, RULE, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(
    latlng: np.ndarray, rule: tuple[int, int], random: Random
) -> None:
    order = list(range(len(latlng)))
    random.shuffle(order)
    try:
        a = build_partition(latlng, max_photos=rule[0], min_photos=rule[1])
    except CellError:
        return
    b = build_partition(latlng[order], max_photos=rule[0], min_photos=rule[1])
    np.testing.assert_array_equal(a.cells, b.cells)
    np.testing.assert_array_equal(a.photos, b.photos)
    np.testing.assert_array_equal(a.centroids, b.centroids)


@given(PHOTOS, RULE)
def test_cells_are_disjoint_and_hold_what_they_count(
    latlng: np.ndarray, rule: tuple[int, int]
) -> None:
    try:
        built = build_partition(latlng, max_photos=rule[0], min_photos=rule[1])
    except CellError:
        return
    first, last = cell_range(built.cells)
    assert (first[1:] > last[:-1]).all()
    index = built.assign(latlng)
    counts = np.bincount(index[index >= 0], minlength=len(built))
    np.testing.assert_array_equal(counts, built.photos)
    leaves = latlng_to_cell(latlng)
    for k in range(len(built)):
        inside = (leaves >= first[k]) & (leaves <= last[k])
        np.testing.assert_array_equal(index == k, inside)
        mean = spherical_mean(latlng[inside])
        assert great_circle_km(mean[None], built.centroids[k : k + 1])[0] < 1e-6


def test_a_cell_is_split_above_and_dropped_below_its_bounds() -> None:
    """Exactly `max_photos` stays whole; exactly `min_photos` is kept."""
    here, there = [[10.0, 10.0]], [[-40.0, 100.0]]
    face = build_partition(np.array(here * 5), max_photos=5, min_photos=5)
    assert face.tokens == ["1"]
    with pytest.raises(CellError, match="no cell has 6 of the 5 photos; lower min_photos"):
        build_partition(np.array(here * 5), max_photos=5, min_photos=6)
    apart = build_partition(np.array(here * 6 + there * 4), max_photos=6, min_photos=5)
    assert apart.tokens == ["1"]


def test_photos_at_one_place_end_in_one_leaf() -> None:
    latlng = np.array([[46.87, -113.99]] * 50)
    built = build_partition(latlng, max_photos=10, min_photos=2)
    assert (built.levels.tolist(), built.photos.tolist()) == ([30], [50])
    shallow = build_partition(latlng, max_photos=10, min_photos=2, max_level=7)
    assert shallow.levels.tolist() == [7]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"max_photos": 0}, "max_photos is 0 and min_photos 20; both must be 1 or more"),
        ({"min_photos": 0}, "max_photos is 100 and min_photos 0"),
        ({"max_level": 31}, r"max_level is 31; it must lie in \[0, 30\]"),
    ],
)
def test_impossible_rules_are_refused(rule: dict[str, int], message: str) -> None:
    with pytest.raises(CellError, match=message):
        build_partition(np.zeros((30, 2)), **rule)
    with pytest.raises(CoordinateError, match="row 2: latitude is 95"):
        build_partition(np.array([[0.0, 0.0], [0.0, 0.0], [95.0, 0.0]]))
    with pytest.raises(CellError, match="no cell has 20 of the 0 photos"):
        build_partition(np.zeros((0, 2)))


def test_what_a_partition_tells_of_its_cells(partition: Partition) -> None:
    assert len(partition) == len(partition.cells) > 30
    assert partition.tokens == cell_to_token(partition.cells)
    assert len(set(partition.levels.tolist())) > 4
    np.testing.assert_array_equal(partition.centers, cell_center(partition.cells))
    np.testing.assert_array_equal(partition.area_km2, cell_area_km2(partition.cells))
    places = shapely.points(partition.centers[:, ::-1])
    assert shapely.contains(partition.polygons, places).all()


def test_nearest_equals_google_by_brute_force(partition: Partition, everywhere: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    around = partition.centers[rng.integers(len(partition), size=250)]
    around = (around + rng.normal(size=(250, 2)) * [2.0, 3.0]).clip([-90, -180], [90, 180])
    points = np.concatenate([everywhere[:150], around, [[90.0, 0.0], [-90.0, 0.0], [0.0, 180.0]]])
    dropped = partition.assign(points)
    outside = dropped < 0
    assert outside.sum() > 150
    nearest = partition.assign(points, uncovered="nearest")
    np.testing.assert_array_equal(nearest[~outside], dropped[~outside])
    shapes = [s2geometry.S2Cell(s2geometry.S2CellId(cell)) for cell in partition.cells.tolist()]
    for row in np.flatnonzero(outside):
        place = s2geometry.S2LatLng.FromDegrees(*points[row].tolist()).ToPoint()
        km = [shape.GetDistance(place).ToAngle().radians() * EARTH_RADIUS_KM for shape in shapes]
        assert km[nearest[row]] <= min(km) + 1e-5


def test_nearest_of_equals_is_the_lowest_index() -> None:
    """Halfway between two faces, on the equator and at the antipode of both."""
    cells = token_to_cell(["1", "9"])  # around (0, 0) and (0, -90)
    pair = Partition(cells[[0, 1]], np.ones(2, dtype=np.uint32), cell_center(cells))
    points = np.array([[0.0, 135.0], [0.0, 134.0], [0.0, 136.0]])
    assert pair.assign(points, uncovered="nearest").tolist() == [0, 0, 1]
    assert pair.assign(points).tolist() == [-1, -1, -1]


def test_assign_of_nothing(partition: Partition) -> None:
    for uncovered in ("drop", "nearest"):
        assert partition.assign(np.zeros((0, 2)), uncovered=uncovered).shape == (0,)


def test_near_lists_the_cells_that_meet_a_cap(partition: Partition) -> None:
    place = partition.centers[7]
    point = s2geometry.S2LatLng.FromDegrees(*place.tolist()).ToPoint()
    km = np.array(
        [
            s2geometry.S2Cell(s2geometry.S2CellId(cell)).GetDistance(point).ToAngle().radians()
            for cell in partition.cells.tolist()
        ]
    )
    km *= EARTH_RADIUS_KM
    assert partition.near(place, 0.0).tolist() == [7]
    for radius in (50.0, 800.0, 5000.0):
        np.testing.assert_array_equal(partition.near(place, radius), np.flatnonzero(km <= radius))
    assert len(partition.near(place, 21_000.0)) == len(partition)


def test_index_of_a_token(partition: Partition) -> None:
    assert [partition.index_of(token) for token in partition.tokens] == list(range(len(partition)))
    with pytest.raises(CellError, match=r"cell `b0000001` is not in this partition of \d+ cells; "):
        partition.index_of("b0000001")
    with pytest.raises(CellError, match="`Paris` is not a cell token"):
        partition.index_of("Paris")


@pytest.mark.parametrize("tokens", [["3", "1"], ["1", "1"], ["1", "0c"]])
def test_overlapping_or_unsorted_cells_are_refused(tokens: list[str]) -> None:
    cells = token_to_cell(tokens)
    with pytest.raises(CellError, match="overlap or are out of order"):
        Partition(cells, np.ones(2, dtype=np.uint32), cell_center(cells))


def test_the_file_reads_back_equal(partition: Partition, tmp_path: Path) -> None:
    path = tmp_path / "artifacts" / "cells.parquet"
    write_partition(partition, path)
    back = read_partition(path)
    np.testing.assert_array_equal(back.cells, partition.cells)
    np.testing.assert_array_equal(back.photos, partition.photos)
    np.testing.assert_array_equal(back.centroids, partition.centroids)
    assert [child.name for child in path.parent.iterdir()] == ["cells.parquet"]
    frame = pl.read_parquet(path)
    assert dict(frame.schema) == SCHEMA
    assert frame["cell_index"].to_list() == list(range(len(partition)))
    assert frame["token"].to_list() == partition.tokens
    np.testing.assert_array_equal(frame["area_km2"].to_numpy(), partition.area_km2)


def test_the_file_is_geoparquet(partition: Partition, tmp_path: Path) -> None:
    write_partition(partition, tmp_path / "cells.parquet")
    frame = geopandas.read_parquet(tmp_path / "cells.parquet")
    assert frame.crs == "OGC:CRS84"
    assert frame.geometry.is_valid.all()
    assert shapely.equals_exact(frame.geometry.to_numpy(), partition.polygons).all()
    geo = json.loads(pl.read_parquet_metadata(tmp_path / "cells.parquet")["geo"])
    column = geo["columns"][geo["primary_column"]]
    assert (geo["version"], column["encoding"]) == ("1.1.0", "WKB")
    assert set(column["geometry_types"]) == set(frame.geometry.geom_type)
    np.testing.assert_array_equal(column["bbox"], frame.total_bounds)


def test_the_file_of_all_faces_is_geoparquet(tmp_path: Path) -> None:
    """Poles and the antimeridian at once."""
    sides = np.array([[0.0, 0], [0, 90], [90, 0], [0, 180], [0, -90], [-90, 0]])
    write_partition(build_partition(sides, min_photos=1), tmp_path / "cells.parquet")
    frame = geopandas.read_parquet(tmp_path / "cells.parquet")
    assert set(frame.geometry.geom_type) == {"Polygon", "MultiPolygon"}
    assert frame.geometry.is_valid.all()
    assert frame.geometry.union_all().area == pytest.approx(360 * 180)


def test_a_missing_file_names_the_verb(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="run `geoguess cells build` first"):
        read_partition(tmp_path / "cells.parquet")


def broken(frame: pl.DataFrame) -> dict[str, tuple[pl.DataFrame, str]]:
    return {
        "columns": (frame.drop("cell_id", "photos"), "lacks the columns cell_id, photos"),
        "types": (frame.with_columns(cell_id=pl.lit("47f")), "values of another type"),
        "gaps": (frame.with_columns(latitude=pl.lit(None)), "has no cells or has empty values"),
        "empty": (frame.clear(), "has no cells"),
        "order": (frame.reverse(), "overlap or are out of order"),
        "twice": (pl.concat([frame, frame.tail(1)]), "overlap or are out of order"),
        "ids": (frame.with_columns(cell_id=pl.lit(6, pl.UInt64)), "6 is not the id of an S2 cell"),
        "nan": (frame.with_columns(latitude=pl.lit(float("nan"))), "row 0: latitude is nan"),
    }


@pytest.mark.parametrize("case", sorted(broken(pl.DataFrame(schema=SCHEMA))))
def test_a_broken_file_is_refused(partition: Partition, tmp_path: Path, case: str) -> None:
    path = tmp_path / "cells.parquet"
    write_partition(partition, path)
    frame, message = broken(pl.read_parquet(path))[case]
    frame.write_parquet(path)
    with pytest.raises(CellError, match=message) as caught:
        read_partition(path)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).endswith("`geoguess cells build` builds it again")


@pytest.mark.parametrize("content", [b"", b"token,photos\n1,2\n", b"PAR1 cut off in the middle"])
def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cells.parquet"
    path.write_bytes(content)
    with pytest.raises(
        CellError, match="is not a Parquet file; `geoguess cells build` builds it again"
    ):
        read_partition(path)
