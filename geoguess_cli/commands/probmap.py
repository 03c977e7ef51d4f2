"""`geoguess probmap`: the probabilities of the cells, on the map."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import ColorScale
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import expand_photos, originals_of, truths_of
from geoguess_cli.console.models import check_familiarity, check_memory, load_predictor
from geoguess_cli.console.output import Sink, ending_of
from geoguess_cli.console.verbs import ANSWERING, configured
from geoguess_cli.errors import PhotoError
from geoguess_cli.maps.files import FORMATS, FormatName, Look, format_of, map_names, write_maps
from geoguess_cli.names import text_of

if TYPE_CHECKING:
    from geoguess_cli.inference.answers import Unanswered
    from geoguess_cli.photos.archives import PhotoFile


NO_ROOM_ON_A_SHEET = (
    "a sheet of maps has no room for --neighbours; leave out --grid, or write a page (-o FILE.html)"
)


@configured("photos", *ANSWERING)
def probmap(
    photo: options.PhotoFiles,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="PATH", help="The map; for several photos a folder of maps."
        ),
    ] = None,
    form: Annotated[
        FormatName | None,
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
    theme: options.ThemeOption = "light",
    truth: options.Truth = None,
    top_k: options.TopK = 5,
    neighbours: options.NeighboursIfAny = None,
    within: options.WithinOption = None,
    model: options.ModelOption = None,
    config: Config,
    sink: Sink,
) -> None:
    """Draw each cell filled by its probability, with the answer and how sure the model is.

    The ending of -o chooses the format: a figure (.png, .svg, .pdf), an interactive page that
    needs no network (.html), or data for other map programs (.geojson, .parquet). Several photos
    give one page, a folder of maps, or a sheet with --grid. A photo that cannot be read is
    reported, and the exit code is then 1; the other photos get their maps.

    With --neighbours N a figure or a page shows the training photos that the photo resembles, read
    beside the photo table of the configuration. A page shows 3 of them unasked.
    """
    from geoguess_cli.maps.probability_map import probability_maps
    from geoguess_cli.maps.records import map_record
    from geoguess_cli.model.memory import NEIGHBOURS

    arguments = expand_photos(photo, sink, columns=config.columns)
    photos = arguments.files
    single = len(photo) == len(photos) == 1 and str(photos[0]) == str(photo[0])
    truths = truths_of(arguments, config, sink, given=truth)
    ending = f".{form}" if form else output.suffix.lower() if output and output.suffix else ".png"
    together = grid or (ending == ".html" and not single)
    files = _files(photos, output, form, config.artifacts / "figures", single, together)
    format_of(files[0])  # reports a missing library before any photo is read
    predictor, failed = load_predictor(config, model, within=within), list["Unanswered"]()
    check_familiarity(predictor, sink)
    check_memory(predictor, neighbours or 0, room=NO_ROOM_ON_A_SHEET if grid else "")
    if neighbours is None and predictor.memory is not None and ending == ".html":
        neighbours = NEIGHBOURS
    answers = predictor.predict(
        photos,
        batch_size=config.train.batch_size,
        workers=config.workers if len(photos) > 1 else 0,
        neighbours=neighbours or 0,
    )
    maps = probability_maps(
        sink.tracked(answers, "photos", total=len(photos)),
        predictor.partition,
        truths,
        top_k=top_k,
        on_failure=failed.append,
    )
    scale: ColorScale = "root" if log is None else "log" if log else "linear"
    look = Look(scale, theme, originals_of(config))
    written = []
    for path, map_ in write_maps(maps, files, look=look, together=together):
        written.append(path)
        if sink.as_json:
            sink.json({"path": text_of(path), **map_record(map_)})
    if single and failed:
        raise PhotoError(failed[0].error)
    if single or together:
        for path in dict.fromkeys(written):
            sink.wrote("probability map" if single else "probability maps", path)
    else:
        sink.wrote(f"{len(written)} probability maps", files[0].parent)
    for unanswered in failed:
        sink.warn(unanswered.error)
        if sink.as_json:
            sink.json({"path": None, "photo": unanswered.photo, "error": unanswered.error})
    if failed:
        raise typer.Exit(1)


def _files(
    photos: "Sequence[PhotoFile]",
    output: Path | None,
    form: str | None,
    folder: Path,
    single: bool,
    together: bool,
) -> list[Path]:
    """The file for all photos, or a file for each, where -o and --format put them.

    Raises:
        typer.BadParameter: The two do not agree with each other or with the number of photos.
    """
    ending = f".{form or 'png'}"
    if single or together:
        default = "probability-maps" if together else f"{photos[0].stem}-map"
        path = output or folder / f"{default}{ending}"
        if output is not None and (output.is_dir() or not output.suffix):
            path = output / f"{default}{ending}"
        if form is not None and path.suffix.lower() != ending:
            raise typer.BadParameter(f"-o {path} and --format {form} do not agree")
        ending_of(path, [name for name, row in FORMATS.items() if row.write_all or not together])
        return [path]
    if output is not None and not output.is_dir() and output.suffix.lower() in FORMATS:
        raise typer.BadParameter(
            f"-o {output} is one file for {len(photos)} photos; name a folder for their maps, "
            "or draw one sheet with --grid"
        )
    return [(output or folder / "maps") / name for name in map_names(photos, ending)]
