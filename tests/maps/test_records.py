import io
import json
from pathlib import Path

import geopandas
import numpy as np
import polars as pl
import pytest
import shapely
from map_worlds import area_km2, map_of, random_map

from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import describe
from geoguess_cli.geo.regions import find_region
from geoguess_cli.maps.records import map_geojson, write_map_geoparquet


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geojson_is_read_back(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    weights = np.random.default_rng(1).random(len(partition))
    probabilities = (weights / weights.sum()).astype(np.float32)
    truth = (float(partition.centroids[0, 0]) / 2, 181.0)
    made = map_of(partition, probabilities, truth=truth)
    text = json.dumps(map_geojson(made), allow_nan=False)
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
    tree = map_geojson(map_of(partition, probabilities))
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
        areas += area_km2(polygon)
    assert areas == pytest.approx(partition.area_km2.sum(), rel=2e-3)


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geojson_holds_the_regions_and_the_guesses(
    kind: str, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    probabilities = np.random.default_rng(3).dirichlet(np.ones(len(partition))).astype(np.float32)
    made = map_of(partition, probabilities, top_k=3, photo="a.jpg")
    text = json.dumps(map_geojson(made), allow_nan=False)
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
    assert estimate.expected_km == pytest.approx(made.answer.expected_km)
    assert estimate.entropy_bits == pytest.approx(made.entropy_bits)


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_geoparquet_is_read_back(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    partition: Partition = request.getfixturevalue(kind)
    probabilities = np.random.default_rng(3).dirichlet(np.ones(len(partition))).astype(np.float32)
    made = map_of(partition, probabilities, truth=(-17.0, 179.0), photo="Å.jpg")
    path = tmp_path / "maps" / "map.parquet"
    write_map_geoparquet(made, path)
    frame = geopandas.read_parquet(path)
    assert frame.crs == "OGC:CRS84"
    assert frame["rank"].tolist() == list(range(1, len(partition) + 1))
    assert frame.probability.is_monotonic_decreasing
    assert frame.cell_index.tolist() == made.ranking.tolist()
    assert frame.token.tolist() == [partition.tokens[index] for index in made.ranking]
    assert frame.place.tolist() == [describe(made.places[index]) for index in made.ranking]
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
    tree = map_geojson(map_of(faces, probabilities), min_probability=0.1)
    cells = [one for one in tree["features"] if one["properties"]["kind"] == "cell"]
    assert [one["properties"]["token"] for one in cells] == faces.tokens[:2]


def test_a_map_within_a_region_keeps_the_cells_of_the_model(states: Partition) -> None:
    made = random_map(cut_partition(states, find_region("Montana, US")))
    text = json.dumps(map_geojson(made), allow_nan=False)
    frame = geopandas.read_file(io.BytesIO(text.encode()))
    cells = frame[frame.kind == "cell"]
    assert [states.tokens[int(index)] for index in cells.cell_index] == cells.token.tolist()
    assert area_km2(shapely.union_all(cells.geometry)) == pytest.approx(
        made.partition.area_km2.sum(), rel=0.01
    )
    (region,) = frame[frame.kind == "region"].itertuples()
    assert region.name == "Montana, US"
    assert region.geometry.equals_exact(made.region.shape.normalize(), 1e-6, normalize=True)
    (estimate,) = frame[frame.kind == "estimate"].itertuples()
    assert (estimate.within, estimate.inside) == ("Montana, US", 1.0)
