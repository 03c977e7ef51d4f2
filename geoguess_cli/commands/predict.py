"""`geoguess predict`: where photos were taken."""

import json as json_module
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import RecordFormat
from geoguess_cli.console import options
from geoguess_cli.console.answers import show_answers
from geoguess_cli.console.inputs import expand_photos, load_predictor, settings, truths_of
from geoguess_cli.console.output import Sink
from geoguess_cli.console.records import chosen_format, csv_text, json_lines
from geoguess_cli.files import write_text

if TYPE_CHECKING:
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.inference.answers import Answer, Unanswered


def predict(
    photos: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO…", help="Photos, folders (searched whole) or tables of photos."
        ),
    ],
    *,
    top_k: options.TopKIfAny = None,
    point: options.PointOption = None,
    min_confidence: Annotated[
        float,
        typer.Option(
            "--min-confidence",
            min=0.0,
            max=1.0,
            metavar="P",
            help="Answer `not sure` where the likeliest cell is less probable than this.",
        ),
    ] = 0.0,
    draw_map: Annotated[
        bool, typer.Option("--map", help="Draw a small map of the cells below each table.")
    ] = False,
    form: options.FormatOption = None,
    output: options.Output = None,
    model: options.Model = None,
    batch_size: options.BatchSize = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    workers: options.Workers = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """List the likeliest cells of each photo, and the one place we answer.

    With it comes how far off to expect it, and the radius that holds the truth with a probability
    of 90%. On a terminal, of many photos only the answers are listed, unless -k is given. A photo
    that cannot be read becomes a row with its error; the exit code is then 1.
    """
    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config, artifacts=artifacts, device=device, precision=precision, workers=workers
    )
    kind = chosen_format(form, output, as_json=json)
    as_table = kind == "table" and output is None
    if draw_map and not as_table:
        raise typer.BadParameter(
            "--map draws under a table; `geoguess probmap` writes maps to files"
        )
    arguments = expand_photos(photos, sink)
    paths = arguments.paths
    predictor = load_predictor(chosen, model)
    failures: list[str] = []
    answers = _answers(
        predictor.predict(
            paths,
            batch_size=batch_size or chosen.train.batch_size,
            workers=chosen.workers,
            point=point,
            min_confidence=min_confidence,
        ),
        photos=len(paths),
        sink=sink,
        failures=failures,
    )
    if as_table:
        show_answers(
            list(answers),  # all first: a table in the middle of a live bar would tear it
            predictor.partition,
            top_k=top_k,
            sink=sink,
            truths=truths_of(arguments, chosen, sink) if draw_map else None,
        )
    else:
        text = _text(answers, predictor.partition, kind=kind, top_k=top_k or 5)
        if output is None:
            sink.text(text)
        else:
            write_text(text, output)
            sink.wrote("predictions", output)
    for failure in failures:
        sink.warn(failure)
    if failures:
        raise typer.Exit(1)


def _answers(
    answers: "Iterable[Answer | Unanswered]", *, photos: int, sink: Sink, failures: list[str]
) -> "Iterator[Answer | Unanswered]":
    """The answers as they come, with a progress bar; the errors among them are kept."""
    from geoguess_cli.inference.answers import Unanswered

    with sink.progress() as bar:
        task = bar.add_task("photos", total=photos)
        for answer in answers:
            bar.advance(task)
            if isinstance(answer, Unanswered):
                failures.append(answer.error)
            yield answer


def _text(
    answers: "Iterable[Answer | Unanswered]",
    partition: "Partition",
    *,
    kind: RecordFormat,
    top_k: int,
) -> str:
    from geoguess_cli.inference.answers import answer_record, answer_row, answers_geojson

    if kind == "geojson":
        return json_module.dumps(answers_geojson(answers, partition, top_k), ensure_ascii=False)
    if kind == "jsonl":
        return json_lines([answer_record(answer, partition, top_k) for answer in answers])
    return csv_text([answer_row(answer, partition, top_k) for answer in answers])
