"""`geoguess predict`: where photos were taken."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.answers import DEFAULT_TOP_K, show_answers
from geoguess_cli.console.groups import chosen_groups, say_redundancy
from geoguess_cli.console.inputs import PhotoArguments, expand_photos, truths_of
from geoguess_cli.console.models import check_familiarity, check_memory, load_predictor
from geoguess_cli.console.output import Sink
from geoguess_cli.console.parts import answer_folder, fill_parts
from geoguess_cli.console.records import chosen_answer_format, deliver
from geoguess_cli.console.sidecars import show_sidecars, sidecar_folder
from geoguess_cli.console.verbs import ANSWERING, configured

if TYPE_CHECKING:
    from geoguess_cli.inference.answers import Answer, Unanswered
    from geoguess_cli.inference.groups import Groups
    from geoguess_cli.inference.photo_predictor import PhotoPredictor
    from geoguess_cli.model.processes import Processes
    from geoguess_cli.photos.archives import PhotoFile


ROOM_FOR_NEIGHBOURS = dict.fromkeys(
    ("gpx", "kml", "xmp"),
    "waypoints and sidecars have no room for --neighbours; use --json, or a file that ends in "
    ".csv, .jsonl or .geojson",
)


@configured("column", *ANSWERING, helped=True)
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
    abstain_unlike: Annotated[
        bool,
        typer.Option(
            "--abstain-unlike",
            help="Answer `not sure` if the photo, or most of a group, is unlike the training "
            "photos.",
        ),
    ] = False,
    neighbours: options.NeighboursOption = 0,
    views: options.ViewsOption = 1,
    draw_map: Annotated[
        bool, typer.Option("--map", help="Draw a small map of the cells below each table.")
    ] = False,
    form: options.AnswerFormatOption = None,
    output: options.AnswerOutput = None,
    shard: options.ShardOption = None,
    together: Annotated[
        bool,
        typer.Option(
            "--together",
            help="Give all photos one answer: they show one place. Their probabilities are "
            "multiplied, as far as `calibrate` found such photos independent.",
        ),
    ] = False,
    group_by: options.GroupByOption = None,
    within: options.WithinOption = None,
    model: options.ModelOption = None,
    config: Config,
    sink: Sink,
    processes: "Processes | None",
) -> None:
    """List the likeliest cells of each photo, and a point estimate of its place.

    The estimate comes with its expected distance to the truth, and with the radius that holds the
    truth with a probability of 90%. Do not trust the answer to a photo that is called unlike the
    training photos. For more than three photos a terminal shows one line per photo; -k lists the
    cells of each. A photo that cannot be read gets its error in place of an answer, and the exit
    code is then 1.

    --format gpx and kml write waypoints. --format xmp writes a sidecar beside each photo, or below
    -o DIR, marked as an estimate; it touches no photo and replaces no sidecar.

    With -o DIR alone the answers are written to the folder as Parquet, part by part. The same
    command goes on where one was stopped, and --shard divides the photos among several jobs.
    """
    from geoguess_cli.inference.files import answer_lines

    parted = answer_folder(output, form, sink, shard)
    kind = chosen_answer_format(form, output, as_json=sink.as_json)
    as_table = kind == "table" and output is None
    folder = sidecar_folder(output) if kind == "xmp" else None
    if draw_map and not as_table:
        raise typer.BadParameter(
            "--map draws below a table on stdout; `geoguess probmap` writes maps to files"
        )
    arguments = expand_photos(photos, sink, columns=config.columns)
    groups = chosen_groups(arguments, together=together, by=group_by, kind=kind, output=parted)
    predictor = load_predictor(config, model, within=within, views=views, processes=processes)
    check_familiarity(predictor, sink, needed=abstain_unlike)
    check_memory(predictor, neighbours, room=ROOM_FOR_NEIGHBOURS.get(kind, ""))
    k, batch_size = top_k or DEFAULT_TOP_K, config.train.batch_size
    decided: Any = {"point": point, "min_confidence": min_confidence, "batch_size": batch_size}
    decided |= {"unlike_is_unsure": abstain_unlike, "neighbours": neighbours}

    def ask(files: "Sequence[PhotoFile]") -> "Iterator[Answer | Unanswered]":
        return predictor.predict(files, workers=config.workers, **decided)

    if parted is not None:
        fill_parts(
            parted, arguments.files, ask, predictor, top_k=k, shard=shard, sink=sink, **decided
        )
        return
    errors: list[str] = []
    answers = _answers(ask, predictor, arguments.files, groups, sink, errors, config, decided)
    if as_table:
        show_answers(
            list(answers),  # all first: a table would tear the live progress bar
            predictor.partition,
            top_k=top_k,
            sink=sink,
            truths=_truths(arguments, config, sink, groups) if draw_map else None,
        )
    elif kind == "xmp":
        from geoguess_cli.inference.sidecars import write_sidecars

        show_sidecars(write_sidecars(answers, arguments.files, folder), sink=sink)
    else:
        lines = answer_lines(answers, predictor.partition, kind, top_k=k, neighbours=neighbours)
        deliver(lines, output=output, sink=sink, what="predictions")
    _warn(errors, sink)


def _answers(
    ask: "Callable[[Sequence[PhotoFile]], Iterator[Answer | Unanswered]]",
    predictor: "PhotoPredictor",
    files: "Sequence[PhotoFile]",
    groups: "Groups | None",
    sink: Sink,
    errors: list[str],
    config: Config,
    decided: Any,
) -> "Iterable[Answer | Unanswered]":
    """An answer to each photo, or to each group; `errors` gets the error of each bad photo."""
    from geoguess_cli.inference.groups import predict_groups

    if groups is None:
        return _noted(sink.tracked(ask(files), "photos", total=len(files)), errors)
    say_redundancy(predictor, sink)
    given = predict_groups(
        predictor, files, groups, workers=config.workers, on_failure=errors.append, **decided
    )
    return sink.tracked(given, "groups", total=len(groups))


def _warn(errors: list[str], sink: Sink) -> None:
    """Show the errors, and end with exit code 1 if there are any."""
    for error in errors:
        sink.warn(error)
    if errors:
        raise typer.Exit(1)


def _truths(
    arguments: PhotoArguments, config: Config, sink: Sink, groups: "Groups | None"
) -> "list[tuple[float, float] | None]":
    """Where each photo was taken; for a group, where its first photo was."""
    truths = truths_of(arguments, config, sink)
    if groups is None:
        return truths
    members = groups.members.tolist()
    return [truths[members.index(group)] for group in range(len(groups))]


def _noted(
    answers: "Iterable[Answer | Unanswered]", errors: list[str]
) -> "Iterator[Answer | Unanswered]":
    """The answers as they come; `errors` gets the error of each bad photo."""
    from geoguess_cli.inference.answers import Unanswered

    for answer in answers:
        if isinstance(answer, Unanswered):
            errors.append(answer.error)
        yield answer
