"""The page of probability maps in a browser: what is drawn, what it says, what it asks for."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from map_worlds import map_of
from PIL import Image

from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.geo.places import describe
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.model.memory import Neighbour
from geoguess_cli.sources.originals import Originals
from geoguess_cli.wording import percent

PHOTO = Image.new("RGB", (300, 200), "seagreen")

MAP = """
const root = Bokeh.documents.find((one) => one.get_model_by_name("map") !== null);
const plot = root.get_model_by_name("map");
const model = (name, type) => [...root.all_models].find(
  (one) => one.name === name && one.type === type);
const cells = model("cells", "ColumnDataSource");
"""
"""Script that finds the models of the map in Bokeh's own document."""


@pytest.fixture(scope="module")
def shown() -> ProbabilityMap:
    """Some dozens of cells around towns of the western United States; sure of Bozeman."""
    towns = np.array([(45.7, -111.0), (35.1, -106.6), (31.0, -97.5), (43.6, -116.2)])
    rng = np.random.default_rng(7)
    latlng = towns[rng.integers(len(towns), size=2500)] + rng.normal(0, 0.8, (2500, 2))
    return answer(build_partition(latlng, max_photos=80, min_photos=15), (45.7, -111.0), "one.jpg")


def answer(partition: Partition, place: tuple[float, float], photo: str) -> ProbabilityMap:
    weight = np.exp(-great_circle_km(np.array([place]), partition.centroids) / 150) + 1e-5
    probabilities = (weight / weight.sum()).astype(np.float32)
    truth = (place[0] + 1, place[1] + 1)
    return map_of(partition, probabilities, truth=truth, photo=photo)


@pytest.fixture(scope="module")
def page(shown: ProbabilityMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write([shown], tmp_path_factory.mktemp("page"))


def write(shown: list[ProbabilityMap], folder: Path) -> Path:
    from geoguess_cli.maps.interactive.map_page import map_page

    path = folder / "map.html"
    path.write_text(map_page(shown, [PHOTO] * len(shown)), encoding="utf-8")
    return path


@pytest.fixture
def opened(visit: Any) -> Any:
    """Opens a page and waits until its map is drawn."""

    def open_page(path: Path, **window: Any) -> Any:
        seen = visit(path, **window)
        seen.page.wait_for_selector("html[data-ready]")
        return seen

    return open_page


def spot_of(page: Any, index: int) -> tuple[float, float]:
    """Where the middle of a cell is in the window, in pixels, by Bokeh's ranges."""
    x, y = page.evaluate(
        f"""(index) => {{ {MAP}
        const middle = (values) => {{
          const known = Array.from(values).filter(Number.isFinite);
          return (Math.min(...known) + Math.max(...known)) / 2;
        }};
        const box = document.getElementById("map").getBoundingClientRect();
        const [x, y] = ["xs", "ys"].map((name) => middle(cells.get_column(name)[index]));
        const {{x_range: across, y_range: up}} = plot;
        return [
          box.left + box.width * (x - across.start) / (across.end - across.start),
          box.bottom - box.height * (y - up.start) / (up.end - up.start),
        ];
        }}""",
        index,
    )
    return x, y


def test_a_page_keeps_to_itself_and_draws_every_cell(
    opened: Any, page: Path, shown: ProbabilityMap
) -> None:
    seen = opened(page)
    drawn = seen.page.evaluate(
        f"""() => {{ {MAP}
        const renderer = model("cells", "GlyphRenderer");
        return [cells.get_length(), renderer.view.indices.count];
        }}"""
    )
    assert drawn == [len(shown.partition)] * 2
    assert seen.page.title().endswith("· one.jpg")
    assert seen.page.locator("#picture img").evaluate("(image) => image.naturalWidth") == 300
    seen.check_clean()
    assert len(seen.requests) == 1


def test_a_map_keeps_its_scale_at_any_size(opened: Any, page: Path) -> None:
    seen = opened(page, width=1000, height=900)
    scales = f"""() => {{ {MAP}
      const {{x_range: x, y_range: y}} = plot;
      return [(x.end - x.start) / plot.inner_width, (y.end - y.start) / plot.inner_height]; }}"""
    across, up = seen.page.evaluate(scales)
    assert across == pytest.approx(up, rel=1e-6)
    seen.page.set_viewport_size({"width": 700, "height": 500})
    seen.page.wait_for_function(f"() => {{ {MAP} return plot.inner_width < 700; }}")
    seen.page.wait_for_timeout(200)
    assert seen.page.evaluate(scales) == pytest.approx([across, across], rel=1e-6)
    seen.page.mouse.move(300, 300)
    seen.page.mouse.wheel(0, -400)
    seen.page.wait_for_timeout(300)
    across, up = seen.page.evaluate(scales)
    assert across == pytest.approx(up, rel=1e-6)


def test_the_pointer_learns_the_figures_of_a_cell(
    opened: Any, page: Path, shown: ProbabilityMap
) -> None:
    seen = opened(page)
    index = int(shown.ranking[2])
    seen.page.mouse.move(*spot_of(seen.page, index))
    text = seen.page.locator(".bk-tooltip-content").inner_text()
    assert shown.partition.tokens[index] in text
    assert percent(float(shown.probabilities[index])) in text
    assert "rank 3" in text
    assert f"{shown.partition.photos[index]} training photos" in text
    assert f"level {shown.partition.levels[index]}" in text
    assert describe(shown.places[index]) in text


def test_the_threshold_hides_the_unlikely(opened: Any, page: Path, shown: ProbabilityMap) -> None:
    seen = opened(page)
    slider = seen.page.locator("#threshold")
    slider.evaluate(
        "(one) => { one.value = 500; one.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    shade = np.sqrt(shown.probabilities / shown.probabilities.max()).round(4)
    kept = np.flatnonzero(shade >= 0.5)
    left = seen.page.evaluate(
        f"() => {{ {MAP} return [...model('cells', 'GlyphRenderer').view.indices]; }}"
    )
    assert left == kept.tolist()
    assert 0 < len(kept) < len(shade)
    text = seen.page.locator("#kept").inner_text()
    assert text.startswith(f"{len(kept)} of {len(shade)} cells shown")
    assert f"with {percent(float(shown.probabilities[kept].sum()))} of the probability" in text
    assert slider.get_attribute("aria-valuetext") == text
    seen.check_clean()


def test_a_guess_highlights_its_cell(opened: Any, page: Path, shown: ProbabilityMap) -> None:
    seen = opened(page)
    buttons = seen.page.locator("#rows button")
    assert buttons.count() == shown.top_k
    index = int(shown.guesses[3])
    buttons.nth(3).click()
    assert buttons.nth(3).get_attribute("aria-pressed") == "true"
    assert seen.page.evaluate(f"() => {{ {MAP} return cells.selected.indices; }}") == [index]
    assert shown.partition.tokens[index] in seen.page.locator("#cell").inner_text()
    box = seen.page.locator("#map").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert spot_of(seen.page, index) == pytest.approx(middle, abs=2)
    buttons.nth(3).click()
    assert buttons.nth(3).get_attribute("aria-pressed") == "false"
    assert seen.page.evaluate(f"() => {{ {MAP} return cells.selected.indices; }}") == []


def test_all_can_be_done_with_the_keyboard(opened: Any, page: Path) -> None:
    seen = opened(page)
    middle = f"""() => {{ {MAP} const {{x_range: x}} = plot;
      return [(x.start + x.end) / 2, x.end - x.start]; }}"""
    reached = []
    for _ in range(12):
        seen.page.keyboard.press("Tab")
        reached.append(seen.page.evaluate("document.activeElement.id || 'guess'"))
        outline = seen.page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
        assert float(outline.removesuffix("px")) >= 2
    assert reached[:5] == ["map", "zoom-in", "zoom-out", "whole", "threshold"]
    assert reached[5] == "guess"
    seen.page.locator("#map").focus()
    seen.page.keyboard.press("0")
    x, width = seen.page.evaluate(middle)
    seen.page.keyboard.press("ArrowRight")
    assert seen.page.evaluate(middle)[0] == pytest.approx(x + 0.15 * width)
    seen.page.keyboard.press("+")
    assert seen.page.evaluate(middle)[1] == pytest.approx(width / 1.5)
    seen.page.keyboard.press("0")
    assert seen.page.evaluate(middle) == pytest.approx([x, width])
    seen.page.locator("#threshold").focus()
    seen.page.keyboard.press("End")
    assert seen.page.locator("#kept").inner_text().startswith("1 of ")
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Tab")
    assert seen.page.locator("#rows [aria-pressed=true]").count() == 1
    seen.page.keyboard.press("Escape")
    assert seen.page.locator("#rows [aria-pressed=true]").count() == 0
    seen.check_clean()


def test_a_click_gives_the_map_the_focus(opened: Any, page: Path) -> None:
    seen = opened(page)
    middle = f"() => {{ {MAP} return (plot.x_range.start + plot.x_range.end) / 2; }}"
    before = seen.page.evaluate(middle)
    box = seen.page.locator("#map").bounding_box()
    seen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert seen.page.evaluate("document.activeElement.id") == "map"
    seen.page.keyboard.press("ArrowLeft")
    assert seen.page.evaluate(middle) < before


def test_edges_are_drawn_where_they_have_room(
    opened: Any, page: Path, shown: ProbabilityMap
) -> None:
    seen = opened(page)
    edges = f"() => {{ {MAP} return model('edges', 'GlyphRenderer').view.indices.count; }}"
    assert seen.page.evaluate(edges) == len(shown.partition)
    for _ in range(12):
        seen.page.locator("#zoom-out").click()
    assert seen.page.evaluate(edges) < len(shown.partition)
    seen.page.locator("#whole").click()
    seen.page.locator("#threshold").focus()
    seen.page.keyboard.press("End")
    assert seen.page.evaluate(edges) == 1  # none around what is hidden
    seen.check_clean()


def test_a_phone_can_read_and_tap_it(opened: Any, page: Path, shown: ProbabilityMap) -> None:
    seen = opened(page, width=375, height=812, touch=True)
    assert seen.overflow_px <= 0
    sizes = seen.page.evaluate(
        """() => [...document.querySelectorAll("body *")]
          .filter((one) => one.checkVisibility() && !["SCRIPT", "STYLE"].includes(one.tagName)
            && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
          .map((one) => parseFloat(getComputedStyle(one).fontSize))"""
    )
    assert len(sizes) > 20
    assert min(sizes) >= 12
    map_box = seen.page.locator("#map").bounding_box()
    picture = seen.page.locator("#picture").bounding_box()
    assert map_box["height"] >= 300
    assert picture["y"] > map_box["y"] + map_box["height"]
    index = int(shown.ranking[0])
    seen.page.touchscreen.tap(*spot_of(seen.page, index))
    seen.page.wait_for_selector("#cell b")
    text = seen.page.locator("#cell").inner_text()
    assert shown.partition.tokens[index] in text
    assert percent(float(shown.probabilities[index])) in text
    seen.check_clean()


def luminance(color: str) -> float:
    """Relative luminance of an opaque `rgb(r, g, b)` (WCAG 2.2)."""
    values = np.array([float(part) for part in re.findall(r"[\d.]+", color)[:3]]) / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_in_light_and_dark(opened: Any, page: Path, dark: bool) -> None:
    seen = opened(page, dark=dark)
    pairs = seen.page.evaluate(
        """() => {
          const ground = (one) => {
            const color = getComputedStyle(one).backgroundColor;
            if (one === document.documentElement || !/, 0\\)$/.test(color)) return color;
            return ground(one.parentElement);
          };
          return [...document.querySelectorAll("body *")]
            .filter((one) => one.checkVisibility() && !["SCRIPT", "STYLE"].includes(one.tagName)
              && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
            .map((one) => [getComputedStyle(one).color, ground(one), one.textContent.slice(0, 30)]);
        }"""
    )
    assert len(pairs) > 20
    for color, ground, text in pairs:
        low, high = sorted((luminance(color), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, text
    page_ground = luminance(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    map_ground = seen.page.evaluate(f"() => {{ {MAP} return plot.background_fill_color; }}")
    rgb = ", ".join(str(int(map_ground[at : at + 2], 16)) for at in (1, 3, 5))
    assert (page_ground < 0.1) == (luminance(f"rgb({rgb})") < 0.1) == dark


def test_a_change_of_theme_repaints_the_map(opened: Any, page: Path) -> None:
    seen = opened(page)
    ground = f"() => {{ {MAP} return plot.background_fill_color; }}"
    before = seen.page.evaluate(ground)
    seen.page.emulate_media(color_scheme="dark")
    seen.page.wait_for_timeout(200)
    assert seen.page.evaluate(ground) != before
    seen.check_clean()


def test_several_photos_take_turns(opened: Any, shown: ProbabilityMap, tmp_path: Path) -> None:
    other = answer(shown.partition, (31.0, -97.5), "two.jpg")
    seen = opened(write([shown, other], tmp_path))
    tabs = seen.page.get_by_role("tab")
    assert tabs.count() == 2
    assert tabs.nth(0).get_attribute("aria-selected") == "true"
    first = seen.page.locator("#heading").inner_text()
    tabs.nth(0).focus()
    seen.page.keyboard.press("ArrowRight")
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    seen.page.wait_for_function(
        "(first) => document.getElementById('heading').textContent !== first", arg=first
    )
    seen.page.wait_for_timeout(500)
    assert "two.jpg" in seen.page.title()
    index = int(other.ranking[0])
    shown_map = seen.page.locator(".canvas:not([hidden])")
    assert shown_map.count() == 1
    seen.page.locator("#rows button").first.click()
    text = seen.page.locator("#cell").inner_text()
    assert other.partition.tokens[index] in text
    assert percent(float(other.probabilities[index])) in text
    seen.check_clean()


def test_training_photos_are_shown_with_what_is_known_of_them(
    opened: Any, shown: ProbabilityMap, tmp_path: Path
) -> None:
    PHOTO.save(tmp_path / "near.png")
    evil = "<b onclick=alert(1)>Ann</b>"
    own = (
        Neighbour("near.png", 45.68, -111.04, evil, "CC BY 4.0", 0.91),
        Neighbour("given/away.jpg", 31.0, -97.5, "", "", 0.5),
    )
    named = replace(shown, answer=replace(shown.answer, neighbours=own))
    path = tmp_path / "map.html"
    from geoguess_cli.maps.interactive.map_page import map_page

    page = map_page([named, shown], [PHOTO, PHOTO], originals=Originals(tmp_path))
    path.write_text(page, encoding="utf-8")
    seen = opened(path)
    section = seen.page.locator("#neighbours")
    assert section.get_by_role("listitem").count() == 2
    first, second = (section.get_by_role("listitem").nth(row) for row in range(2))
    assert first.locator("img").evaluate("(image) => image.naturalWidth") == 240
    assert f"similarity 0.91 · {evil}, CC BY 4.0" in first.inner_text()
    assert "Montana" in first.inner_text()
    assert second.locator("img").count() == 0
    assert "photo not found" in second.inner_text()
    assert "away.jpg" in second.inner_text()
    seen.page.get_by_role("tab").nth(1).click()  # an answer that names none
    seen.page.wait_for_selector("#neighbours", state="hidden")
    seen.check_clean()


def test_a_name_is_never_markup(opened: Any, shown: ProbabilityMap, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)<&script>.jpg"
    seen = opened(write([answer(shown.partition, (45.7, -111.0), evil)], tmp_path))
    assert seen.page.locator("#picture figcaption").inner_text() == evil
    assert evil in seen.page.title()
    assert seen.page.locator("img").count() == 1
    seen.check_clean()


def test_what_a_page_may_not_do_is_forbidden_by_its_policy(opened: Any, page: Path) -> None:
    seen = opened(page)
    tried = """() => fetch("https://example.org/").then(() => "sent", () => "refused")"""
    assert seen.page.evaluate(tried) == "refused"
    assert seen.foreign == []
    assert any("Content Security Policy" in one for one in seen.complaints)
