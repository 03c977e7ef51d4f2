"""`geoguess probmap`: the probabilities of the cells, on the map."""

import json as json_module
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.commands import _options as options
from geoguess_cli.commands._inputs import expand_photos, load_predictor, settings, truths_of
from geoguess_cli.commands._output import Sink, ending_of, save_figure
from geoguess_cli.errors import PhotoError
from geoguess_cli.files import write_text

if TYPE_CHECKING:
    from geoguess_cli.explain.probability_map import ProbabilityMap
    from geoguess_cli.inference.predictor import Predictor

SHOWN_PIXELS = 800


class MapFormat(StrEnum):
    """What a map is written as, by the ending of its file."""

    png = "png"
    svg = "svg"
    pdf = "pdf"
    geojson = "geojson"
    parquet = "parquet"


def probmap(
    photo: Annotated[
        list[Path],
        typer.Argument(
            metavar="PHOTO…", help="Photos, folders (searched whole) or tables of photos."
        ),
    ],
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

    The ending of -o says what is written: a figure (.png, .svg, .pdf), or data for other map
    programs (.geojson, .parquet). A photo that cannot be read is reported, and the exit code is
    then 1; the others get their maps.
    """
    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config,
        photos=photos,
        artifacts=artifacts,
        device=device,
        precision=precision,
        workers=workers,
    )
    paths = expand_photos(photo, sink)
    single = paths == photo and len(photo) == 1
    if truth is not None and not single:
        raise typer.BadParameter("--truth is where one photo was taken; name just that one")
    targets = _targets(paths, output, form, folder=chosen.artifacts / "figures", single=single)
    truths = truths_of(paths, chosen) if truth is None else [truth]
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
    for row, made in shown:
        WRITERS[ending_of(targets[row], WRITERS)](made, targets[row])
        if json:
            sink.json({"path": str(targets[row]), **made.summary()})
        if single:
            sink.wrote("probability map", targets[row])
    if single and failures:
        raise PhotoError(failures[0])
    if not single:
        sink.wrote(f"{len(paths) - len(failures)} probability maps", targets[0].parent)
    for row, failure in failures.items():
        sink.warn(failure)
        if json:
            sink.json({"path": None, "photo": str(paths[row]), "error": failure})
    if failures:
        raise typer.Exit(1)


def _targets(
    photos: Sequence[Path],
    output: Path | None,
    form: MapFormat | None,
    *,
    folder: Path,
    single: bool,
) -> list[Path]:
    """The file that each photo's map is written to."""
    kind = form or MapFormat.png
    is_file = output is not None and not output.is_dir() and output.suffix != ""
    if single:
        path = output or folder / f"{photos[0].stem}-map.{kind}"
        if output is not None and not is_file:
            path = output / f"{photos[0].stem}.{kind}"
        if form is not None and path.suffix.lower() != f".{form}":
            raise typer.BadParameter(f"-o {path} and --format {form} do not agree")
        ending_of(path, WRITERS)
        return [path]
    if output is not None and is_file and output.suffix.lower() in WRITERS:
        raise typer.BadParameter(
            f"-o {output} is one file for {len(photos)} photos; name a folder for their maps"
        )
    inside = output or folder / "maps"
    # Photos of several folders may share a name: the second is a-2, the third a-3.
    seen: Counter[str] = Counter()
    names = []
    for photo in photos:
        seen[photo.stem] += 1
        again = f"-{seen[photo.stem]}" if seen[photo.stem] > 1 else ""
        names.append(f"{photo.stem}{again}.{kind}")
    return [inside / name for name in names]


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
    from geoguess_cli.explain.probability_map import probability_map

    with sink.progress() as bar:
        task = bar.add_task("photos", total=len(photos))
        for answer in predictor.predict(photos, batch_size=batch_size, workers=workers):
            if answer.probabilities is None:
                failures[answer.row] = str(answer.error)
            else:
                yield (
                    answer.row,
                    probability_map(
                        predictor.partition,
                        answer.probabilities,
                        truth=truths[answer.row],
                        estimate=answer.estimate,
                        top_k=top_k,
                        photo=str(answer.photo),
                    ),
                )
            bar.advance(task)


def _draw(shown: "ProbabilityMap", path: Path) -> None:
    from geoguess_cli.explain.maps import probability_map_figure
    from geoguess_cli.photos.images import decode_photo

    photo = decode_photo(Path(shown.photo), at_least=SHOWN_PIXELS)
    save_figure(probability_map_figure(shown, photo=photo), path)


def _write_geojson(shown: "ProbabilityMap", path: Path) -> None:
    write_text(json_module.dumps(shown.to_geojson(), ensure_ascii=False), path)


def _write_geoparquet(shown: "ProbabilityMap", path: Path) -> None:
    from geoguess_cli.explain.probability_map import write_probability_map

    write_probability_map(shown, path)


WRITERS: "dict[str, Callable[[ProbabilityMap, Path], None]]" = {
    ".png": _draw,
    ".svg": _draw,
    ".pdf": _draw,
    ".geojson": _write_geojson,
    ".parquet": _write_geoparquet,
}
"""What writes a map, by the ending of its file."""
