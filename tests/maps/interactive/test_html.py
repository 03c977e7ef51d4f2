"""Interactive maps before a browser sees them: their data against the map and against PROJ."""

import base64
import importlib
import io
import json
import re
import sys
from collections.abc import Sequence

import numpy as np
import pyproj
import pytest
import shapely
from PIL import Image

from geoguess_cli.errors import DependencyError
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive import (
    cells_item,
    cells_page,
    cells_plane,
    map_figure,
    map_item,
    map_page,
    map_view,
)
from geoguess_cli.maps.interactive.ground import ground
from geoguess_cli.maps.interactive.layers import answer_columns, cell_columns
from geoguess_cli.maps.interactive.map_page import PICTURE_SIDE
from geoguess_cli.maps.interactive.plane import Plane, box_of, plane_of
from geoguess_cli.maps.probability_map import ProbabilityMap, probability_map

KINDS = ["states", "fiji", "pole", "faces"]
PLANES = [None, (-17.5, 179.9), (-89.0, 10.0), (40.0, -4.0)]


def made_for(partition: Partition, **options: object) -> ProbabilityMap:
    weights = np.random.default_rng(5).random(len(partition)) ** 3
    return probability_map(partition, (weights / weights.sum()).astype(np.float32), **options)


def projected(plane: Plane, latlng: np.ndarray) -> np.ndarray:
    """Places in kilometres, by PROJ."""
    radius = EARTH_RADIUS_KM * 1000
    proj = pyproj.Proj(proj="eqearth", R=radius)
    if plane.center is not None:
        proj = pyproj.Proj(proj="laea", lat_0=plane.center[0], lon_0=plane.center[1], R=radius)
    return np.stack(proj(latlng[:, 1], latlng[:, 0]), axis=1) / 1000


def rings_of(xs: Sequence[float], ys: Sequence[float]) -> list[shapely.LinearRing]:
    """The rings of a path with NaN between them."""
    xy = np.stack([xs, ys], axis=1)
    rings = np.split(xy, np.flatnonzero(np.isnan(xy[:, 0])))
    return [shapely.LinearRing(ring[~np.isnan(ring[:, 0])]) for ring in rings]


def evenodd(xs: Sequence[float], ys: Sequence[float]) -> shapely.Geometry:
    """What Bokeh fills of a path."""
    filled = shapely.Polygon()
    for ring in rings_of(xs, ys):
        filled = filled.symmetric_difference(shapely.make_valid(shapely.Polygon(ring)))
    return filled


def content_of(page: str) -> dict:  # type: ignore[type-arg]
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page)
    assert found is not None
    return json.loads(found[1])


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
    shown = made_for(states, truth=(44.0, -100.0), top_k=4)
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
    columns = answer_columns(made_for(states), Plane((40.0, -110.0)))
    assert columns["truth"] == {"x": [], "y": []}
    assert columns["way"] == {"xs": [], "ys": []}


def test_a_way_over_the_seam_of_the_world_is_torn_not_drawn_across(faces: Partition) -> None:
    even = np.full(6, 1 / 6, dtype=np.float32)
    shown = probability_map(faces, even, truth=(-17.0, 178.0), estimate=(-17.0, -178.0))
    way = answer_columns(shown, Plane())["way"]
    assert len(way["xs"]) == 2
    assert max(np.ptp(xs) for xs in way["xs"]) < 500


@pytest.mark.parametrize("kind", ["states", "fiji", "pole"])
def test_credible_regions_are_outlined(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    shown = made_for(partition)
    plane = plane_of(shown.extent())
    lines = answer_columns(shown, plane)["credible_50"]
    path = [np.concatenate([[*ring, np.nan] for ring in lines[name]]) for name in ("xs", "ys")]
    drawn = evenodd(path[0][:-1], path[1][:-1])
    assert drawn.area == pytest.approx(shown.credible_area_km2(0.5), rel=0.003)
    inside = projected(plane, partition.centroids[shown.credible_cells(0.5)])
    assert shapely.contains_xy(drawn, inside).all()


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


def test_what_is_shown_first_is_the_extent(states: Partition, faces: Partition) -> None:
    extent = made_for(states).extent()
    left, bottom, right, top = box_of(extent, plane_of(extent))
    assert (right - left, top - bottom) == pytest.approx((extent.width_km, extent.height_km))
    assert (left + right, bottom + top) == pytest.approx((0, 0), abs=1e-6)
    world = made_for(faces).extent()
    assert plane_of(world) == Plane()
    assert box_of(world, Plane())[2] == pytest.approx(17243.96, abs=0.1)


def test_an_item_is_json_without_code(states: Partition) -> None:
    item = json.loads(json.dumps(map_item(made_for(states, truth=(44.0, -100.0))), allow_nan=False))
    text = json.dumps(item)
    assert item["version"]
    for word in ("CustomJS", "FuncTickFormatter", "http://", "https://"):
        assert word not in text


def test_a_figure_has_the_colours_of_its_page(states: Partition) -> None:
    shown = made_for(states)
    light, dark = map_figure(shown), map_figure(shown, dark=True)
    assert light.background_fill_color != dark.background_fill_color
    assert light.aspect_ratio == pytest.approx(
        shown.extent().width_km / shown.extent().height_km, rel=1e-6
    )


def test_a_page_is_small_and_carries_a_bounded_photo(states: Partition) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), dtype=np.uint8)
    page = map_page([made_for(states)], [Image.fromarray(noise)])
    content = content_of(page)
    picture = content["views"][0]["picture"]
    with Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))) as image:
        assert image.size == (PICTURE_SIDE, PICTURE_SIDE * 3 // 4)
    assert len(page) - len(picture) < 1_900_000


def test_photos_of_one_neighbourhood_share_a_map(states: Partition) -> None:
    peaks = np.eye(len(states), dtype=np.float32)[:3]
    shown = [probability_map(states, peak, photo=f"{n}.jpg") for n, peak in enumerate(peaks)]
    alone, all_three = map_page(shown[:1]), map_page(shown)
    content = content_of(all_three)
    assert [view["name"] for view in content["views"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert len(content["items"]) == 1 + max(view["map"] for view in content["views"])
    assert len(content["items"]) < 3
    assert len(all_three) < 1.25 * len(alone)


def test_names_of_photos_are_text_and_hold_no_path(states: Partition) -> None:
    evil = "/home/someone/</script><script>alert(1)</script>.jpg"
    page = map_page([made_for(states, photo=evil)])
    assert "<script>alert" not in page
    assert "/home/someone" not in page
    assert page.count("</script>") == 4
    assert content_of(page)["views"][0]["name"] == "script>.jpg"
    title = map_page([made_for(states, photo="<b>&.jpg")])
    assert "&lt;b&gt;&amp;.jpg</title>" in title


def test_a_view_says_how_sure_the_answer_is(faces: Partition) -> None:
    even = probability_map(faces, np.full(6, 1 / 6, dtype=np.float32))
    assert "as unsure as between 6 equally likely cells" in map_view(even)["caption"][-1]
    certain = probability_map(faces, np.eye(6, dtype=np.float32)[2])
    assert "as good as certain" in map_view(certain)["caption"][-1]
    view = map_view(made_for(faces, truth=(10.0, 10.0), top_k=3))
    assert [guess["rank"] for guess in view["rows"]] == [1, 2, 3]
    assert {fact["kind"] for fact in view["facts"]} >= {"estimate", "truth"}


def test_without_bokeh_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    monkeypatch.delitem(sys.modules, "geoguess_cli.maps.interactive.figures")
    with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[interactive\]'"):
        importlib.import_module("geoguess_cli.maps.interactive.figures")


def test_a_page_of_cells_has_their_figures(states: Partition) -> None:
    content = content_of(cells_page(states))
    photos, level = content["views"]
    assert photos["key"]["summed"] == "photos"
    assert level["key"]["summed"] is None
    assert photos["rows"][0]["share"] == str(states.photos.max())
    assert photos["rows"][0]["index"] == int(states.photos.argmax())
    assert level["rows"][0]["share"] == str(states.levels.max())
    shades = [at for at, _ in level["key"]["ticks"]]
    assert shades == pytest.approx((np.arange(len(shades)) + 0.5) / len(shades), abs=1e-3)


def test_a_place_of_a_plane_is_found_again() -> None:
    for plane in (Plane(), Plane((64.0, 11.0))):
        latlng = np.array([[-17.5, 178.0]])
        assert plane.place(plane.project(latlng)[0]) == pytest.approx(latlng[0], abs=1e-6)


def test_cells_alone_are_an_item(states: Partition) -> None:
    plane, (left, bottom, right, top) = cells_plane(states)
    assert plane.center is not None
    x, y = projected(plane, states.centroids).T
    assert left < x.min() < x.max() < right
    assert bottom < y.min() < y.max() < top
    assert "CustomJS" not in json.dumps(cells_item(states), allow_nan=False)
