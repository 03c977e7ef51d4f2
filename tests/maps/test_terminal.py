"""The terminal's map, character by character."""

import numpy as np
import pytest
from map_worlds import map_of
from rich.text import Text

from geoguess_cli.drawing.theme import SEQUENTIAL
from geoguess_cli.geo.cells import token_to_cell
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.maps.raster import fit_grid, rasterise
from geoguess_cli.maps.terminal import MAX_LINES, MAX_WIDTH, SHADES, terminal_map


def mapped(probabilities: dict[str, float], truth: tuple[float, float] | None) -> ProbabilityMap:
    cells = np.sort(token_to_cell(list(probabilities)))
    bare = Partition(cells, np.ones(len(cells), np.uint32), np.zeros((len(cells), 2)))
    partition = Partition(cells, bare.photos, bare.centers)
    values = np.array([probabilities[token] for token in partition.tokens], np.float32)
    return map_of(partition, values, truth=truth, top_k=3)


@pytest.fixture(scope="module")
def shown() -> ProbabilityMap:
    return mapped({"871": 0.2, "873": 0.64, "80d": 0.16}, (36.66, -108.65))


def colors_of(line: Text, column: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Colour and ground of the character of a column."""
    (span,) = [span for span in line.spans if span.start <= column < span.end]
    assert not isinstance(span.style, str)
    assert span.style.color is not None
    assert span.style.bgcolor is not None
    return tuple(span.style.color.get_truecolor()), tuple(span.style.bgcolor.get_truecolor())


def test_a_map_is_no_larger_than_its_frame(shown: ProbabilityMap) -> None:
    for width, expected in ((200, MAX_WIDTH), (60, 60), (3, 20)):
        for colors in (True, False):
            *body, _, _ = terminal_map(shown, width=width, colors=colors)
            assert {line.cell_len for line in body} == {expected}
            assert len(body) <= MAX_LINES


def test_half_blocks_show_both_pixels(shown: ProbabilityMap) -> None:
    *body, _, _ = terminal_map(shown, width=MAX_WIDTH, colors=True)
    grid = fit_grid(shown, MAX_WIDTH, 2 * MAX_LINES)
    raster = rasterise(shown, grid)
    top = shown.probabilities.max()
    checked = 0
    for (row, column), probability in np.ndenumerate(raster.probabilities):
        plain_cell = raster.land[row, column] and raster.border[row, column] == 0
        if not plain_cell or body[row // 2].plain[column] != "▀" or np.isnan(probability):
            continue
        expected = np.round(255 * np.array(SEQUENTIAL(np.sqrt(probability / top))[:3]))
        assert colors_of(body[row // 2], column)[row % 2] == tuple(expected.astype(int))
        checked += 1
    assert checked > 300


@pytest.mark.parametrize("colors", [True, False])
def test_guesses_estimate_and_truth_are_marked(shown: ProbabilityMap, colors: bool) -> None:
    *body, _, legend = terminal_map(shown, width=MAX_WIDTH, colors=colors)
    grid = fit_grid(shown, MAX_WIDTH, 2 * MAX_LINES)
    assert shown.truth is not None
    points = np.stack([shown.truth, shown.estimate, *shown.partition.centroids[shown.guesses[1:]]])
    for (row, column), mark in zip(grid.pixels(points), "●✕23", strict=True):
        assert body[row // 2].plain[column] == mark
    assert "truth, " in legend.plain
    assert legend.plain.endswith("1–3 guesses")


def test_without_a_truth_none_is_drawn() -> None:
    lines = terminal_map(mapped({"871": 0.4, "873": 0.6}, None), width=60, colors=False)
    assert not any("●" in line.plain for line in lines)
    assert lines[-1].plain == "✕ point estimate   1–2 guesses"


def test_shades_grow_with_the_probability(shown: ProbabilityMap) -> None:
    *body, scale, _ = terminal_map(shown, width=MAX_WIDTH, colors=False)
    drawn = "".join(line.plain for line in body)
    # 0.64 is the top, 0.2 has the root 0.56 of it, 0.16 just half: a shade less.
    assert drawn.count("█") > 100
    assert drawn.count("▒") > 100
    assert "·" in drawn
    assert all(shade in scale.plain for shade in SHADES)
    assert all(
        not line.spans or all(str(s.style) in ("", "none") for s in line.spans) for line in body
    )


def test_a_map_of_the_world_has_empty_corners() -> None:
    world = mapped({"1": 0.2, "3": 0.2, "5": 0.2, "7": 0.2, "9": 0.1, "b": 0.1}, None)
    *body, _, _ = terminal_map(world, width=MAX_WIDTH, colors=True)
    assert world.extent().world
    assert body[0].plain[:5] == body[-1].plain[-5:] == " " * 5
    assert sum(line.plain.count("▀") for line in body) > 900


def test_towns_are_named_where_they_lie(shown: ProbabilityMap) -> None:
    *body, _, _ = terminal_map(shown, width=MAX_WIDTH, colors=False)
    text = "\n".join(line.plain for line in body)
    assert text.count("·Los Angeles") + text.count("·Dallas") + text.count("·Phoenix") >= 1
