"""`geoguess eval`: how good a model is on photos it has not seen."""

from pathlib import Path
from typing import Annotated, Any

import typer

from geoguess_cli.commands import _options as options
from geoguess_cli.commands._inputs import (
    check_leaks,
    load_predictor,
    photos_of_split,
    read_photos,
    settings,
)
from geoguess_cli.commands._output import Sink


def evaluate(
    *,
    photos: options.Photos = None,
    model: options.Model = None,
    split: Annotated[
        str, typer.Option("--split", help="Photos to evaluate: test, val, train or all.")
    ] = "test",
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            "--output",
            "-o",
            metavar="DIR",
            help="Folder of the report: page, figures, predictions (default: ARTIFACTS/eval).",
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
    from geoguess_cli.explain.evaluation_files import write_evaluation
    from geoguess_cli.inference.evaluation import evaluate as run

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config,
        photos=photos,
        artifacts=artifacts,
        device=device,
        precision=precision,
        workers=workers,
    )
    whole = read_photos(chosen.photos, sink)
    table = photos_of_split(whole, split, sink)
    leaks = check_leaks(whole, split, sink)
    predictor = load_predictor(chosen, model)
    with sink.progress() as bar:
        task = bar.add_task("photos", total=len(table))
        evaluation = run(
            predictor,
            table,
            split=split,
            training=whole.only("train").latlng if whole.has("split") else None,
            leaks=leaks,
            batch_size=batch_size or chosen.train.batch_size,
            workers=chosen.workers,
            on_batch=lambda done, total: bar.update(task, completed=done, total=total),
        )
    folder = report or chosen.artifacts / "eval"
    write_evaluation(evaluation, folder)
    for photo, reason in evaluation.failures:
        sink.warn(f"{photo}: {reason}; it counts in no figure")
    if json:
        sink.json(evaluation.report)
    else:
        _show(evaluation.report, sink)
    sink.wrote("report", folder / "report.html")


def _show(report: dict[str, Any], sink: Sink) -> None:
    """The figures that matter most, with their intervals."""
    from geoguess_cli.explain.report_wording import shown

    counts, constant = report["counts"], report["baselines"]["best_constant"]
    covered, frequent = report["covered"], report["baselines"]["most_frequent_cell"]
    sink.table(
        ("right cell", "all photos", "covered photos"),
        [
            (f"top-{k}", *(shown(report[over][f"top_{k}"], "share") for over in ("all", "covered")))
            for k in (1, 3, 5)
        ]
        + [("right state", *(shown(of["state_accuracy"], "share") for of in (report, covered)))],
        title=f"{counts['photos']:,} photos of the split {report['split']}, in "
        f"{counts['sequences']:,} sequences; {shown(report['coverage'], 'share').value} lie in one "
        f"of the {counts['cells']:,} cells\nin brackets: 95 % interval over whole sequences",
        right=("all photos", "covered photos"),
    )
    sink.table(
        ("how far", "the model", "best constant guess"),
        [
            (name, shown(report[key], kind), shown(constant[key], kind))
            for name, key, kind in (
                ("median distance", "median_km", "km"),
                ("mean distance", "mean_km", "km"),
                ("GeoScore", "geoscore", "points"),
            )
        ]
        + [
            (
                f"within {radius} km",
                *(shown(of["within_km"][radius], "share") for of in (report, constant)),
            )
            for radius in report["within_km"]
        ],
        right=("the model", "best constant guess"),
    )
    calibration, sets = report["calibration"], report["credible"]
    sink.table(
        ("probabilities, covered", "before calibration", "after"),
        [
            (name, *(shown(calibration[side][key], kind) for side in ("before", "after")))
            for name, key, kind in (
                ("log loss, nats", "nll", "score"),
                ("Brier score", "brier", "score"),
                ("calibration error", "ece", "share"),
            )
        ]
        + [
            (f"{name} % set holds truth", "", shown(of["covered"]["coverage"], "share"))
            for name, of in sets.items()
        ],
        right=("before calibration", "after"),
    )
    sink.text(
        f"top-1 is {shown(report['lift'], 'times')} chance, {shown(report['chance'], 'share')};\n"
        f"always the most frequent cell: {shown(frequent['top_1'], 'share')}"
    )
