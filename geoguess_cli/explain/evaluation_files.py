"""An evaluation in a folder: the report in three forms, its figures, one row a photo."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from geoguess_cli.explain import evaluation_figures as draw
from geoguess_cli.explain import theme
from geoguess_cli.explain.figures import distance_figure
from geoguess_cli.explain.maps import errors_map
from geoguess_cli.explain.report_markdown import render_markdown
from geoguess_cli.explain.report_page import Image, render_page
from geoguess_cli.files import replacing, write_text
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.inference.evaluation import Evaluation

_MAPS = frozenset({"errors"})


def write_evaluation(evaluation: Evaluation, folder: Path) -> list[Path]:
    """The files written: report.json, .md and .html, predictions.parquet, and a PNG a figure.

    Args:
        evaluation: What to write.
        folder: Where; it is made if need be.
    """
    report = evaluation.report
    images, written = {}, []
    for name, make in figures_of(evaluation).items():
        figure = make()
        path = folder / f"{name}.png"
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=theme.DPI)
        written.append(path)
        images[name] = Image(path.read_bytes(), "png") if name in _MAPS else _as_svg(figure)
    texts = {
        "report.json": json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "report.md": render_markdown(report, pictures=images),
        "report.html": render_page(report, images),
    }
    for name, text in texts.items():
        write_text(text, folder / name)
    with replacing(folder / "predictions.parquet") as temporary:
        evaluation.predictions.write_parquet(temporary)
    return [*written, *(folder / name for name in texts), folder / "predictions.parquet"]


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
        "errors": lambda: errors_map(truth, estimates),
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


def _as_svg(figure: Figure) -> Image:
    figure.suptitle("")  # the page has a heading of its own there
    buffer = io.BytesIO()
    # Neither a random name nor the date: the same report is the same page.
    with matplotlib.rc_context({"svg.hashsalt": "geoguess"}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return Image(buffer.getvalue(), "svg")
