"""`geoguess occlude`: the parts of a photo that its answer rests on."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.choices import Measure, View
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.forecasts import Forecast
from geoguess_cli.console.inputs import expand_photos, truths_of
from geoguess_cli.console.models import check_familiarity, load_predictor
from geoguess_cli.console.output import Sink, ending_of
from geoguess_cli.console.verbs import configured
from geoguess_cli.errors import ConfigError, PhotoError
from geoguess_cli.names import text_of

if TYPE_CHECKING:
    from geoguess_cli.occlusion.explanation import Explanation, Unexplained
    from geoguess_cli.occlusion.targets import Question
    from geoguess_cli.photos.archives import PhotoFile

BATCH_SIZE = 32

_CHANGES: dict[Measure, tuple[str, float, int, str]] = {
    "probability": ("drop", 100.0, 1, "percentage points"),
    "log-odds": ("drop", 1.0, 2, "in log-odds"),
    "km": ("rise", 1.0, 1, "km"),
}
"""How a change is written: its name, its factor, its decimals, its unit."""


def _place(text: str) -> Any:
    """`answer`, `truth`, or the place of LAT,LON."""
    return text if text in ("answer", "truth") else options.coordinates(text)


@configured("photos", "seed", "device", "precision", "max_pixels", "artifacts")
def occlude(
    photo: options.PhotoFiles,
    *,
    output: options.Output = None,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="top|truth|region|distance|TOKEN",
            help="What to follow: the likeliest cell, the true cell, a cell by its token, all "
            "cells near a place, or the expected distance from a place.",
        ),
    ] = "top",
    near: Annotated[
        Any,
        typer.Option(
            "--near",
            metavar="answer|truth|LAT,LON",
            parser=_place,
            help="The place of --target region or distance.  [default: answer]",
        ),
    ] = None,
    radius_km: Annotated[
        float | None,
        typer.Option(
            "--radius-km", min=0.0, help="Radius of --target region, in km.  [default: 200]"
        ),
    ] = None,
    measure: Annotated[
        Measure | None,
        typer.Option(
            "--measure", help="Unit of a change (default: km for a distance, else probability)."
        ),
    ] = None,
    window: options.Window = 32,
    stride: options.Stride = 8,
    baseline: options.BaselineOption = None,
    view: Annotated[
        View,
        typer.Option("--view", help="Colours on the photo, lines of equal drop, or colours alone."),
    ] = "overlay",
    adaptive: Annotated[
        bool,
        typer.Option(
            "--adaptive",
            help="Cover about a third of the windows, fewer where they are alike; interpolate the "
            "others, and say how far off they are.",
        ),
    ] = False,
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            min=2,
            help="Steps of the curves that judge a map. N steps cost 42·(N - 1) + 3 images a "
            "photo: 16 steps cost about as much as the map.",
        ),
    ] = 16,
    judge: Annotated[
        bool,
        typer.Option(
            "--faithfulness/--no-faithfulness",
            help="Judge each map by deletion and insertion, against random orders.",
        ),
    ] = True,
    raw: Annotated[
        Path | None,
        typer.Option("--raw", metavar="FILE", help="Also write the maps as .npy or .json."),
    ] = None,
    truth: options.Truth = None,
    model: options.ModelOption = None,
    batch_size: options.BatchSize = None,
    config: Config,
    sink: Sink,
) -> None:
    """Cover each photo window by window, and draw how its answer changes.

    A .png, .svg or .pdf shows several photos on one sheet; .npy holds only the
    maps, .json all data. A photo that fails does not end the others; the exit
    code is then 1.
    """
    from geoguess_cli.occlusion.explanation import Plan
    from geoguess_cli.occlusion.files import write_occlusion

    plan = Plan(
        window=window,
        stride=stride,
        baselines=tuple(baseline or ["mean"]),
        steps=steps if judge else 0,
        seed=config.seed,
        batch_size=batch_size or BATCH_SIZE,
        adaptive=adaptive,
    )
    question = _question(target, measure, near, radius_km)
    arguments = expand_photos(photo, sink, columns=config.columns)
    files = arguments.files
    truths = truths_of(arguments, config, sink, given=truth)
    name = f"{files[0].stem}-occlusion.png" if len(files) == 1 else "occlusion.png"
    path = output or config.artifacts / "figures" / name
    _check_files(path, raw, len(files))
    predictor = load_predictor(config, model, exact=True)
    check_familiarity(predictor, sink)
    explanations, failures = _explained(sink, predictor, files, question, plan, truths=truths)
    if failures and len(files) == 1:
        raise PhotoError(failures[0].error)
    for file in (path, raw):
        if file is not None and explanations:
            write_occlusion(explanations, file, view=view)
            sink.wrote(_contents(file, len(explanations)), file)
    _report(explanations, failures, path, sink)
    if failures:
        raise typer.Exit(1)


def _question(
    target: str, measure: Measure | None, near: Any, radius_km: float | None
) -> "Question":
    from geoguess_cli.occlusion.targets import Question

    if target not in ("region", "distance") and near is not None:
        raise typer.BadParameter("--near goes with --target region or --target distance")
    if target != "region" and radius_km is not None:
        raise typer.BadParameter("--radius-km goes with --target region")
    try:
        return Question(
            what=target,
            measure=measure,
            near=near or "answer",
            radius_km=200.0 if radius_km is None else radius_km,
        )
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error


def _check_files(path: Path, raw: Path | None, photos: int) -> None:
    """Refuse a file that cannot be written, and a sheet of too many photos."""
    from geoguess_cli.files import check_writable
    from geoguess_cli.occlusion.figures import MOST_PHOTOS
    from geoguess_cli.occlusion.files import DATA_ENDINGS, FIGURE_ENDINGS

    ending = ending_of(path, FIGURE_ENDINGS + DATA_ENDINGS)
    if raw is not None and raw.suffix.lower() not in DATA_ENDINGS:
        raise typer.BadParameter(f"--raw {raw} must end in {' or '.join(DATA_ENDINGS)}")
    if ending in FIGURE_ENDINGS and photos > MOST_PHOTOS:
        raise typer.BadParameter(
            f"{photos} photos were given; a sheet holds at most {MOST_PHOTOS} photos, "
            "and -o FILE.json or FILE.npy holds any number"
        )
    for file in (path, raw):
        if file is not None:
            check_writable(file)


def _contents(path: Path, photos: int) -> str:
    from geoguess_cli.occlusion.files import FIGURE_ENDINGS

    if path.suffix.lower() in FIGURE_ENDINGS:
        return "occlusion figure"
    return "occlusion map" if photos == 1 else "occlusion maps"


def _explained(
    sink: Sink, predictor: Any, files: "Sequence[PhotoFile]", *asked: Any, truths: Any
) -> "tuple[list[Explanation], list[Unexplained]]":
    """The photos with a map and those without, with a progress bar for each photo."""
    from geoguess_cli.occlusion.explanation import Explanation, Unexplained, explain_photos

    results: list[Explanation | Unexplained] = []
    forecast = Forecast(sink, len(files))

    def on_batch(done: int, total: int) -> None:
        forecast.batch(done, total)
        bar.update(task, completed=done, total=total)

    with sink.progress() as bar:
        task = bar.add_task("windows", total=None)
        for result in explain_photos(predictor, files, *asked, truths=truths, on_batch=on_batch):
            results.append(result)
            if len(results) < len(files):
                number = f"{len(results) + 1}/{len(files)}"
                bar.reset(task, total=None, description=f"windows, photo {number}")
    return (
        [one for one in results if isinstance(one, Explanation)],
        [one for one in results if isinstance(one, Unexplained)],
    )


def _report(
    explanations: "Sequence[Explanation]", failures: "Sequence[Unexplained]", path: Path, sink: Sink
) -> None:
    """Write what each map says and how far it describes the model, then why photos failed."""
    from geoguess_cli.occlusion.records import summary_record

    for explanation in explanations:
        if sink.as_json:
            sink.json({**summary_record(explanation), "path": text_of(path)})
        else:
            _show(explanation, sink)
    for failure in failures:
        if sink.as_json:
            sink.json({"photo": text_of(failure.photo), "error": failure.error})
        sink.warn(failure.error)


def _show(explanation: "Explanation", sink: Sink) -> None:
    """Write one explanation in words and, if its map was judged, a table of areas."""
    from geoguess_cli.occlusion.records import areas_record

    occlusion, faithfulness = explanation.occlusion, explanation.faithfulness
    name, factor, decimals, unit = _CHANGES[occlusion.target.measure]
    least, most = (
        f"{factor * float(end):+.{decimals}f}"
        for end in (occlusion.drop.min(), occlusion.drop.max())
    )
    followed = occlusion.target.describe(occlusion.value)
    sink.text(f"{text_of(explanation.photo)}: {followed}; {name} from {least} to {most} {unit}")
    if explanation.likeness is not None and explanation.unlike:
        sink.text(f"The photo is {explanation.likeness.in_words}.")
    if (left := occlusion.interpolation) is not None:
        usual, worst = (
            f"{factor * off:.{decimals + 1}f}"
            for off in (left.mean_difference, left.greatest_difference)
        )
        saved = left.windows - left.covered
        sink.text(
            f"{left.covered:,} of {left.windows:,} windows were covered; {saved:,} were saved and "
            f"interpolated, and are off by about {usual} {unit} in the mean, {worst} at most."
        )
    if faithfulness is None:
        return
    decimals = 1 if occlusion.target.measure == "km" else 3
    areas = areas_record(faithfulness)
    sink.table(
        ("order", "deletion", "insertion", "score"),
        [(order, *(f"{area:,.{decimals}f}" for area in areas[order].values())) for order in areas],
        right=("deletion", "insertion", "score"),
    )
    verdict = "better" if faithfulness.better_than_random else "no better"
    sink.text(
        f"The map is {verdict} than random: it beats {faithfulness.beaten} of "
        f"{len(faithfulness.random)} random orders."
    )
