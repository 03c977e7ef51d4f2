"""`geoguess probmap`: the probabilities of the cells, on the map."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import MapFormat
from geoguess_cli.console import options
from geoguess_cli.console.inputs import expand_photos, load_predictor, settings, truths_of
from geoguess_cli.console.output import Sink, ending_of
from geoguess_cli.errors import PhotoError

if TYPE_CHECKING:
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.maps.files import Look
    from geoguess_cli.maps.probability_map import ProbabilityMap


def probmap(
    photo: options.PhotoFiles,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="The map; of several photos a folder of maps."
        ),
    ] = None,
    form: Annotated[
        MapFormat | None,
        typer.Option("--format", help="Kind of file (default: by the ending of -o, or png)."),
    ] = None,
    grid: Annotated[
        bool, typer.Option("--grid", help="Draw all maps on one sheet, with their photos.")
    ] = False,
    log: Annotated[
        bool | None,
        typer.Option(
            "--log/--linear",
            help="Colour by the logarithm of the probability, or in proportion to it "
            "(default: by its square root).",
        ),
    ] = None,
    theme: options.Theme = "light",
    truth: options.Truth = None,
    top_k: options.TopK = 5,
    photos: options.Photos = None,
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
    """Draw each cell filled by its probability, with what the model answers and how sure it is.

    The ending of -o says what is written: a figure (.png, .svg, .pdf), an interactive page that
    needs no network (.html), or data for other map programs (.geojson, .parquet). Several photos
    give one page, a folder of maps, or a sheet with --grid. A photo that cannot be read is
    reported, and the exit code is then 1; the others get their maps.
    """
    from geoguess_cli.maps.files import MAP_WRITERS, SHEET_WRITERS, Look

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config,
        photos=photos,
        artifacts=artifacts,
        device=device,
        precision=precision,
        workers=workers,
    )
    arguments = expand_photos(photo, sink)
    paths = arguments.paths
    single = paths == photo and len(photo) == 1
    if truth is not None and not single:
        raise typer.BadParameter("--truth is where one photo was taken; name just that one")
    folder = chosen.artifacts / "figures"
    if form == "html" or (output is not None and output.suffix.lower() == ".html"):
        # Here, so that a missing Bokeh is said before any photo is read.
        import geoguess_cli.maps.interactive  # noqa: F401

        grid = grid or not single  # one page shows all the photos in turns
    if grid:
        targets = [_file(output, form, folder / "probability-maps", SHEET_WRITERS)]
    elif single:
        targets = [_file(output, form, folder / f"{paths[0].stem}-map", MAP_WRITERS)]
    else:
        targets = _files(paths, output, form, folder / "maps")
    truths = truths_of(arguments, chosen, sink) if truth is None else [truth]
    look = Look("root" if log is None else "log" if log else "linear", theme)
    failures: dict[int, str] = {}
    shown = _maps(
        load_predictor(chosen, model),
        paths,
        truths,
        top_k=top_k,
        batch_size=batch_size or chosen.train.batch_size,
        workers=chosen.workers if len(paths) > 1 else 0,
        sink=sink,
        failures=failures,
    )
    drawn = _together(shown, targets[0], look) if grid else _one_by_one(shown, targets, look)
    written: dict[Path, None] = {}
    for path, made in drawn:
        written[path] = None
        if json:
            sink.json({"path": str(path), **made.summary()})
    if single and failures:
        raise PhotoError(failures[0])
    if single or grid:
        for path in written:
            sink.wrote("probability map" if single else "probability maps", path)
    else:
        sink.wrote(f"{len(written)} probability maps", targets[0].parent)
    for row, failure in failures.items():
        sink.warn(failure)
        if json:
            sink.json({"path": None, "photo": str(paths[row]), "error": failure})
    if failures:
        raise typer.Exit(1)


def _file(
    output: Path | None, form: MapFormat | None, default: Path, writers: Iterable[str]
) -> Path:
    """The one file to write: as asked for, or `default` with the ending of the format."""
    path = output or default.with_name(f"{default.name}.{form or 'png'}")
    if output is not None and (output.is_dir() or not output.suffix):
        path = output / f"{default.name}.{form or 'png'}"
    if form is not None and path.suffix.lower() != f".{form}":
        raise typer.BadParameter(f"-o {path} and --format {form} do not agree")
    ending_of(path, writers)
    return path


def _files(
    photos: Sequence[Path], output: Path | None, form: MapFormat | None, default: Path
) -> list[Path]:
    """A file for each photo, in the folder asked for or in `default`."""
    from geoguess_cli.maps.files import MAP_WRITERS

    if output is not None and not output.is_dir() and output.suffix.lower() in MAP_WRITERS:
        raise typer.BadParameter(
            f"-o {output} is one file for {len(photos)} photos; name a folder for their maps, "
            "or draw one sheet with --grid"
        )
    # Photos of several folders may share a name: the second is a-2, the third a-3.
    taken: set[str] = set()
    names = []
    for photo in photos:
        numbered = (f"{photo.stem}-{again}" for again in count(2))
        name = next(one for one in chain([photo.stem], numbered) if one.lower() not in taken)
        taken.add(name.lower())
        names.append(f"{name}.{form or 'png'}")
    return [(output or default) / name for name in names]


def _one_by_one(
    shown: "Iterable[tuple[int, ProbabilityMap]]", targets: Sequence[Path], look: "Look"
) -> "Iterator[tuple[Path, ProbabilityMap]]":
    """Write each map to its own file as it comes."""
    from geoguess_cli.maps.files import MAP_WRITERS

    for row, made in shown:
        MAP_WRITERS[targets[row].suffix.lower()](made, targets[row], look)
        yield targets[row], made


def _together(
    shown: "Iterable[tuple[int, ProbabilityMap]]", target: Path, look: "Look"
) -> "Iterator[tuple[Path, ProbabilityMap]]":
    """Write all maps to one sheet: each with the file of its page."""
    from geoguess_cli.maps.files import SHEET_WRITERS

    found = [made for _, made in shown]
    if found:
        files = SHEET_WRITERS[target.suffix.lower()](found, target, look)
        yield from zip(files, found, strict=True)


def _maps(
    predictor: "Predictor",
    photos: Sequence[Path],
    truths: Sequence[tuple[float, float] | None],
    *,
    top_k: int,
    batch_size: int,
    workers: int,
    sink: Sink,
    failures: dict[int, str],
) -> "Iterator[tuple[int, ProbabilityMap]]":
    """The map of each photo with its row, as they come; the errors of the others are kept."""
    from geoguess_cli.inference.answers import Unanswered
    from geoguess_cli.maps.probability_map import probability_map

    with sink.progress() as bar:
        task = bar.add_task("photos", total=len(photos))
        for answer in predictor.predict(photos, batch_size=batch_size, workers=workers):
            if isinstance(answer, Unanswered):
                failures[answer.row] = answer.error
            else:
                yield (
                    answer.row,
                    probability_map(
                        predictor.partition,
                        answer.probabilities,
                        truth=truths[answer.row],
                        estimate=answer.estimate,
                        top_k=top_k,
                        photo=answer.photo,
                    ),
                )
            bar.advance(task)
