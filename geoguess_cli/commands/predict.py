"""`geoguess predict`: where photos were taken."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.answers import DEFAULT_TOP_K, show_answers
from geoguess_cli.console.inputs import expand_photos, load_predictor, truths_of
from geoguess_cli.console.output import Sink
from geoguess_cli.console.records import chosen_answer_format, deliver
from geoguess_cli.console.sidecars import show_sidecars, sidecar_folder
from geoguess_cli.console.verbs import configured

if TYPE_CHECKING:
    from geoguess_cli.inference.answers import Answer, Unanswered


@configured(
    "column", "train__batch_size", "device", "precision", "workers", "max_pixels", "artifacts"
)
def predict(
    photos: options.PhotoFiles,
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
            help="Answer `not sure` if the likeliest cell is less probable than P.",
        ),
    ] = 0.0,
    draw_map: Annotated[
        bool, typer.Option("--map", help="Draw a small map of the cells below each table.")
    ] = False,
    form: options.AnswerFormatOption = None,
    output: options.Output = None,
    model: options.ModelOption = None,
    config: Config,
    sink: Sink,
) -> None:
    """List the likeliest cells of each photo, and a point estimate of its place.

    The estimate comes with its expected distance to the truth, and with the radius that holds the
    truth with a probability of 90%. For more than three photos a terminal shows one line per
    photo; -k lists the cells of each. A photo that cannot be read gets its error in place of an
    answer, and the exit code is then 1.

    --format gpx and kml write waypoints. --format xmp writes a sidecar beside each photo, or below
    -o DIR, marked as an estimate; it touches no photo and replaces no sidecar.
    """
    from geoguess_cli.inference.files import answers_text
    from geoguess_cli.inference.sidecars import write_sidecars

    kind = chosen_answer_format(form, output, as_json=sink.as_json)
    as_table = kind == "table" and output is None
    folder = sidecar_folder(output) if kind == "xmp" else None
    if draw_map and not as_table:
        raise typer.BadParameter(
            "--map draws below a table on stdout; `geoguess probmap` writes maps to files"
        )
    arguments = expand_photos(photos, sink, columns=config.columns)
    predictor = load_predictor(config, model)
    errors: list[str] = []
    given = predictor.predict(
        arguments.files,
        batch_size=config.train.batch_size,
        workers=config.workers,
        point=point,
        min_confidence=min_confidence,
    )
    answers = _noted(sink.tracked(given, "photos", total=len(arguments.files)), errors)
    if as_table:
        show_answers(
            list(answers),  # all first: a table would tear the live progress bar
            predictor.partition,
            top_k=top_k,
            sink=sink,
            truths=truths_of(arguments, config, sink) if draw_map else None,
        )
    elif kind == "xmp":
        show_sidecars(write_sidecars(answers, arguments.files, folder), sink=sink)
    else:
        text = answers_text(answers, predictor.partition, kind, top_k=top_k or DEFAULT_TOP_K)
        deliver(text, output=output, sink=sink, what="predictions")
    for error in errors:
        sink.warn(error)
    if errors:
        raise typer.Exit(1)


def _noted(
    answers: "Iterable[Answer | Unanswered]", errors: list[str]
) -> "Iterator[Answer | Unanswered]":
    """The answers as they come; `errors` gets the error of each bad photo."""
    from geoguess_cli.inference.answers import Unanswered

    for answer in answers:
        if isinstance(answer, Unanswered):
            errors.append(answer.error)
        yield answer
