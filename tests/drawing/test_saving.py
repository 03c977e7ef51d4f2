"""Figures as files: pages, bytes that do not change, and fonts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from geoguess_cli.drawing.saving import save_figure, save_pages


def pages(count: int) -> Iterator[Figure]:
    for number in range(1, count + 1):
        figure = Figure(figsize=(number, 1))
        figure.text(0.1, 0.1, str(number))
        yield figure


def test_pages_of_a_pdf_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "maps" / "sheet.pdf"
    assert save_pages(pages(3), path) == [path]
    assert len(re.findall(rb"/Type /Page\b", path.read_bytes())) == 3
    assert list(path.parent.iterdir()) == [path]


def test_pages_of_pictures_are_numbered_and_one_is_not(tmp_path: Path) -> None:
    written = save_pages(pages(2), tmp_path / "sheet.png", dpi=50)
    assert [path.name for path in written] == ["sheet-1.png", "sheet-2.png"]
    for number, path in enumerate(written, start=1):
        with Image.open(path) as image:
            assert image.width == 50 * number
    assert save_pages(pages(1), tmp_path / "one.svg") == [tmp_path / "one.svg"]


def test_a_pdf_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    path.write_bytes(b"old")

    def broken() -> Iterator[Figure]:
        yield from pages(1)
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        save_pages(broken(), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_file(tmp_path: Path, ending: str) -> None:
    for name in ("a", "b"):
        (figure,) = pages(1)
        save_figure(figure, tmp_path / f"{name}.{ending}")
    content = (tmp_path / f"a.{ending}").read_bytes()
    assert content == (tmp_path / f"b.{ending}").read_bytes()
    assert b"/Type3" not in content  # journals refuse such fonts
