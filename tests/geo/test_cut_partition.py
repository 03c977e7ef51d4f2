"""Cells cut by a region: shares against areas sampled on the sphere."""

import numpy as np
import pytest
import shapely

from geoguess_cli.errors import CellError
from geoguess_cli.geo.cells import latlng_to_cell
from geoguess_cli.geo.cut_partition import CutPartition, cut_partition
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.geo.regions import Region, find_region


@pytest.fixture(scope="module")
def cells() -> Partition:
    """Cells of several sizes around the Rocky Mountains and across the antimeridian."""
    rng = np.random.default_rng(5)
    rockies = np.stack([rng.uniform(38, 52, 400), rng.uniform(-120, -100, 400)], axis=1)
    pacific = np.stack([rng.uniform(-25, -5, 60), rng.uniform(172, 188, 60)], axis=1)
    return build_partition(np.concatenate([rockies, pacific]), max_photos=30, min_photos=2)


def sampled_shares(cells: Partition, region: Region) -> np.ndarray:
    """The share of each cell inside a region, by points spread evenly over it on the sphere."""
    rng, shares = np.random.default_rng(8), []
    for index, outline in enumerate(cells.polygons):
        west, south, east, north = outline.bounds
        sines = rng.uniform(*np.sin(np.radians([south, north])), 5000)
        places = np.stack([np.degrees(np.arcsin(sines)), rng.uniform(west, east, 5000)], axis=1)
        places = places[cells.assign(places) == index]
        assert len(places) > 1500
        shares.append(region.holds(places).mean())
    return np.array(shares)


@pytest.mark.parametrize(
    "name", ["Montana, US", "Canada", "-113,41,-105,49.5", "160,-30,-165,-10", "US"]
)
def test_shares_are_those_of_areas_on_the_sphere(cells: Partition, name: str) -> None:
    region = find_region(name)
    cut = cut_partition(cells, region)
    shares = np.zeros(len(cells))
    shares[cut.kept] = cut.shares
    sampled = sampled_shares(cells, region)
    assert ((sampled > 0.05) & (sampled < 0.95)).any()
    np.testing.assert_allclose(shares, sampled, atol=0.05)
    # All together are more exact than one cell.
    assert shares @ cells.area_km2 == pytest.approx(sampled @ cells.area_km2, rel=0.01)
    assert (shares[~np.isin(np.arange(len(cells)), cut.kept)] == 0).all()


def test_half_a_face_is_half() -> None:
    face = Partition(
        latlng_to_cell(np.array([[0.0, 0.0]]), 0), np.array([5], np.uint32), np.array([[3.0, -2.0]])
    )
    for box, share in (("-45,-90,45,0", 0.5), ("0,-90,45,90", 0.5), ("0,0,60,80", 0.25)):
        assert cut_partition(face, find_region(box)).shares[0] == pytest.approx(share, abs=1e-9)


def test_the_cut_cells_are_those_inside(cells: Partition) -> None:
    cut = cut_partition(cells, find_region("Montana, US"))
    assert isinstance(cut, CutPartition)
    assert (cut.cells == cells.cells[cut.kept]).all()
    assert cut.region.holds(cut.centroids).all()
    whole = cut.shares == 1
    assert 0 < whole.sum() < len(cut)
    assert (cut.centroids[whole] == cells.centroids[cut.kept[whole]]).all()
    np.testing.assert_allclose(cut.area_km2, cells.area_km2[cut.kept] * cut.shares)
    assert cut.frame["cell_index"].to_list() == cut.kept.tolist()
    assert cut.frame["area_km2"].to_list() == cut.area_km2.tolist()
    for polygon, center in zip(cut.polygons, cut.centroids, strict=True):
        assert polygon.is_valid
        assert shapely.intersects_xy(polygon, *center[::-1])


def test_a_region_with_a_hole_has_no_centroid_in_it(cells: Partition) -> None:
    ring = shapely.box(-118, 40, -102, 51).difference(shapely.box(-117.9, 40.1, -102.1, 50.9))
    region = Region("ring", ring)
    assert region.holds(cut_partition(cells, region).centroids).all()


def test_a_region_without_cells_is_refused(cells: Partition) -> None:
    with pytest.raises(CellError, match="no cell of the model reaches into Madagascar"):
        cut_partition(cells, find_region("Madagascar"))
