"""The served page in a browser: photos in, answers, maps, pins, errors; by mouse, key and thumb."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra `serve`")
pytest.importorskip("bokeh", reason="needs the extra `serve`")

from gates import Gate, until

from geoguess_cli.serve.service import Limits, OcclusionJob, Service

MB = 1_000_000
SOURCE = """(name) => [...Bokeh.documents.at(-1).all_models]
  .find((model) => model.name === name && model.type === "ColumnDataSource")"""
AUSTIN = (30.2672, -97.7431)


@pytest.fixture
def service(color_predictor: Any) -> Iterator[Service]:
    with Service(color_predictor, Limits(uploads=4)) as made:
        yield made


@pytest.fixture
def home(service: Service, serving: Any) -> Iterator[str]:
    """The address of a page of the service."""
    with serving(service) as port:
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def photo(tmp_path: Path, colored_photo: Any) -> Callable[..., str]:
    """Writes a photo of a town's colour, and gives its path."""

    def write(town: str, **options: Any) -> str:
        path = tmp_path / f"{town}-{len(list(tmp_path.iterdir()))}.jpg"
        path.write_bytes(colored_photo(town, **options))
        return str(path)

    return write


@pytest.fixture
def opened(visit: Any, home: str) -> Callable[..., Any]:
    """Opens the page and waits until it listens."""

    def open_page(**options: Any) -> Any:
        seen = visit(home, **options)
        seen.page.wait_for_selector("body[data-ready]")
        return seen

    return open_page


def add(page: Any, *paths: str) -> None:
    page.set_input_files("#files", list(paths))


def answered(page: Any, count: int) -> None:
    page.wait_for_selector(f".tile[data-state=answered] >> nth={count - 1}")


def drawn(page: Any, within: str = ".result", count: int = 1) -> None:
    page.wait_for_selector(f"{within} .map[data-ready] >> nth={count - 1}")


def test_a_photo_becomes_guesses_and_a_map(opened: Any, photo: Any, service: Service) -> None:
    seen = opened()
    page = seen.page
    assert page.is_visible("text=Drop photos here")
    assert page.is_hidden("#shelf")
    add(page, photo("Austin"))
    drawn(page)
    assert "Texas" in page.inner_text(".result h2")
    assert page.locator(".result .guesses li").count() == 4
    assert page.locator(".result canvas").count() > 0
    polygons = page.evaluate(f"({SOURCE})('cells').get_length()")
    assert polygons == len(service.partition)
    assert "Texas" in page.inner_text("#live")
    assert seen.overflow_px == 0
    seen.check_clean()


def test_a_cell_tells_its_figures_under_the_pointer(opened: Any, photo: Any) -> None:
    seen = opened()
    page = seen.page
    add(page, photo("Austin"))
    drawn(page)
    x, y = page.evaluate(
        f"""() => {{
          const source = ({SOURCE})("estimate");
          const plot = [...Bokeh.documents.at(-1).all_models].find((one) => one.name === "map");
          const part = (range, value) => (value - range.start) / (range.end - range.start);
          return [part(plot.x_range, source.get_column("x")[0]),
                  1 - part(plot.y_range, source.get_column("y")[0])];
        }}"""
    )
    box = page.locator(".result .map").bounding_box()
    for step in (0, 2):
        page.mouse.move(box["x"] + x * box["width"] + step, box["y"] + y * box["height"] + step)
    tip = page.locator("text=5 training photos")
    tip.first.wait_for()
    weight = page.locator("text=/Austin, Texas/").last
    assert weight.evaluate("(element) => getComputedStyle(element).fontWeight") == "600"
    seen.check_clean()


def test_what_can_be_taken_away(opened: Any, photo: Any) -> None:
    seen = opened()
    add(seen.page, photo("Salem"))
    drawn(seen.page)
    starts = {"Map (HTML)": b"<!", "Map (PNG)": b"\x89PNG", "GeoJSON": b"{", "JSON": b"{"}
    for name, start in starts.items():
        with seen.page.expect_download() as download:
            seen.page.click(f".files >> text='{name}'")
        content = Path(download.value.path()).read_bytes()
        assert content.lstrip().startswith(start), name
        assert download.value.suggested_filename.startswith("Salem-0")
    seen.check_clean()


def test_the_occlusion_map_fills_in_and_can_be_hidden(
    opened: Any, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(service, monkeypatch)
    picture = Image.new("RGB", (64, 64), (120, 120, 120))
    picture.paste((255, 0, 0), (0, 0, 30, 30))
    picture.save(tmp_path / "corner.png")
    seen = opened()
    page = seen.page
    add(page, str(tmp_path / "corner.png"))
    gate.let(1)
    page.click("text=Show what the answer rests on")
    page.wait_for_selector(".overlay:not([hidden])")
    page.wait_for_selector("text=/\\d+ of 169 windows/")
    first = page.get_attribute(".overlay", "src")
    gate.open()
    page.wait_for_selector("text=Figure (PNG)")
    assert page.get_attribute(".overlay", "src") != first
    assert page.is_visible(".legend")
    page.click("text=Hide the map")
    assert page.is_hidden(".overlay")
    page.click("text=Show the map")
    assert page.is_visible(".overlay")
    seen.check_clean()


def test_stopping_or_leaving_frees_the_server(
    opened: Any, photo: Any, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(service, monkeypatch)

    def freed(job: OcclusionJob) -> bool:
        """Whether the map ends before it is complete, once its batches may go on."""
        until(lambda: job.cancelled)
        gate.open()
        until(lambda: job.finished)
        return job.latest is not None and job.latest.done < job.latest.total

    seen = opened()
    page = seen.page
    add(page, photo("Austin"))
    gate.let(1)
    page.click("text=Show what the answer rests on")
    page.wait_for_selector(".overlay:not([hidden])")
    page.click("text='Stop'")
    page.wait_for_selector("text=Stopped before the map was complete.")
    assert freed(gate.jobs[0])
    gate.let(1)
    page.click("text=Show again")
    page.wait_for_selector("text=/of 169 windows/")
    page.goto("about:blank")
    assert freed(gate.jobs[1])
    until(lambda: len(service.photos) == 0)


def test_guess_first_scores_both(opened: Any, photo: Any) -> None:
    seen = opened()
    page = seen.page
    page.check("#guess-first")
    add(page, photo("Austin", gps=AUSTIN))
    drawn(page, ".pinning")
    assert page.locator("text=Texas").count() == 0, "the answer must not show before the pin"
    assert page.is_disabled("text=This is my guess")
    box = page.locator(".pinning .map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".where:has-text('° N')")
    page.click("text=This is my guess")
    page.wait_for_selector("text=geoguess was nearer")
    assert page.locator(".scores > div").count() == 2
    assert page.inner_text(".scores .model strong") == "5,000"
    assert page.inner_text(".scores .person strong") != "5,000"
    drawn(page)
    named = page.evaluate(
        "[...Bokeh.documents.at(-1).all_models].find((model) => model.name === 'map')"
        ".renderers.map((one) => one.data_source.name)"
    )
    assert named[-1] == "pin"
    assert page.evaluate("Bokeh.documents.length") == 1, "the map of the pin is still there"
    seen.check_clean()


def test_the_pin_says_where_it_is(opened: Any, photo: Any, service: Service) -> None:
    """What is under a tap is found by the server on the plane that the map is drawn on."""
    seen = opened()
    page = seen.page
    page.check("#guess-first")
    add(page, photo("Boise"))
    drawn(page, ".pinning")
    middles = page.evaluate(
        f"""() => {{
          const source = ({SOURCE})("cells");
          const mean = (values) => values.reduce((a, b) => a + b) / values.length;
          const middle = (row) => ["xs", "ys"].map((name) =>
            mean(Array.from(source.get_column(name)[row]).filter(Number.isFinite)));
          return Array.from({{length: source.get_length()}}, (_, row) => middle(row));
        }}"""
    )
    for index, (x, y) in enumerate(middles):
        place = page.evaluate(f"fetch('/api/pin-map/place?x={x}&y={y}').then((r) => r.json())")
        latlng = np.array([[place["latitude"], place["longitude"]]])
        assert service.partition.assign(latlng)[0] == index


def test_without_truth_there_is_no_score_until_it_is_said(opened: Any, photo: Any) -> None:
    seen = opened()
    page = seen.page
    page.check("#guess-first")
    add(page, photo("Austin"))
    drawn(page, ".pinning")
    page.keyboard.press("ArrowUp")
    page.wait_for_selector(".where:has-text('° N')")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Your pin is at")
    assert page.locator(".scores").count() == 0
    page.click("text=Do you know where it was taken?")
    page.fill("input[name=truth]", "somewhere")
    page.click("text='Set'")
    page.wait_for_selector("text=Type a latitude and a longitude")
    page.fill("input[name=truth]", "30.2672, -97.7431")
    page.click("text='Set'")
    page.wait_for_selector("text=geoguess was nearer")
    assert page.inner_text(".scores .model strong") == "5,000"
    seen.check_clean()


def test_the_truth_can_be_a_pin(opened: Any, photo: Any) -> None:
    seen = opened()
    page = seen.page
    add(page, photo("Austin"))
    drawn(page)
    page.click("text=Do you know where it was taken?")
    page.click("text=Pin it on the map")
    drawn(page, ".pinning")
    page.keyboard.press("ArrowUp")
    page.click("text=It was here")
    page.wait_for_selector(".scores .model")
    assert page.locator(".scores > div").count() == 1
    seen.check_clean()


def test_what_is_no_photo_is_said_beside_its_name(opened: Any, photo: Any, tmp_path: Path) -> None:
    seen = opened()
    page = seen.page
    notes, large = tmp_path / "notes.txt", tmp_path / "large.jpg"
    notes.write_text("no photo")
    with large.open("wb") as file:
        file.truncate(200 * MB)  # sparse: takes no room
    add(page, str(notes), str(large), photo("Boise"))
    answered(page, 1)
    page.wait_for_selector(".tile[data-state=failed] >> nth=1")
    said = {
        tile.locator(".name").inner_text(): tile.locator(".said").inner_text()
        for tile in page.locator(".tile").all()
    }
    assert said["notes.txt"] == "This file is not a picture of a known kind."
    assert said["large.jpg"] == "The file has 200 MB; the limit is 20 MB."
    assert "Idaho" in said["Boise-2.jpg"]
    page.click("[aria-label='Remove notes.txt']")
    assert page.locator(".tile[data-state=failed]").count() == 1
    # The browser itself notes the refusal of the text; there is nothing else.
    assert seen.foreign == []
    assert [text for text in seen.complaints if "422" not in text] == []


def test_ten_photos_at_once_are_all_answered(opened: Any, photo: Any) -> None:
    """Three go at a time; where the server is busy all the same, they wait and ask again."""
    seen = opened()
    add(seen.page, *(photo(town) for town in ["Austin", "Boise", "Salem", "Helena", "Austin"] * 2))
    answered(seen.page, 10)
    assert seen.page.locator(".tile").count() == 10
    seen.check_clean()


def test_a_busy_server_is_asked_again(opened: Any, photo: Any, service: Service) -> None:
    seen = opened()
    page = seen.page
    with service.admitted(), service.admitted(), service.admitted(), service.admitted():
        add(page, photo("Austin"))
        page.wait_for_selector("text=the server is busy, waiting")
    answered(page, 1)


def test_photos_side_by_side(opened: Any, photo: Any) -> None:
    seen = opened()
    page = seen.page
    add(page, photo("Austin"))
    answered(page, 1)
    assert page.is_hidden("#compare")
    add(page, photo("Salem", gps=AUSTIN), photo("Boise"))
    answered(page, 3)
    page.click("#compare")
    drawn(page, ".compare", 3)
    assert page.get_attribute("#compare", "aria-pressed") == "true"
    heads = page.locator(".compare h2").all_inner_texts()
    for state, head in zip(("Texas", "Oregon", "Idaho"), heads, strict=True):
        assert state in head
    assert page.locator("text=actual distance").count() == 1
    page.click("#compare")
    drawn(page)
    seen.check_clean()


def test_everything_by_keyboard(opened: Any, photo: Any) -> None:
    seen = opened()
    page = seen.page
    # Listen from the start: a browser asked for its chooser too late opens one of its own.
    page.on("filechooser", lambda chooser: chooser.set_files(photo("Austin", gps=AUSTIN)))

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("(s) => document.activeElement.matches(s)", selector):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    tab_to("#guess-first")
    page.keyboard.press("Space")
    assert page.is_checked("#guess-first")
    tab_to("#files")
    outlined = "getComputedStyle(document.querySelector('.drop')).outlineStyle"
    assert page.evaluate(outlined) == "solid", "the focus must be seen"
    page.keyboard.press("Space")
    drawn(page, ".pinning")
    tab_to(".pinning .map")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".where:has-text('° N')")
    before = page.inner_text(".where")
    page.keyboard.press("Shift+ArrowDown")
    page.wait_for_selector(f".where:not(:has-text('{before.partition(':')[0]}'))")
    page.keyboard.press("Enter")
    page.wait_for_selector(".scores .person")
    assert "nearer" in page.inner_text("#live")
    drawn(page)
    tab_to(".explain button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Figure (PNG)")
    assert "complete" in page.inner_text("#live")
    page.keyboard.press("Shift+Tab")
    tab_to(".tile .remove")
    page.keyboard.press("Enter")
    page.wait_for_selector(".tile", state="detached")
    assert page.evaluate("document.activeElement.id") == "files"
    seen.check_clean()


def test_at_phone_width_nothing_overflows(opened: Any, photo: Any, tmp_path: Path) -> None:
    seen = opened(width=375, height=812, dark=True, touch=True)
    page = seen.page
    assert seen.overflow_px <= 0
    (tmp_path / "a-text-with-a-very-long-name-that-says-nothing-at-all.txt").write_text("x")
    add(page, photo("Austin", gps=AUSTIN), photo("Salem"), *map(str, tmp_path.glob("*.txt")))
    drawn(page)
    page.wait_for_selector(".tile[data-state=failed]")
    assert seen.overflow_px <= 0
    page.click("text=Show what the answer rests on")
    page.wait_for_selector("text=Figure (PNG)")
    assert seen.overflow_px <= 0
    page.click("#compare")
    drawn(page, ".compare", 2)
    assert seen.overflow_px <= 0
    page.check("#guess-first")
    add(page, photo("Boise"))
    answered(page, 3)
    page.click(".pick:has-text('your guess?')")
    drawn(page, ".pinning")
    box = page.locator(".pinning .map").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".where:has-text('° N')")
    assert seen.overflow_px <= 0
    assert [text for text in seen.complaints if "422" not in text] == []


def test_a_name_is_text_never_markup(opened: Any, tmp_path: Path, colored_photo: Any) -> None:
    seen = opened()
    path = tmp_path / "<img src=x onerror=alert(1)>.jpg"
    path.write_bytes(colored_photo("Austin"))
    add(seen.page, str(path))
    drawn(seen.page)
    assert seen.page.inner_text(".tile .name") == path.name
    assert seen.page.locator("img[src=x]").count() == 0
    seen.check_clean()


def test_a_style_or_a_script_of_somebody_else_does_nothing(opened: Any) -> None:
    seen = opened()
    page = seen.page
    page.evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend",
            `<style>body { opacity: 0.5 }</style>
             <p style="color: rgb(255, 0, 0)" onclick="window.ran = 1" id="guest">guest</p>`);
          const script = document.createElement("script");
          script.textContent = "window.ran = 2";
          document.body.append(script);
        }"""
    )
    page.click("#guest")
    assert page.evaluate("window.ran ?? 0") == 0
    assert page.evaluate("getComputedStyle(document.body).opacity") == "1"
    color = page.evaluate("getComputedStyle(document.getElementById('guest')).color")
    assert color != "rgb(255, 0, 0)"
    assert len(seen.complaints) == 4
    assert all("Content Security Policy" in text for text in seen.complaints)
