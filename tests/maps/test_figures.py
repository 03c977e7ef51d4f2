from collections.abc import Iterator
from pathlib import Path

import matplotlib
import numpy as np
import polars as pl
import pyproj
import pytest
import shapely
from map_worlds import map_of, random_map
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.colors import BoundaryNorm, to_hex, to_rgba
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.choices import ColorScale
from geoguess_cli.drawing import theme
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.geo.basemap import load_basemap
from geoguess_cli.geo.cells import cell_boundary
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.geo.places import wordings
from geoguess_cli.geo.towns import load_towns
from geoguess_cli.maps.cell_values import accuracy_values, level_values
from geoguess_cli.maps.extent import Extent, fit_extent
from geoguess_cli.maps.figures import cells_map, errors_map, probability_map_figure

RADIUS_M = EARTH_RADIUS_KM * 1000
PHOTO = Image.new("RGB", (300, 200), "seagreen")


@pytest.fixture(autouse=True)
def _leaves_no_trace() -> Iterator[None]:
    before = dict(matplotlib.rcParams)
    yield
    assert not Gcf.get_all_fig_managers()
    assert dict(matplotlib.rcParams) == before


def by_gid(figure: Figure, gid: str) -> list:  # type: ignore[type-arg]
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def drawn_cells(figure: Figure) -> PathCollection:
    (cells,) = by_gid(figure, "cells")
    return cells


def map_axes(figure: Figure) -> Axes:
    return drawn_cells(figure).axes


def plane(extent: Extent) -> pyproj.Proj:
    """The map's projection, by PROJ."""
    if extent.world:
        return pyproj.Proj(proj="eqearth", R=RADIUS_M)
    return pyproj.Proj(proj="laea", lat_0=extent.latitude, lon_0=extent.longitude, R=RADIUS_M)


def shape_of(path) -> shapely.Geometry:  # type: ignore[no-untyped-def]
    return shapely.union_all([shapely.Polygon(ring) for ring in path.to_polygons()])


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_every_cell_is_drawn_once_in_its_true_size_and_place(
    kind: str, request: pytest.FixtureRequest
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    cells = drawn_cells(cells_map(partition))
    assert len(cells.get_paths()) == len(partition)
    order = np.argsort(partition.photos, kind="stable")
    areas = np.array([shape_of(path).area for path in cells.get_paths()]) / 1e6
    assert areas == pytest.approx(partition.area_km2[order], rel=0.01)
    assert extent.world == (kind == "faces")
    if not extent.world:  # a face's centroid may lie on the seam
        for path, centroid in zip(cells.get_paths(), partition.centroids[order], strict=True):
            x, y = plane(extent)(centroid[1], centroid[0])
            assert shape_of(path).buffer(50).contains(shapely.Point(x, y))


def test_a_region_draws_the_cells_that_it_shows(states: Partition, fall_off) -> None:  # type: ignore[no-untyped-def]
    map_ = map_of(states, fall_off(states, (45.7, -111.0), 15))
    extent = map_.extent()
    cells = drawn_cells(probability_map_figure(map_))
    rings = cell_boundary(states.cells)
    x, y = plane(extent)(rings[..., 1], rings[..., 0])
    seen = (np.abs(x) <= extent.width_km * 500) & (np.abs(y) <= extent.height_km * 500)
    assert seen.any(axis=1).sum() <= len(cells.get_paths()) < len(states)
    assert set(map_.probabilities[seen.any(axis=1)]) <= set(cells.get_array())


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_the_red_dot_lies_on_the_truth(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    where = partition.centroids[-1] * [0.98, 1.0]
    map_ = random_map(partition, truth=where.tolist())
    figure = probability_map_figure(map_)
    for gid, latlng in (("truth", where), ("estimate", map_.estimate)):
        (mark,) = by_gid(figure, gid)
        x, y = plane(map_.extent())(latlng[1], latlng[0])
        assert mark.get_xydata()[0] == pytest.approx([x, y], abs=1.0)
    (dot,) = by_gid(figure, "truth")
    red, green, blue = (int(to_hex(dot.get_markerfacecolor())[i : i + 2], 16) for i in (1, 3, 5))
    assert red > 200 > 100 > max(green, blue)
    (left, right), (bottom, top) = map_axes(figure).get_xlim(), map_axes(figure).get_ylim()
    x, y = dot.get_xydata()[0]
    assert left < x < right
    assert bottom < y < top
    (way,) = by_gid(figure, "way")
    ends = way.get_xydata()[[0, -1]]
    (start,) = by_gid(figure, "estimate")
    assert ends[0] == pytest.approx(start.get_xydata()[0], abs=1.0)
    assert ends[1] == pytest.approx([x, y], abs=1.0)


def test_without_truth_there_is_no_dot(states: Partition) -> None:
    assert not by_gid(probability_map_figure(random_map(states)), "truth")


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("scale", ["root", "linear", "log"])
def test_the_further_from_the_ground_the_likelier(
    name: str,
    scale: ColorScale,
    states: Partition,
    lab,  # type: ignore[no-untyped-def]
) -> None:
    colors, map_ = theme.THEMES[name], random_map(states)
    cells = drawn_cells(probability_map_figure(map_, scale=scale, colors=colors))
    most = map_.probabilities.max()
    assert (cells.norm.vmin, cells.norm.vmax) == (most * 1e-4 if scale == "log" else 0.0, most)
    values = np.asarray(cells.get_array())
    assert (np.diff(values) >= 0).all()  # the likeliest are drawn last, over the others
    light = lab(cells.cmap(cells.norm(np.linspace(0, most, 200))))[:, 0]
    ground = lab(np.array([to_rgba(colors.sea), to_rgba(colors.land)]))[:, 0]
    away = np.abs(light - ground.mean())
    assert (np.diff(away) > -1e-9).all()
    assert away[-1] - away[0] > 55
    if name == "dark":
        assert (ground < light[0] + 5).all()


def edge_lines(figure: Figure, mass: float) -> shapely.Geometry:
    (drawn,) = by_gid(figure, f"credible-{mass}")
    return shapely.MultiLineString([line for line in drawn.get_segments() if len(line) > 1])


@pytest.mark.parametrize("kind", ["states", "fiji", "pole"])
def test_the_outline_is_the_edge_of_the_credible_cells(
    kind: str, request: pytest.FixtureRequest
) -> None:
    """Against the union of the cells on the plane, where no seam is."""
    partition: Partition = request.getfixturevalue(kind)
    map_ = random_map(partition)
    figure = probability_map_figure(map_)
    extent = Extent(*_seen(figure))
    for mass in (0.5, 0.9):
        drawn = edge_lines(figure, mass)
        rings = cell_boundary(partition.cells[map_.credible_cells(mass)], points_per_edge=32)
        x, y = plane(extent)(rings[..., 1], rings[..., 0])
        cells = shapely.polygons(np.stack([x, y], axis=-1)).tolist()
        union = shapely.union_all([cell.buffer(30) for cell in cells])
        (left, right), (bottom, top) = map_axes(figure).get_xlim(), map_axes(figure).get_ylim()
        frame = shapely.box(left, bottom, right, top)
        edge = union.boundary.intersection(frame)
        seen = drawn.intersection(frame)
        near = 0.002 * (right - left)
        assert seen.difference(edge.buffer(near)).length < 0.01 * edge.length
        assert edge.difference(seen.buffer(near)).length < 0.01 * edge.length


def _seen(figure: Figure) -> tuple[float, float, float, float]:
    """Centre and size of a regional map: latitude, longitude, degrees; width, height, km."""
    crs = map_axes(figure).projection.proj4_params
    (left, right), (bottom, top) = map_axes(figure).get_xlim(), map_axes(figure).get_ylim()
    return (
        float(crs["lat_0"]),
        float(crs["lon_0"]),
        float(right - left) / 1000,
        float(top - bottom) / 1000,
    )


def test_photo_list_and_map_keep_apart(states: Partition, faces: Partition) -> None:
    for partition in (states, faces):
        figure = probability_map_figure(
            random_map(partition, truth=(40.0, -105.0), top_k=6), photo=PHOTO, title="x" * 300
        )
        figure.canvas.draw()
        boxes = [ax.get_window_extent() for ax in figure.axes]
        for i, a in enumerate(boxes):
            assert figure.bbox.padded(1).contains(a.x0, a.y0)
            assert figure.bbox.padded(1).contains(a.x1, a.y1)
            assert not a.padded(-1).count_overlaps([b.padded(-1) for b in boxes[i + 1 :]])
        (picture,) = by_gid(figure, "photo")
        width, height = np.ptp(picture.get_window_extent().get_points(), axis=0)
        assert width / height == pytest.approx(1.5, rel=0.02)
        for text in figure.findobj(matplotlib.text.Text):
            if text.get_text() and text.get_visible():
                box = text.get_window_extent()
                assert figure.bbox.contains(box.x0, box.y0), text
                assert figure.bbox.contains(box.x1, box.y1), text


def test_the_guesses_are_listed_and_numbered(states: Partition) -> None:
    map_ = random_map(states, top_k=4)
    figure = probability_map_figure(map_)
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    for rank, index in enumerate(map_.guesses, start=1):
        assert texts.count(str(rank)) == 2  # on the map and in the list
        ways = [text.partition(", ") for text in wordings(map_.places[index])]
        assert any({first, second} <= {*texts} for first, _, second in ways if second)
    numbers = [t for t in map_axes(figure).texts if t.get_text().isdigit()]
    for number, index in zip(numbers, map_.guesses, strict=True):
        lat, lng = map_.partition.centroids[index]
        assert number.xy == pytest.approx(plane(map_.extent())(lng, lat), abs=1.0)


def test_names_lie_on_the_map_and_apart_from_each_other(states: Partition) -> None:
    figure = probability_map_figure(random_map(states, truth=(36.0, -115.0)))
    ax = map_axes(figure)
    names = [text for text in ax.texts if not text.get_text().isdigit()]
    assert {"Wyoming", "Utah", "Colorado"} <= {text.get_text() for text in names}
    boxes = [text.get_window_extent() for text in names]
    for i, box in enumerate(boxes):
        assert not box.count_overlaps(boxes[i + 1 :])
        assert ax.bbox.contains(box.x0, box.y0)
        assert ax.bbox.contains(box.x1, box.y1)
    # Each on its own state.
    regions = load_basemap().regions
    for text, box in zip(names, boxes, strict=True):
        if text.get_text() in regions.names:
            middle = ax.transData.inverted().transform(box.get_points().mean(axis=0))
            lng, lat = plane(random_map(states, truth=(36.0, -115.0)).extent())(
                *middle, inverse=True
            )
            shape = regions.geometries[regions.names.index(text.get_text())]
            assert shape.distance(shapely.Point(lng, lat)) < 0.2


def ground(figure: Figure, zorder: float) -> list[PathCollection]:
    ax = map_axes(figure)
    return [c for c in ax.collections if c.get_zorder() == zorder]


@pytest.mark.parametrize(
    ("kind", "on_land", "at_sea"),
    [
        ("states", [(40, -105), (44, -116)], [(40, -128)]),
        ("fiji", [(-17.8, 178.0), (-16.6, 179.3)], [(-18.5, 180.0), (-18.5, 179.0)]),
        ("pole", [(-90, 0), (-85, 90), (-88, 179.9), (-88, -179.9)], []),
        ("faces", [(-85, 0), (67, -179), (67, 179), (10, 10)], [(0, -179), (0, 179), (30, -40)]),
    ],
)
def test_land_is_where_it_is(
    kind: str,
    on_land: list[tuple[float, float]],
    at_sea: list[tuple[float, float]],
    request: pytest.FixtureRequest,
) -> None:
    partition: Partition = request.getfixturevalue(kind)
    figure = cells_map(partition)
    (land,) = ground(figure, 0.6)
    shapes = [shapely.make_valid(shape_of(path)) for path in land.get_paths()]
    shape = shapely.union_all(shapes).buffer(2000)  # closes the seam of the cut
    extent = fit_extent(cell_boundary(partition.cells), np.ones(len(partition)))
    for places, expected in ((on_land, True), (at_sea, False)):
        for lat, lng in places:
            point = shapely.Point(plane(extent)(lng, lat))
            assert shape.contains(point) == expected, (lat, lng)


@pytest.mark.parametrize("kind", ["states", "fiji", "pole"])
def test_the_locator_is_the_globe_seen_from_above(
    kind: str, request: pytest.FixtureRequest
) -> None:
    map_ = random_map(request.getfixturevalue(kind))
    figure = probability_map_figure(map_)
    (globe,) = by_gid(figure, "locator")
    pixels = np.asarray(globe.get_array())
    extent = map_.extent()
    view = pyproj.Proj(proj="ortho", lat_0=extent.latitude, lon_0=extent.longitude, R=1.0)
    checked = 0
    for lat, lng, land in (
        *(
            (40, -100, True),
            (55, -110, True),
            (-10, -55, True),
            (30, -140, False),
            (35, -45, False),
        ),
        *((-25, 135, True), (65, 150, True), (-30, 165, False), (-5, -170, False), (15, 5, True)),
        *((-88, 10, True), (-75, 130, True), (-55, -120, False), (-50, 80, False)),
    ):
        x, y = view(lng, lat)
        if np.isfinite([x, y]).all() and np.hypot(x, y) < 0.98:
            row, column = (int((v + 1) / 2 * len(pixels)) for v in (y, x))
            expected = to_rgba(theme.RULE_STRONG if land else theme.LIGHT.sea)
            assert pixels[row, column] == pytest.approx(expected), (lat, lng)
            checked += 1
    assert checked >= 3


def test_no_border_runs_along_the_antimeridian(pole: Partition) -> None:
    figure = cells_map(pole)
    lines = [c for c in map_axes(figure).collections if c.get_zorder() == 4]
    project = plane(fit_extent(cell_boundary(pole.cells), np.ones(len(pole))))
    seam = shapely.LineString([project(180, lat) for lat in np.linspace(-89.5, -60, 99)])
    strip = seam.buffer(300)  # metres; a coast may end at the seam, none may follow it
    for collection in lines:
        for line in collection.get_segments():
            if len(line) > 1:
                assert shapely.LineString(line).intersection(strip).length < 3000


@pytest.mark.parametrize("name", ["light", "dark"])
def test_towns_lie_where_they_are_and_clear_of_everything(name: str, states: Partition) -> None:
    map_ = random_map(states, truth=(36.0, -115.0))
    figure = probability_map_figure(map_, colors=theme.THEMES[name])
    ax, extent = map_axes(figure), Extent(*_seen(figure))
    dots = by_gid(figure, "town")
    assert 5 <= len(dots) <= 14
    towns = load_towns()
    x, y = plane(extent)(towns.latlng[:, 1], towns.latlng[:, 0])
    texts = {text.get_text(): text for text in ax.texts}
    for dot in dots:
        place = dot.get_xydata()[0]
        row = int(np.argmin(np.hypot(x - place[0], y - place[1])))
        assert place == pytest.approx([x[row], y[row]], abs=1.0)
        name_box = texts[towns.names[row]].get_window_extent()
        spot = ax.transData.transform(place)
        away = np.maximum(np.subtract(name_box.min, spot), np.subtract(spot, name_box.max))
        assert away.max() < 12  # pixels: beside its dot
    names = [text.get_window_extent() for text in ax.texts if not text.get_text().isdigit()]
    numbers = [text for text in ax.texts if text.get_text().isdigit()]
    badges = [number.get_bbox_patch().get_window_extent() for number in numbers]
    for i, box in enumerate(names):
        assert not box.count_overlaps([*names[i + 1 :], *badges])


def test_a_map_of_the_world_names_no_towns(faces: Partition) -> None:
    assert not by_gid(probability_map_figure(random_map(faces)), "town")


def test_cells_are_coloured_by_photos(states: Partition) -> None:
    figure = cells_map(states)
    cells = drawn_cells(figure)
    assert np.asarray(cells.get_array()).tolist() == np.sort(states.photos).tolist()
    assert (cells.norm.vmin, cells.norm.vmax) == (states.photos.min(), states.photos.max())
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert f"{len(states)} cells" in texts
    assert "training photos in the cell" in texts


def test_levels_have_a_colour_each(states: Partition) -> None:
    cells = drawn_cells(cells_map(states, level_values(states)))
    levels = np.asarray(cells.get_array())
    assert levels.tolist() == np.sort(states.levels).tolist()
    colors = {
        level: to_hex(color) for level, color in zip(levels, cells.to_rgba(levels), strict=True)
    }
    assert len(set(colors.values())) == len(set(levels.tolist()))


def test_a_cell_without_test_photos_is_grey(states: Partition) -> None:
    tokens = [states.tokens[0]] * 3 + [states.tokens[1]] * 2
    rows = pl.DataFrame({"token": tokens, "rank": [1, 2, 1, 5, 9]})
    figure = cells_map(states, accuracy_values(states, rows))
    cells = drawn_cells(figure)
    drawn = np.ma.getdata(cells.get_array())[~np.ma.getmaskarray(cells.get_array())]
    assert sorted(drawn.tolist()) == pytest.approx([0.0, 2 / 3])
    grey = cells.to_rgba(cells.get_array())[np.ma.getmaskarray(cells.get_array())]
    assert {to_hex(color) for color in grey} == {theme.LIGHT.missing}
    texts = [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
    assert any(f"{len(states) - 2} cells without test photos" in text for text in texts)


def test_a_map_of_one_cell_with_one_photo() -> None:
    partition = build_partition(np.array([[48.0, 11.0]]), min_photos=1, max_level=8)
    assert len(drawn_cells(cells_map(partition)).get_paths()) == 1
    figure = probability_map_figure(map_of(partition, np.ones(1, dtype=np.float32)))
    assert len(drawn_cells(figure).get_paths()) == 1


def test_a_cell_too_small_to_see_is_still_seen() -> None:
    places = np.array([[52.5, 13.4], [59.3, 18.1]])
    partition = build_partition(places, min_photos=1, max_photos=1, max_level=16)
    tiny = build_partition(
        np.repeat(places, [9, 12], axis=0), min_photos=1, max_photos=1, max_level=16
    )
    assert len(partition) == 2
    cells = drawn_cells(cells_map(tiny))
    points = 72 * cells.axes.get_position().width * theme.WIDTH
    metres_per_point = np.ptp(cells.axes.get_xlim()) / points
    assert (np.sqrt(tiny.area_km2) * 1000 < metres_per_point).all()
    assert (np.asarray(cells.get_linewidths()) >= 1.0).all()
    filled = cells.to_rgba(cells.get_array())
    assert cells.get_edgecolors() == pytest.approx(filled)
    (specks,) = by_gid(cells.figure, "specks")
    assert specks.to_rgba(specks.get_array()) == pytest.approx(filled)
    extent = fit_extent(cell_boundary(tiny.cells), np.ones(2))
    for (lat, lng), spot in zip(places, sorted(specks.get_offsets().tolist()), strict=True):
        assert spot == pytest.approx(plane(extent)(lng, lat), abs=300)


def test_cells_large_enough_get_no_dots(states: Partition) -> None:
    assert not by_gid(cells_map(states), "specks")


def test_errors_are_joined_and_coloured_by_the_radii() -> None:
    truth = np.array([[40.0, -105.0], [41.0, -106.0], [42.0, -100.0], [39.0, -110.0]])
    estimates = truth + np.array([[0, 0], [0.1, 0], [1.5, 0.0], [8.0, 0.0]])
    figure = errors_map(truth, estimates)
    (dots,) = by_gid(figure, "truths")
    (ways,) = by_gid(figure, "ways")
    assert isinstance(dots.norm, BoundaryNorm)
    assert dots.norm.boundaries.tolist()[1:-1] == list(RADII_KM.values())
    distances = great_circle_km(truth, estimates)
    assert sorted(dots.get_array()) == pytest.approx(sorted(distances))
    colors = [to_hex(c) for c in dots.to_rgba(np.array([0.5, 11, 26, 199, 700, 1000, 9000]))]
    assert colors[2] == colors[3]
    assert len(set(colors)) == 6
    assert len(ways.get_segments()) == 4
    for segment, offset, distance in zip(
        ways.get_segments(), dots.get_offsets(), dots.get_array(), strict=True
    ):
        assert segment[0] == pytest.approx(offset, abs=1.0)
        length = np.hypot(*(segment[-1] - segment[0])) / 1000
        assert length == pytest.approx(distance, rel=0.02, abs=0.01)


def test_a_way_around_the_world_breaks_at_the_rim() -> None:
    truth = np.array([[35.0, 139.0], [-33.0, 18.0], [60.0, 10.0]])
    estimates = np.array([[37.0, -122.0], [-33.9, 151.0], [-50.0, -70.0]])
    figure = errors_map(truth, estimates)
    (ways,) = by_gid(figure, "ways")
    (dots,) = by_gid(figure, "truths")
    assert dots.axes.get_xlim()[1] > 1.6e7  # the world
    for path in ways.get_paths():
        steps = np.abs(np.diff(path.vertices[:, 0]))
        assert np.nanmax(steps) < 2e6
    pacific = [path for path in ways.get_paths() if np.isnan(path.vertices).any()]
    assert len(pacific) == 1


def test_figures_are_written_in_every_form(fiji: Partition, tmp_path: Path) -> None:
    figure = probability_map_figure(
        random_map(fiji, truth=(-17.0, 179.0)), photo=PHOTO, title="$a$ & <b>"
    )
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        path = tmp_path / f"map.{ending}"
        figure.savefig(path)
        assert path.read_bytes().startswith(start)


def test_a_map_of_two_thousand_cells_takes_seconds(measured_cpu) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(0)
    latlng = np.stack([rng.uniform(28, 48, 130_000), rng.uniform(-120, -96, 130_000)], axis=1)
    partition = build_partition(latlng, max_photos=100, min_photos=20)
    assert len(partition) > 1800
    map_ = random_map(partition, truth=(40.0, -105.0))
    map_.places  # noqa: B018  found once for a partition, not once for a map
    with measured_cpu() as spent:
        probability_map_figure(map_, photo=PHOTO).canvas.draw()
    assert spent() < 3.0
