"""`geoguess eval`: how good a model is on photos it has not seen."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from geoguess_cli.inference.evaluation import Evaluation
    from geoguess_cli.inference.predictor import Predictor


def evaluate(
    *,
    photos: options.Photos = None,
    model: options.Model = None,
    split: Annotated[
        str, typer.Option("--split", help="Photos to evaluate: test, val, train or all.")
    ] = "test",
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
    from geoguess_cli.explain.evaluation_files import write_comparison, write_evaluation
    from geoguess_cli.inference.comparison import compare as compared
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
    if compare is not None and model is not None:
        raise typer.BadParameter("--compare names its two models itself; leave out --model")
    whole = read_photos(chosen.photos, sink)
    table = photos_of_split(whole, split, sink)
    leaks = check_leaks(whole, split, sink)

    def evaluated(folder: Path | None) -> "tuple[Predictor, Evaluation]":
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
        return predictor, found

    if compare is not None:
        pairs = [evaluated(folder) for folder in compare]
        target = report or chosen.artifacts / "comparison"
        comparison = compared(
            *(found for _, found in pairs),
            cells=(pairs[0][0].partition, pairs[1][0].partition),
            names=(str(compare[0]), str(compare[1])),
        )
        write_comparison(comparison, target)
        if json:
            sink.json(comparison)
        else:
            _show_comparison(comparison, sink)
        sink.wrote("comparison", target / "comparison.html")
        return
    _, evaluation = evaluated(model)
    target = report or chosen.artifacts / "eval"
    write_evaluation(evaluation, target)
    if json:
        sink.json(evaluation.report)
    else:
        _show(evaluation.report, sink)
    sink.wrote("report", target / "report.html")


def _show_comparison(comparison: dict[str, Any], sink: Sink) -> None:
    """Both models, the difference with its paired interval, and what is sure of it."""
    from geoguess_cli.explain.comparison_content import difference, verdicts
    from geoguess_cli.explain.report_wording import shown
    from geoguess_cli.inference.comparison import FIGURES

    counts, models = comparison["counts"], comparison["models"]
    sink.table(
        ("", "A", "B", "B − A", "better"),
        [
            (
                FIGURES[key].name,
                *(shown(found[side], FIGURES[key].kind).value for side in "ab"),
                difference(comparison, key),
                (found["better"] or "").upper(),
            )
            for key, found in comparison["figures"].items()
        ],
        title=f"A {models['a']['name']}, B {models['b']['name']}\n"
        f"the same {counts['photos']:,} photos of the split {comparison['split']}, in "
        f"{counts['sequences']:,} sequences; paired 95 % intervals in brackets",
        right=("A", "B", "B − A"),
    )
    for words in verdicts(comparison):
        sink.text(words)


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
