"""The figures of distances: photos placed within each distance, and the map of errors."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from geoguess_cli.drawing import theme
from geoguess_cli.drawing.lettering import halo
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, great_circle_km
from geoguess_cli.maps.figures import errors_map
from geoguess_cli.report.charts import FULL, headed, note
from geoguess_cli.wording import counted, kilometres, percent

_STEPS = 2000  # greatest number of steps of a curve

MAPPED = 3000
"""Greatest number of photos on the map of errors: more lines would hide each other."""


def distances_of(evaluation: Evaluation) -> Figure:
    """The figure of distances of an evaluation, beside the best constant guess."""
    rows, best = evaluation.answered, evaluation.report.baselines.best_constant
    truths = rows.select("latitude", "longitude").to_numpy()
    constant = np.array([[best.latitude.value, best.longitude.value]])
    return distance_figure(
        rows["distance_km"].to_numpy(), baseline_km=great_circle_km(truths, constant)
    )


def errors_of(evaluation: Evaluation) -> Figure:
    """The map of errors; of many photos it shows some, drawn at random."""
    rows = evaluation.answered
    truths = rows.select("latitude", "longitude").to_numpy()
    estimates = rows.select("estimate_latitude", "estimate_longitude").to_numpy()
    count = len(rows)
    if count <= MAPPED:
        return errors_map(truths, estimates)
    some = np.sort(np.random.default_rng(0).choice(count, MAPPED, replace=False))
    title = f"Errors of {MAPPED:,} of {count:,} photos, drawn at random"
    return errors_map(truths[some], estimates[some], title=title)


@theme.styled
def distance_figure(
    distances_km: Float[np.ndarray, " n"],
    *,
    baseline_km: Float[np.ndarray, " n"] | None = None,
    title: str = "",
) -> Figure:
    """Share of the photos placed within each distance of the truth, the five radii marked.

    Args:
        distances_km: From the point estimate to the truth, one a photo, in km; at least one.
        baseline_km: The distances of the best constant guess, drawn as a dashed line.
        title: Heading (default: how many photos there are).
    """
    figure = theme.new_figure(6.4, 3.9)
    figure.set_layout_engine("constrained", h_pad=0.08, w_pad=0.08)
    ax = figure.subplots()
    least, most = 0.1, np.pi * EARTH_RADIUS_KM
    if baseline_km is not None:
        dashed: dict[str, Any] = {"color": theme.MUTED, "linewidth": 1.2, "linestyle": (0, (4, 2))}
        curve = _shares(baseline_km, least, most)
        ax.step(*curve, where="post", label="best constant guess", gid="baseline", **dashed)
    curve = _shares(distances_km, least, most)
    ax.step(*curve, where="post", label="point estimate", gid="estimate", color=theme.BLUE)
    _mark_radii(ax, distances_km)
    ax.set_xscale("log")
    ax.set(xlim=(least, most), ylim=(0, 1.0))
    ax.grid(axis="y")
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,}".removesuffix(".0")))
    ax.yaxis.set_major_formatter(FULL)
    ax.set(xlabel="distance from the truth, in km", ylabel="photos within that distance")
    ax.legend(loc="upper left")
    heading = title or f"Accuracy within a distance, {counted(len(distances_km), 'photo')}"
    return headed(figure, heading)


def _mark_radii(ax: Axes, distances_km: Float[np.ndarray, " n"]) -> None:
    """Name the five radii above the curve, and write the share of photos within each."""
    for name, radius in RADII_KM.items():
        ax.axvline(radius, color=theme.RULE, linewidth=0.8, zorder=1)
        ax.text(
            radius,
            1.02,
            f"{name}\n{kilometres(radius)}",
            transform=ax.get_xaxis_transform(),
            ha="center",
            fontsize=theme.TINY,
            color=theme.MUTED,
        )
        share = float(np.mean(distances_km <= radius))
        below = share > 0.93  # above it would stand in the names of the radii
        ax.plot([radius], [share], marker="o", markersize=4.5, color=theme.BLUE, gid="radius")
        offset, ha, va = ((5, -5), "left", "top") if below else ((-5, 4), "right", "baseline")
        note(ax, percent(share), (radius, share), offset, ha=ha, va=va, path_effects=halo())


def _shares(
    distances: Float[np.ndarray, " n"], least: float, most: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distances in order and the share of photos within each, from one end of the axis on.

    Of many photos some are left out: a step of the curve is thinner than its line.
    """
    ordered = np.sort(distances)
    share = np.arange(1, len(ordered) + 1) / len(ordered)
    start = float(np.mean(ordered <= least))
    inside = np.flatnonzero(ordered > least)
    inside = inside[np.linspace(0, len(inside) - 1, min(len(inside), _STEPS)).astype(int)]
    return (
        np.concatenate([[least], ordered[inside], [most]]),
        np.concatenate([[start], share[inside], [1.0]]),
    )
