"""`geoguess eval`: how good a model is on photos it has not seen."""

import json as json_module
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
from geoguess_cli.commands._output import Sink, save_figure
from geoguess_cli.files import replacing, write_text

if TYPE_CHECKING:
    from geoguess_cli.inference.evaluation import Evaluation


def evaluate(
    *,
    photos: options.Photos = None,
    model: options.Model = None,
    split: Annotated[
        str, typer.Option("--split", help="Photos to evaluate: test, val, train or all.")
    ] = "test",
    output: options.Output = None,
    batch_size: options.BatchSize = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    workers: options.Workers = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Measure accuracy, distance and GeoScore over all photos, beside what chance would do."""
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
    folder = output or chosen.artifacts / "eval"
    _write(evaluation, folder)
    for photo, reason in evaluation.failures:
        sink.warn(f"{photo}: {reason}; it counts in no figure")
    if json:
        sink.json(evaluation.report)
    else:
        _show(evaluation.report, sink)
    sink.wrote("report", folder / "report.md")


def _write(evaluation: "Evaluation", folder: Path) -> None:
    """report.json, report.md, predictions.parquet and the two figures, into one folder."""
    import numpy as np

    from geoguess_cli.explain.figures import distance_figure
    from geoguess_cli.explain.maps import errors_map
    from geoguess_cli.geo.geodesy import great_circle_km
    from geoguess_cli.inference.report import render_report

    report, rows = evaluation.report, evaluation.predictions
    text = json_module.dumps(report, indent=2, ensure_ascii=False)
    write_text(text + "\n", folder / "report.json")
    write_text(render_report(report), folder / "report.md")
    with replacing(folder / "predictions.parquet") as temporary:
        rows.write_parquet(temporary)
    read = rows.filter(rows["error"].is_null())
    truth = read.select("latitude", "longitude").to_numpy()
    estimates = read.select("estimate_latitude", "estimate_longitude").to_numpy()
    best = report["baselines"]["best_constant"]
    constant = np.array([[best["latitude"]["value"], best["longitude"]["value"]]])
    distances = distance_figure(
        read["distance_km"].to_numpy(), baseline_km=great_circle_km(truth, constant)
    )
    save_figure(distances, folder / "distances.png")
    save_figure(errors_map(truth, estimates), folder / "errors.png")


def _show(report: dict[str, Any], sink: Sink) -> None:
    """The figures that matter most."""
    everything, covered, within = report["all"], report["covered"], report["within_km"]
    counts, baselines = report["counts"], report["baselines"]
    constant = baselines["best_constant"]
    sink.table(
        ("", "all photos", "covered photos"),
        [
            (f"top-{k}", _percent(everything[f"top_{k}"]), _percent(covered[f"top_{k}"]))
            for k in (1, 3, 5)
        ],
        title=f"{counts['photos']} photos of the split {report['split']}, "
        f"{_percent(report['coverage'])} in one of the {counts['cells']} cells",
        right=("all photos", "covered photos"),
    )
    sink.table(
        ("", "the model", "best constant guess"),
        [
            ("median distance", _km(report["median_km"]), _km(constant["median_km"])),
            ("mean distance", _km(report["mean_km"]), _km(constant["mean_km"])),
            ("GeoScore", _plain(report["geoscore"]), _plain(constant["geoscore"])),
        ],
        right=("the model", "best constant guess"),
    )
    sink.table(
        ("", "share"),
        [(f"within {radius} km", _percent(share)) for radius, share in within.items()]
        + [("right state", _percent(report["state_accuracy"]))],
        right=("share",),
    )
    sink.text(
        f"chance {_percent(report['chance'])}: top-1 is {_plain(report['lift'], '.1f')}× chance; "
        f"always the most frequent cell {_percent(baselines['most_frequent_cell']['top_1'])}"
    )


def _plain(figure: dict[str, float | None], form: str = ",.0f") -> str:
    value = figure["value"]
    return "–" if value is None else format(value, form)


def _percent(figure: dict[str, float | None]) -> str:
    return _plain(figure, ".1%")


def _km(figure: dict[str, float | None]) -> str:
    text = _plain(figure)
    return text if text == "–" else f"{text} km"
