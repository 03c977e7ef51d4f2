"""The validation pass of `calibrate` with its progress bar, and the tables of its result."""

from typing import TYPE_CHECKING

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.config import Config
from geoguess_cli.console.output import Sink
from geoguess_cli.wording import byte_size, counted, kilometres, number, tenths_of_percent

if TYPE_CHECKING:
    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.evaluation.redundancy import Redundancy
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.model.memory import Memory
    from geoguess_cli.photos.table import PhotoTable


def fit_on_validation(
    predictor: "PhotoPredictor",
    table: "PhotoTable",
    config: Config,
    sink: Sink,
    *,
    memory: bool | None = None,
    views: "PhotoPredictor | None" = None,
) -> "Fit":
    """Temperature and point method, from the photos of the split `val`; with a progress bar.

    With `memory` the features of the photos of the split `train` too; with `views`, the same
    model that looks at several views of a photo, how alike those are.
    """
    from geoguess_cli import api

    how = {"batch_size": config.train.batch_size, "workers": config.workers}
    with sink.counter("calibrating") as move:
        fit = api.fit_on_validation(predictor, table, **how, memory=memory, on_batch=move)
    if views is None or fit.before is None:
        return fit
    with sink.counter("looking at views") as move:
        return api.fit_views(fit, views, table, **how, on_batch=move)


def show_memory(memory: "Memory | None", sink: Sink) -> None:
    """Say how large the memory of a model is, if one was made."""
    if memory is not None:
        sink.notice(
            f"the model carries the features of {counted(len(memory), 'training photo')}: "
            f"{byte_size(memory.size)}"
        )


def show_fit(fit: "Fit", sink: Sink) -> None:
    """Print a fit as two tables, but not with --json; warn if the fit rests on little."""
    if fit.before is None or fit.after is None:
        sink.warn(f"not calibrated: {fit.reason}; run `geoguess calibrate` with other photos")
        return
    if fit.reason:
        sink.warn(f"the temperature is {fit.decision.temperature:g}: {fit.reason}")
    if sink.as_json:
        return
    temperature = fit.decision.temperature
    sides = {"at temperature 1": fit.before, f"at {temperature:.3f}": fit.after}
    if temperature == 1:
        sides.popitem()
    sink.text("")
    sink.table(
        ("", *sides),
        [
            ("log loss, nats", *(number(side.nll, "score") for side in sides.values())),
            ("Brier score", *(number(side.brier, "score") for side in sides.values())),
            ("calibration error", *(tenths_of_percent(side.ece) for side in sides.values())),
        ],
        title=f"temperature {temperature:.3f}, "
        f"judged by {fit.covered} validation photos of {fit.sequences} sequences",
        right=tuple(sides),
    )
    sink.text("")
    sink.table(
        ("point estimate", "median distance", ""),
        [
            (
                POINT_METHODS[method],
                kilometres(km, decimals=1),
                "least" if method == fit.decision.point else "",
            )
            for method, km in fit.median_km.items()
        ],
        right=("median distance",),
    )
    if fit.redundancy is not None:
        _show_redundancy(
            fit.redundancy,
            "photos of one sequence, together",
            f"{fit.redundancy.groups} validation sequences",
            sink,
        )
    if fit.views is not None:
        _show_redundancy(
            fit.views,
            f"{fit.views_seen} views of a photo, together",
            f"{fit.views.groups} validation photos",
            sink,
        )


def _show_redundancy(own: "Redundancy", what: str, judged_by: str, sink: Sink) -> None:
    """A table of the log loss by the redundancy, with a warning if too few decided it."""
    sink.text("")
    sink.table(
        (what, "log loss, nats"),
        [
            ("as if independent (redundancy 0)", number(own.nll_product, "score")),
            ("as if all said the same (1)", number(own.nll_mean, "score")),
            (f"at redundancy {own.value:.2f}", number(own.nll, "score")),
        ],
        title=f"judged by {judged_by}",
        right=("log loss, nats",),
    )
    if own.reason:
        sink.warn(f"the redundancy is 1: {own.reason}")
