"""An evaluation, or a comparison, in a folder: its page in three forms, its figures, its rows."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from geoguess_cli.drawing import theme
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.files import replacing, write_text
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.maps.figures import errors_map
from geoguess_cli.report import figures as draw
from geoguess_cli.report.comparison_page import comparison_page
from geoguess_cli.report.content import Page
from geoguess_cli.report.evaluation_page import report_page
from geoguess_cli.report.markdown import render_markdown
from geoguess_cli.report.rendering import Image, render_page
from geoguess_cli.report.training_curves import distance_figure

MAPPED = 3000
"""Photos on the map of errors at most."""

_MAPS = frozenset({"errors"})


def write_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """The files written: report.json, .md and .html, predictions.parquet, and a PNG a figure.

    Args:
        evaluation: What to write.
        folder: Where; it is made if need be.
    """
    page = report_page(evaluation.report)
    written = _write_page("report", page, evaluation.report, figures_of(evaluation), folder)
    with replacing(folder / "predictions.parquet") as temporary:
        evaluation.predictions.write_parquet(temporary)
    return [*written, folder / "predictions.parquet"]


def write_comparison(comparison: Mapping[str, Any], folder: Path) -> list[Path]:
    """The files written: comparison.json, .md and .html, and a PNG of its figure.

    Args:
        comparison: As `inference.comparison.compare` gives it.
        folder: Where; it is made if need be.
    """
    made = {"shares": lambda: draw.comparison_figure(comparison)}
    return _write_page("comparison", comparison_page(comparison), comparison, made, folder)


def _write_page(
    name: str,
    page: Page,
    values: Mapping[str, Any],
    figures: Mapping[str, Callable[[], Figure]],
    folder: Path,
) -> list[Path]:
    """A page in three forms, and its figures."""
    images, written = {}, []
    for stem, make in figures.items():
        figure, path = make(), folder / f"{stem}.png"
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=theme.DPI)
        written.append(path)
        images[stem] = Image(path.read_bytes(), "png") if stem in _MAPS else _as_svg(figure)
    texts = {
        f"{name}.json": json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        f"{name}.md": render_markdown(page, pictures=images),
        f"{name}.html": render_page(page, images),
    }
    for file, text in texts.items():
        write_text(text, folder / file)
    return [*written, *(folder / file for file in texts)]


def figures_of(evaluation: Evaluation) -> dict[str, Callable[[], Figure]]:
    """How to draw each figure of an evaluation, by the name of its file."""
    report, rows = evaluation.report, evaluation.answered
    truth = rows.select("latitude", "longitude").to_numpy()
    estimates = rows.select("estimate_latitude", "estimate_longitude").to_numpy()
    best = report["baselines"]["best_constant"]
    constant = np.array([[best["latitude"]["value"], best["longitude"]["value"]]])
    made: dict[str, Callable[[], Figure]] = {
        "distances": lambda: distance_figure(
            rows["distance_km"].to_numpy(), baseline_km=great_circle_km(truth, constant)
        ),
        "errors": lambda: _errors_map(truth, estimates),
        "reliability": lambda: draw.reliability_figure(report["calibration"]),
        "recall_area": lambda: draw.recall_area_figure(report["recall_area"]),
        "risk_coverage": lambda: draw.risk_coverage_figure(report["risk_coverage"]),
        "point_estimates": lambda: draw.point_estimates_figure(report["point_estimates"]),
        "by_state": lambda: draw.state_figure(report["by_state"]),
    }
    if report["by_distance_to_train"] is not None:
        near = report["by_distance_to_train"]
        made["train_distance"] = lambda: draw.train_distance_figure(near)
    return made


def _errors_map(truth: np.ndarray, estimates: np.ndarray) -> Figure:
    """Of many photos some, drawn at random: thousands of lines hide each other."""
    count = len(truth)
    if count <= MAPPED:
        return errors_map(truth, estimates)
    rows = np.sort(np.random.default_rng(0).choice(count, MAPPED, replace=False))
    title = f"Errors of {MAPPED:,} of {count:,} photos, drawn at random"
    return errors_map(truth[rows], estimates[rows], title=title)


def _as_svg(figure: Figure) -> Image:
    figure.suptitle("")  # the page has a heading of its own there
    buffer = io.BytesIO()
    # Neither a random name nor the date: the same report is the same page.
    with matplotlib.rc_context({"svg.hashsalt": "geoguess"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return Image(buffer.getvalue(), "svg")
