"""The page of a partition in a browser: colours in turns, figures, and what it asks for."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.maps.cell_values import accuracy_values, level_values, photos_values
from geoguess_cli.maps.interactive.cells_page import cells_page
from geoguess_cli.wording import percent, square_kilometres

CELLS = """
const root = Bokeh.documents[0];
const model = (name, type) => [...root.all_models].find(
  (one) => one.name === name && one.type === type);
const renderer = model("cells", "GlyphRenderer");
const cells = renderer.data_source;
"""


@pytest.fixture(scope="module")
def world() -> Partition:
    """Cells all over the Earth."""
    rng = np.random.default_rng(2)
    z = rng.uniform(-1, 1, 6000)
    latlng = np.stack([np.degrees(np.arcsin(z)), rng.uniform(-180, 180, 6000)], axis=1)
    dense = np.array([48.8, 2.3]) + rng.normal(0, 0.5, (1500, 2))
    return build_partition(np.concatenate([latlng, dense]), max_photos=120, min_photos=20)


@pytest.fixture(scope="module")
def page(world: Partition, tmp_path_factory: pytest.TempPathFactory) -> Path:
    tested = [world.tokens[index] for index in (0, 0, 0, 0, 1)]
    predictions = pl.DataFrame({"token": tested, "rank": [1, 1, 1, 4, 2]})
    values = [photos_values(world), level_values(world), accuracy_values(world, predictions)]
    path = tmp_path_factory.mktemp("page") / "cells.html"
    path.write_text(cells_page(world, values), encoding="utf-8")
    return path


@pytest.fixture
def seen(visit: Any, page: Path) -> Any:
    opened = visit(page)
    opened.page.wait_for_selector("html[data-ready]")
    return opened


def test_every_cell_of_the_world_is_drawn_without_a_network(seen: Any, world: Partition) -> None:
    drawn = seen.page.evaluate(f"() => {{ {CELLS} return renderer.view.indices.count; }}")
    assert drawn == len(world)
    assert seen.page.locator("#heading").inner_text() == f"{len(world):,} cells"
    left, right = seen.page.evaluate(
        f"""() => {{ {CELLS} const {{x_range: x}} = root.get_model_by_name("map");
        return [x.start, x.end]; }}"""
    )
    assert left < -17_000 < 17_000 < right  # the whole Earth, in the Equal Earth projection
    seen.check_clean()
    assert len(seen.requests) == 1


def test_colours_change_by_choice(seen: Any, world: Partition) -> None:
    field = f"() => {{ {CELLS} return renderer.glyph.fill_color.field; }}"
    shades = f"""() => {{ {CELLS}
      return Array.from(cells.get_column(renderer.glyph.fill_color.field)); }}"""
    radios = seen.page.get_by_role("radio")
    assert radios.count() == 3
    before = seen.page.evaluate(field)
    by_photos = np.array(seen.page.evaluate(shades))
    assert (np.argsort(by_photos, kind="stable") == np.argsort(world.photos, kind="stable")).all()
    radios.nth(1).check()
    seen.page.wait_for_function(f"(before) => ({field})() !== before", arg=before)
    by_level = np.array(seen.page.evaluate(shades))
    assert (np.diff(by_level[np.argsort(world.levels, kind="stable")]) >= 0).all()
    assert len(set(by_level.tolist())) == len(set(world.levels.tolist()))
    radios.nth(2).check()
    seen.page.wait_for_function(f"() => ({field})() === 'shade_2'")
    by_accuracy = seen.page.evaluate(shades)
    assert by_accuracy[:2] == [0.75, 0.0]
    assert all(shade is None or np.isnan(shade) for shade in by_accuracy[2:])
    rows = seen.page.locator("#rows .guess")
    first = rows.first.inner_text().split("\n")
    assert "75 %" in first
    assert any(line.endswith(" · of 4 test photos") for line in first)
    assert "no test photos" in rows.last.inner_text()
    # However long a figure is, the name of the place keeps the room.
    widths = rows.evaluate_all(
        "(rows) => rows.map((row) => row.querySelector('.place').clientWidth / row.clientWidth)"
    )
    assert min(widths) > 0.5
    seen.check_clean()


def test_the_threshold_tells_how_many_photos_remain(seen: Any, world: Partition) -> None:
    slider = seen.page.locator("#threshold")
    slider.evaluate(
        "(one) => { one.value = 600; one.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    kept = photos_values(world).norm(world.photos).round(4) >= 0.6
    share = percent(float(world.photos[kept].sum() / world.photos.sum()))
    text = seen.page.locator("#kept").inner_text()
    assert text == f"{kept.sum()} of {len(world)} cells shown, with {share} of the photos"
    assert 0 < kept.sum() < len(world)


def test_a_listed_cell_is_shown_with_its_figures(seen: Any, world: Partition) -> None:
    most = int(world.photos.argmax())
    seen.page.locator("#rows button").first.click()
    text = seen.page.locator("#cell").inner_text()
    assert f"{world.photos[most]} training photos" in text
    assert f"cell {world.tokens[most]}, level {world.levels[most]}" in text
    assert square_kilometres(float(world.area_km2[most])) in text
    seen.check_clean()


def test_a_phone_shows_it(visit: Any, page: Path) -> None:
    seen = visit(page, width=375, height=812, touch=True, dark=True)
    seen.page.wait_for_selector("html[data-ready]")
    assert seen.overflow_px <= 0
    seen.check_clean()
