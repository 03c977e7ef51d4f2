"""The validation pass of `calibrate` with its progress bar, and the tables of its result."""

from typing import TYPE_CHECKING

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.config import Config
from geoguess_cli.console.output import Sink
from geoguess_cli.wording import byte_size, counted, kilometres, number, tenths_of_percent

if TYPE_CHECKING:
    from geoguess_cli.evaluation.fitting import Fit
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.model.memory import Memory
    from geoguess_cli.photos.table import PhotoTable


def fit_on_validation(
    predictor: "Predictor",
    table: "PhotoTable",
    config: Config,
    sink: Sink,
    *,
    memory: bool = False,
) -> "Fit":
    """Temperature and point method, from the photos of the split `val`; with a progress bar.

    With `memory` the features of the photos of the split `train` too.
    """
    from geoguess_cli import api

    with sink.counter("calibrating") as move:
        return api.fit_on_validation(
            predictor,
            table,
            batch_size=config.train.batch_size,
            workers=config.workers,
            memory=memory,
            on_batch=move,
        )


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
    groups = fit.redundancy
    if groups is not None:
        sink.text("")
        sink.table(
            ("photos of one sequence, together", "log loss, nats"),
            [
                ("as if independent (redundancy 0)", number(groups.nll_product, "score")),
                ("as if all said the same (1)", number(groups.nll_mean, "score")),
                (f"at redundancy {groups.value:.2f}", number(groups.nll, "score")),
            ],
            title=f"judged by {groups.groups} validation sequences",
            right=("log loss, nats",),
        )
        if groups.reason:
            sink.warn(f"the redundancy is 1: {groups.reason}")
