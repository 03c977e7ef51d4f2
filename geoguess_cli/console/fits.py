"""The validation pass of `calibrate` with its progress bar, and the tables of its result."""

from typing import TYPE_CHECKING

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.config import Config
from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.photos.table import PhotoTable


def fit_on_validation(
    predictor: "Predictor", table: "PhotoTable", config: Config, sink: Sink
) -> "Fit":
    """Temperature and point method, from the photos of the split `val`; with a progress bar."""
    from geoguess_cli import api

    with sink.progress() as bar:
        task = bar.add_task("calibrating", total=table.splits["val"])
        return api.fit_on_validation(
            predictor,
            table,
            batch_size=config.train.batch_size,
            workers=config.workers,
            on_batch=lambda done: bar.update(task, completed=done),
        )


def show_fit(fit: "Fit", sink: Sink) -> None:
    """The figures of a fit as two tables, not with --json; a warning where they tell little."""

    if fit.before is None or fit.after is None:
        sink.warn(f"not calibrated: {fit.reason}; `geoguess calibrate` takes other photos")
        return
    if fit.reason:
        sink.warn(f"the temperature is {fit.decision.temperature:g}: {fit.reason}")
    if sink.as_json:
        return
    temperature = fit.decision.temperature
    figures = {"at temperature 1": fit.before, f"at {temperature:.3f}": fit.after}
    if temperature == 1:
        figures.popitem()
    sink.text("")
    sink.table(
        ("", *figures),
        [
            ("log loss, nats", *(f"{one.nll:.3f}" for one in figures.values())),
            ("Brier score", *(f"{one.brier:.3f}" for one in figures.values())),
            ("calibration error", *(f"{one.ece:.1%}" for one in figures.values())),
        ],
        title=f"temperature {temperature:.3f}, "
        f"judged by {fit.covered} validation photos of {fit.sequences} sequences",
        right=tuple(figures),
    )
    sink.text("")
    sink.table(
        ("point estimate", "median distance", ""),
        [
            (
                POINT_METHODS[method],
                f"{km:,.1f} km",
                "least" if method == fit.decision.point else "",
            )
            for method, km in fit.median_km.items()
        ],
        right=("median distance",),
    )
