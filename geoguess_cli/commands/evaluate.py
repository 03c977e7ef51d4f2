"""`geoguess eval`: how good a model is on photos it has not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.console import options
from geoguess_cli.console.evaluations import show_comparison, show_report
from geoguess_cli.console.inputs import (
    check_leaks,
    load_predictor,
    photos_of_split,
    read_photos,
    settings,
)
from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from geoguess_cli.evaluation.evaluation import Evaluation


def evaluate(
    *,
    photos: options.Photos = None,
    model: options.Model = None,
    split: options.Split = "test",
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--compare",
            metavar="A B",
            help="Two model folders side by side on the same photos, in place of --model.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            "--output",
            "-o",
            metavar="DIR",
            help="Folder of the report: page, figures, predictions "
            "(default: ARTIFACTS/eval, or ARTIFACTS/comparison).",
        ),
    ] = None,
    batch_size: options.BatchSize = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    workers: options.Workers = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Measure accuracy, distance and calibration, each with its interval, beside what chance does.

    The report is written as a page, as Markdown and as JSON; docs/metrics.md defines every figure.
    """
    from geoguess_cli.evaluation.comparison import compare as compared
    from geoguess_cli.evaluation.evaluation import evaluate as run
    from geoguess_cli.report.files import write_comparison, write_evaluation

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config,
        photos=photos,
        artifacts=artifacts,
        device=device,
        precision=precision,
        workers=workers,
    )
    if compare is not None and model is not None:
        raise typer.BadParameter("--compare names its two models itself; leave out --model")
    whole = read_photos(chosen.photos, sink)
    table = photos_of_split(whole, split, sink)
    leaks = check_leaks(whole, split, sink)

    def evaluated(folder: Path | None) -> "Evaluation":
        predictor = load_predictor(chosen, folder)
        with sink.progress() as bar:
            task = bar.add_task("photos", total=len(table))
            found = run(
                predictor,
                table,
                split=split,
                training=whole.only("train").latlng if whole.has("split") else None,
                leaks=leaks,
                batch_size=batch_size or chosen.train.batch_size,
                workers=chosen.workers,
                on_batch=lambda done, total: bar.update(task, completed=done, total=total),
            )
        for photo, reason in found.failures:
            sink.warn(f"{photo}: {reason}; it counts in no figure")
        return found

    if compare is not None:
        first, second = compare
        target = report or chosen.artifacts / "comparison"
        comparison = compared(evaluated(first), evaluated(second), names=(str(first), str(second)))
        write_comparison(comparison, target)
        if json:
            sink.json(comparison)
        else:
            show_comparison(comparison, sink)
        sink.wrote("comparison", target / "comparison.html")
        return
    evaluation = evaluated(model)
    target = report or chosen.artifacts / "eval"
    write_evaluation(evaluation, target)
    if json:
        sink.json(evaluation.report)
    else:
        show_report(evaluation.report, sink)
    sink.wrote("report", target / "report.html")
