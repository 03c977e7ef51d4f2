import io
import json
from pathlib import Path

import geopandas
import numpy as np
import polars as pl
import pytest
import shapely

from geoguess_cli.errors import CellError, CoordinateError, ModelError
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.credible import credible_sets
from geoguess_cli.inference.probabilities import top_cells
from geoguess_cli.maps.probability_map import probability_map, write_probability_map


def test_guesses_are_the_top_cells_in_their_order(states: Partition) -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.choice([1, 2, 3], len(states)).astype(np.float32)  # many ties
    probabilities /= probabilities.sum()
    made = probability_map(states, probabilities, top_k=7)
    assert made.guesses.tolist() == top_cells(probabilities[None], 7)[0].tolist()
    assert sorted(made.ranking.tolist()) == list(range(len(states)))


def test_the_estimate_is_the_centroid_of_the_likeliest_cell(states: Partition) -> None:
    probabilities = np.zeros(len(states), dtype=np.float32)
    probabilities[3] = 1.0
    truth = states.centroids[3] + [1.0, 0.0]
    made = probability_map(states, probabilities, truth=truth.tolist())
    assert made.estimate.tolist() == states.centroids[3].tolist()
    assert made.distance_km == pytest.approx(111.195, abs=0.01)
    assert probability_map(states, probabilities).distance_km is None
    elsewhere = probability_map(states, probabilities, estimate=(40.0, -100.0))
    assert elsewhere.estimate.tolist() == [40.0, -100.0]


def test_entropy_and_credible_cells_of_known_distributions(faces: Partition) -> None:
    even = probability_map(faces, np.full(6, 1 / 6, dtype=np.float32))
    assert even.entropy_bits == pytest.approx(np.log2(6), abs=1e-6)
    assert [len(even.credible_cells(q)) for q in (0.1, 0.5, 0.51, 1.0)] == [1, 3, 4, 6]
    certain = probability_map(faces, np.eye(6, dtype=np.float32)[2])
    assert certain.entropy_bits == 0.0
    assert certain.credible_cells(0.99).tolist() == [2]
    two = probability_map(faces, np.array([0.1, 0, 0, 0.4, 0.5, 0], dtype=np.float32))
    assert two.credible_cells(0.9).tolist() == [4, 3]
    assert two.entropy_bits == pytest.approx(1.360964, abs=1e-5)


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geojson_is_read_back(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    weights = np.random.default_rng(1).random(len(partition))
    probabilities = (weights / weights.sum()).astype(np.float32)
    truth = (float(partition.centroids[0, 0]) / 2, 181.0)
    made = probability_map(partition, probabilities, truth=truth)
    text = json.dumps(made.to_geojson(), allow_nan=False)
    frame = geopandas.read_file(io.BytesIO(text.encode()))
    assert frame.crs.to_epsg() == 4326
    cells = frame[frame.kind == "cell"]
    assert set(cells.token) == set(partition.tokens)
    assert cells.probability.sum() == pytest.approx(1.0, abs=1e-6)
    assert cells.probability.is_monotonic_decreasing
    assert cells["rank"].tolist() == list(range(1, len(partition) + 1))
    best = cells.iloc[0]
    assert best.token == partition.tokens[int(probabilities.argmax())]
    by_index = cells.sort_values("cell_index")
    assert by_index.token.tolist() == partition.tokens
    assert by_index.region.fillna("").tolist() == [place.region for place in made.places]
    (estimate,) = frame[frame.kind == "estimate"].itertuples()
    assert (estimate.geometry.y, estimate.geometry.x) == pytest.approx(tuple(made.estimate))
    expected_km = great_circle_km(made.estimate[None], np.array([truth]))[0]
    assert estimate.distance_km == pytest.approx(expected_km)
    (where,) = frame[frame.kind == "truth"].geometry
    assert (where.y, where.x) == pytest.approx((truth[0], -179.0))


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geojson_obeys_rfc_7946(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    probabilities = np.full(len(partition), 1 / len(partition), dtype=np.float32)
    tree = probability_map(partition, probabilities).to_geojson()
    assert tree["type"] == "FeatureCollection"
    assert "crs" not in tree
    areas = 0.0
    for one in json.loads(json.dumps(tree))["features"]:
        if one["properties"]["kind"] != "cell":
            continue
        shape = one["geometry"]
        several = shape["coordinates"]
        for rings in [several] if shape["type"] == "Polygon" else several:
            for number, ring in enumerate(rings):
                assert ring[0] == ring[-1]
                assert len(ring) >= 4
                assert shapely.LinearRing(ring).is_ccw == (number == 0)
                lng, lat = np.array(ring).T
                assert np.abs(lng).max() <= 180
                assert np.abs(lat).max() <= 90
                # No edge crosses the antimeridian; only the rim at a pole spans the map.
                long = np.abs(np.diff(lng)) > 180
                assert (np.abs(lat[:-1][long]) == 90).all()
        polygon = shapely.geometry.shape(shape)
        assert polygon.is_valid
        areas += _area_km2(polygon)
    assert areas == pytest.approx(partition.area_km2.sum(), rel=2e-3)


def _area_km2(polygon: shapely.Geometry) -> float:
    """Area on the sphere by Lambert's cylindrical equal-area projection."""
    fine = shapely.segmentize(polygon, 0.25)
    flat = shapely.transform(
        fine, lambda xy: np.stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))], axis=1)
    )
    return float(flat.area) * 6371.0088**2


def credible_by_hand(probabilities: np.ndarray, mass: float) -> list[int]:
    """The fewest cells that sum to `mass`, found by adding one after the other."""
    chosen: list[int] = []
    held = 0.0
    for index in sorted(range(len(probabilities)), key=lambda i: (-probabilities[i], i)):
        if held >= mass - 1e-6:
            break
        chosen.append(index)
        held += float(probabilities[index])
    return chosen


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
@pytest.mark.parametrize("mass", [0.5, 0.9, 1.0])
def test_the_credible_region_is_that_of_the_fewest_cells(
    kind: str, mass: float, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    weights = np.random.default_rng(2).random(len(partition)) ** 4
    probabilities = (weights / weights.sum()).astype(np.float32)
    made = probability_map(partition, probabilities)
    cells = made.credible_cells(mass).tolist()
    assert cells == credible_by_hand(probabilities, mass)
    assert made.credible_area_km2(mass) == pytest.approx(partition.area_km2[cells].sum())
    if mass < 1:
        truth = np.array([cells[-1]])
        (theirs,) = credible_sets(probabilities[None], truth, partition.area_km2, (mass,))
        assert theirs.cells.tolist() == [len(cells)]
        assert theirs.holds_truth.all()
    region = made.credible_region(mass)
    assert region.is_valid
    assert _area_km2(region) == pytest.approx(made.credible_area_km2(mass), rel=2e-3)
    union = geopandas.GeoSeries(partition.polygons[cells]).union_all()
    assert union.symmetric_difference(region).area < 5e-3 * union.area


def test_expected_distance_of_known_probabilities(states: Partition) -> None:
    rng = np.random.default_rng(4)
    probabilities = rng.dirichlet(np.ones(len(states))).astype(np.float32)
    made = probability_map(states, probabilities, estimate=(40.0, -100.0))
    away = great_circle_km(np.array([[40.0, -100.0]]), states.centroids)
    radii = np.sqrt(states.area_km2 / np.pi)
    assert made.expected_km == pytest.approx(
        float(probabilities @ np.sqrt(away**2 + radii**2 / 2)), rel=1e-5
    )
    order = np.argsort(away + radii)
    reached = np.cumsum(probabilities[order])
    assert made.radius_90_km == pytest.approx(
        (away + radii)[order][np.searchsorted(reached, 0.9)], rel=1e-5
    )


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geojson_holds_the_regions_and_the_guesses(
    kind: str, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    probabilities = np.random.default_rng(3).dirichlet(np.ones(len(partition))).astype(np.float32)
    made = probability_map(partition, probabilities, top_k=3, photo="a.jpg")
    text = json.dumps(made.to_geojson(), allow_nan=False)
    frame = geopandas.read_file(io.BytesIO(text.encode()))
    assert frame.geometry.is_valid.all()
    regions = frame[frame.kind == "credible_region"]
    assert regions["mass"].tolist() == [0.9, 0.5]  # the larger below the smaller
    assert regions.cells.tolist() == [len(made.credible_cells(mass)) for mass in (0.9, 0.5)]
    large, small = regions.geometry
    assert large.covers(small.representative_point())
    guesses = frame[frame.kind == "guess"]
    assert guesses.cell_index.tolist() == made.guesses.tolist()
    assert guesses["rank"].tolist() == list(range(1, len(made.guesses) + 1))
    assert guesses.photos.tolist() == partition.photos[made.guesses].tolist()
    centroids = partition.centroids[made.guesses]
    np.testing.assert_allclose(guesses.geometry.y, centroids[:, 0], atol=1e-6)
    (estimate,) = frame[frame.kind == "estimate"].itertuples()
    assert estimate.photo == "a.jpg"
    assert estimate.expected_km == pytest.approx(made.expected_km)
    assert estimate.entropy_bits == pytest.approx(made.entropy_bits)


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geoparquet_is_read_back(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    partition: Partition = request.getfixturevalue(kind)
    probabilities = np.random.default_rng(3).dirichlet(np.ones(len(partition))).astype(np.float32)
    made = probability_map(partition, probabilities, truth=(-17.0, 179.0), photo="Å.jpg")
    path = tmp_path / "maps" / "map.parquet"
    write_probability_map(made, path)
    frame = geopandas.read_parquet(path)
    assert frame.crs == "OGC:CRS84"
    assert frame["rank"].tolist() == list(range(1, len(partition) + 1))
    assert frame.probability.is_monotonic_decreasing
    assert frame.cell_index.tolist() == made.ranking.tolist()
    assert frame.token.tolist() == [partition.tokens[index] for index in made.ranking]
    assert frame.place.tolist() == [made.descriptions[index] for index in made.ranking]
    drawn = partition.polygons[made.ranking]
    assert shapely.equals_exact(frame.geometry.to_numpy(), drawn).all()
    for mass in (50, 90):
        held = frame.index[frame[f"credible_{mass}"]]
        assert held.tolist() == list(range(len(made.credible_cells(mass / 100))))
    about = json.loads(pl.read_parquet_metadata(path)["geoguess"])
    assert about["photo"] == "Å.jpg"
    assert about["truth"] == [-17.0, 179.0]
    assert about["distance_km"] == pytest.approx(made.distance_km)


def test_unlikely_cells_can_be_left_out_of_the_geojson(faces: Partition) -> None:
    probabilities = np.array([0.6, 0.3, 0.05, 0.05, 0.0, 0.0], dtype=np.float32)
    tree = probability_map(faces, probabilities).to_geojson(min_probability=0.1)
    cells = [one for one in tree["features"] if one["properties"]["kind"] == "cell"]
    assert [one["properties"]["token"] for one in cells] == faces.tokens[:2]


def test_the_extent_shows_mass_truth_and_estimate(states: Partition, fall_off) -> None:  # type: ignore[no-untyped-def]
    probabilities = fall_off(states, (45.7, -111.0), 30)
    alone = probability_map(states, probabilities).extent()
    assert alone.width_km < 900
    far = probability_map(states, probabilities, truth=(31.0, -97.5)).extent()
    assert far.width_km > 1000
    assert 1.2 <= far.width_km / far.height_km <= 1.45


def test_what_does_not_fit_is_refused(faces: Partition) -> None:
    with pytest.raises(CellError, match="5 probabilities for a partition of 6 cells"):
        probability_map(faces, np.full(5, 0.2, dtype=np.float32))
    with pytest.raises(ModelError, match="sum to 2"):
        probability_map(faces, np.full(6, 1 / 3, dtype=np.float32))
    with pytest.raises(ModelError):
        probability_map(faces, np.array([1.5, -0.5, 0, 0, 0, 0], dtype=np.float32))
    with pytest.raises(ModelError):
        probability_map(faces, np.full(6, np.nan, dtype=np.float32))
    even = np.full(6, 1 / 6, dtype=np.float32)
    with pytest.raises(CoordinateError):
        probability_map(faces, even, truth=(91.0, 0.0))
