"""An evaluation, a comparison or a datasheet in a folder: its page in three forms, its figures."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from geoguess_cli.drawing.saving import figure_svg, save_figure
from geoguess_cli.evaluation.comparison import Comparison
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.files import replacing, write_text
from geoguess_cli.report.comparison_page import comparison_page
from geoguess_cli.report.content import Page
from geoguess_cli.report.datasheet import Datasheet
from geoguess_cli.report.datasheet_figures import datasheet_figures
from geoguess_cli.report.datasheet_page import datasheet_page
from geoguess_cli.report.evaluation_page import report_page
from geoguess_cli.report.figures import comparison_figure, figures_of
from geoguess_cli.report.rendering import Image, render_markdown, render_page

_MAPS = frozenset({"errors", "places"})


def write_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """The files written: report.json, .md and .html, predictions.parquet, and a PNG a figure.

    Args:
        evaluation: What to write.
        folder: Where to write it; it is made if need be.
    """
    page, record = report_page(evaluation.report), evaluation.report.record()
    files = _write_page("report", page, record, figures_of(evaluation), folder)
    with replacing(folder / "predictions.parquet") as temporary, temporary.open("wb") as file:
        evaluation.predictions.write_parquet(file)
    return [*files, folder / "predictions.parquet"]


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """The files written: comparison.json, .md and .html, and a PNG of its figure.

    Args:
        comparison: What to write.
        folder: Where to write it; it is made if need be.
    """
    figures = {"shares": lambda: comparison_figure(comparison)}
    page, record = comparison_page(comparison), comparison.record()
    return _write_page("comparison", page, record, figures, folder)


def write_datasheet(sheet: Datasheet, folder: Path) -> list[Path]:
    """The files written: card.json, .md and .html, and a PNG a figure.

    Args:
        sheet: What to write.
        folder: Where to write it; it is made if need be.
    """
    figures = datasheet_figures(sheet)
    return _write_page("card", datasheet_page(sheet), sheet.record(), figures, folder)


def _write_page(
    name: str,
    page: Page,
    record: Mapping[str, Any],
    figures: Mapping[str, Callable[[], Figure]],
    folder: Path,
) -> list[Path]:
    """A page in three forms, and its figures."""
    images, files = {}, []
    for stem, draw in figures.items():
        figure, path = draw(), folder / f"{stem}.png"
        save_figure(figure, path)
        files.append(path)
        if stem in _MAPS:
            images[stem] = Image(path.read_bytes(), "png")
        else:
            figure.suptitle("")  # the page has a heading of its own there
            images[stem] = Image(figure_svg(figure), "svg")
    texts = {
        f"{name}.json": json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        f"{name}.md": render_markdown(page, pictures=images),
        f"{name}.html": render_page(page, images),
    }
    for file, text in texts.items():
        write_text(text, folder / file)
    return [*files, *(folder / file for file in texts)]
