from pathlib import Path

import matplotlib
import numpy as np
import polars as pl
import pytest
from figure_worlds import by_gid
from map_worlds import drawn_cells, map_of, projection, random_map
from matplotlib.colors import BoundaryNorm, to_hex, to_rgba
from PIL import Image

from geoguess_cli.choices import ColorScale
from geoguess_cli.drawing import theme
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.maps.cell_values import accuracy_values, level_values
from geoguess_cli.maps.figures import cells_map, errors_map, probability_map_figure

PHOTO = Image.new("RGB", (300, 200), "seagreen")


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize("scale", ["root", "linear", "log"])
def test_the_further_from_the_ground_the_likelier(
    name: str,
    scale: ColorScale,
    states: Partition,
    as_lab,  # type: ignore[no-untyped-def]
) -> None:
    colors, map_ = theme.THEMES[name], random_map(states)
    cells = drawn_cells(probability_map_figure(map_, scale=scale, colors=colors))
    most = map_.probabilities.max()
    assert (cells.norm.vmin, cells.norm.vmax) == (most * 1e-4 if scale == "log" else 0.0, most)
    values = np.asarray(cells.get_array())
    assert (np.diff(values) >= 0).all()  # the likeliest are drawn last, over the others
    light = as_lab(cells.cmap(cells.norm(np.linspace(0, most, 200))))[:, 0]
    ground = as_lab(np.array([to_rgba(colors.sea), to_rgba(colors.land)]))[:, 0]
    away = np.abs(light - ground.mean())
    assert (np.diff(away) > -1e-9).all()
    assert away[-1] - away[0] > 55
    if name == "dark":
        assert (ground < light[0] + 5).all()


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
    seconds = []
    for _ in range(3):  # other work on the machine can only slow a draw
        with measured_cpu() as spent:
            probability_map_figure(map_, photo=PHOTO).canvas.draw()
        seconds.append(spent())
    assert min(seconds) < 5.0


def test_a_map_shows_the_border_of_its_region(states: Partition) -> None:
    made = random_map(cut_partition(states, find_region("-117,43,-104,49")))
    figure = probability_map_figure(made)
    (border,) = by_gid(figure, "region")
    x, y = np.concatenate(border.get_segments()).T
    lng, lat = projection(made.extent())(x, y, inverse=True)
    away = np.min([abs(lng + 117), abs(lng + 104), abs(lat - 43), abs(lat - 49)], axis=0)
    assert len(away) > 8
    assert away.max() < 0.02
    assert not by_gid(probability_map_figure(random_map(states)), "region")
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "Limited to -117,43,-104,49" in texts
    assert "100 % of the probability lay there" in texts
