"""The page of an evaluation in a browser: alone, legible, light and dark."""

from pathlib import Path

import pytest

from geoguess_cli.report.files import write_evaluation


@pytest.fixture(scope="module")
def page(made_evaluation, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    write_evaluation(made_evaluation, folder)
    moved = tmp_path_factory.mktemp("alone") / "report.html"  # its neighbours stay behind
    moved.write_bytes((folder / "report.html").read_bytes())
    return moved


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 375, 320])
def test_it_needs_no_one_and_fits(visit, page: Path, width: int, dark: bool) -> None:
    seen = visit(page, width=width, height=812, dark=dark, touch=width < 500)
    seen.check_clean()
    assert seen.overflow_px <= 0
    broken = seen.page.evaluate(
        "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    )
    assert broken == 0
    assert seen.page.evaluate("document.images.length") == 8


def test_text_is_large_enough_on_a_phone(visit, page: Path) -> None:
    seen = visit(page, width=375, height=812, touch=True)
    smallest = seen.page.evaluate(
        """Math.min(...[...document.querySelectorAll('p, td, th, small, dt, a')]
           .map(part => parseFloat(getComputedStyle(part).fontSize)))"""
    )
    assert smallest >= 12
    # Charts keep at least 480 px, so that their type of 8 points is no smaller than 9 px.
    charts = "[...document.querySelectorAll('img.chart')]"
    assert seen.page.evaluate(f"Math.min(...{charts}.map(chart => chart.clientWidth))") >= 480


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground(visit, page: Path, dark: bool) -> None:
    seen = visit(page, dark=dark)
    contrast = seen.page.evaluate(
        """() => {
          const light = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number)
            .map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const ground = light(getComputedStyle(document.body).backgroundColor);
          return Math.min(...[...document.querySelectorAll('p, td, small, a, dt')].map(part => {
            const ink = light(getComputedStyle(part).color);
            return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
          }));
        }"""
    )
    assert contrast >= 4.5  # WCAG 2.1, level AA


def test_its_contents_lead_there(visit, page: Path) -> None:
    seen = visit(page)
    seen.page.click("nav a[href='#calibration']")
    section = "document.getElementById('calibration')"
    assert 0 <= seen.page.evaluate(f"{section}.getBoundingClientRect().top") < 40
