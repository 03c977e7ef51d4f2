"""`geoguess eval`: how good a model is on photos that it has not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.evaluations import show_comparison, show_report
from geoguess_cli.console.inputs import check_leaks, photos_of_split, read_photos
from geoguess_cli.console.models import load_predictor
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import ANSWERING, configured

if TYPE_CHECKING:
    from geoguess_cli.evaluation.evaluation import Evaluation
    from geoguess_cli.evaluation.report import Report
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.model.described import DescribedModel
    from geoguess_cli.model.processes import Processes


@configured("photos", *ANSWERING, helped=True)
def evaluate(
    *,
    model: options.ModelOption = None,
    split: options.Split = "test",
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--compare",
            metavar="A B",
            help="Two models to compare on the same photos, in place of --model.",
        ),
    ] = None,
    group_by: options.GroupByOption = None,
    views: options.ViewsOption = 1,
    within: options.WithinOption = None,
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
    config: Config,
    sink: Sink,
    processes: "Processes | None",
) -> None:
    """Measure accuracy, distance and calibration, each with its interval, beside chance.

    The report is written as a page, as Markdown and as JSON; docs/metrics.md defines every
    statistic.
    """
    from geoguess_cli import api
    from geoguess_cli.evaluation.comparison import compare as compared
    from geoguess_cli.files import check_writable
    from geoguess_cli.hub.address import shown

    if compare is not None and model is not None:
        raise typer.BadParameter("--compare already names two models; leave out --model")
    target = report or config.artifacts / ("eval" if compare is None else "comparison")
    check_writable(target)
    table = read_photos(config.photos, sink, columns=config.columns).table
    photos_of_split(table, split, sink)
    leaks = check_leaks(table, split, sink)

    def evaluated(predictor: "PhotoPredictor") -> "Evaluation":
        with sink.counter("photos") as move:
            evaluation = api.evaluate(
                api.Model(predictor),
                table,
                split=split,
                group_by=group_by,
                leaks=leaks,
                batch_size=config.train.batch_size,
                workers=config.workers,
                on_batch=move,
            )
        for skipped in evaluation.report.skipped:
            sink.warn(f"{skipped.photo}: {skipped.reason}; it counts in no statistic")
        return evaluation

    def load(folder: Path | None) -> "PhotoPredictor":
        return load_predictor(
            config, folder, keeps=True, within=within, views=views, processes=processes
        )

    if compare is None:
        predictor = load(model)
        evaluation = evaluated(predictor)
        api.save(evaluation, target)
        of = evaluation.report
        sink.result(of.record(), lambda: show_report(of, sink))
        sink.wrote("report", target / "report.html")
        _tell(config, predictor.trained, of, target)
        return
    a, b = (evaluated(load(folder)) for folder in compare)
    comparison = compared(a, b, names=(shown(compare[0]), shown(compare[1])))
    api.save(comparison, target)
    sink.result(comparison.record(), lambda: show_comparison(comparison, sink))
    sink.wrote("comparison", target / "comparison.html")


def _tell(config: Config, model: "DescribedModel", report: "Report", folder: Path) -> None:
    """Tell the report to the log of the run that the model comes from, if it is here."""
    run = config.artifacts / "runs" / model.metrics.get("training", {}).get("run", "")
    if config.train.log and run.is_dir():
        from geoguess_cli.training.log import open_log

        open_log(config.train.log, run).tell("report", report.record() | {"folder": str(folder)})
