"""`geoguess occlude PHOTO…`: photos explained one by one, on a sheet or as data."""

import json as json_module
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from geoguess_cli.choices import Measure, View
from geoguess_cli.config import Config
from geoguess_cli.console.inputs import expand_photos, load_predictor, truths_of
from geoguess_cli.console.output import Sink, ending_of
from geoguess_cli.drawing.saving import save_figure
from geoguess_cli.errors import PhotoError
from geoguess_cli.files import replacing, write_text

if TYPE_CHECKING:
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.occlusion.explanation import Explanation, Plan, Unexplained
    from geoguess_cli.occlusion.targets import Question

SHOWN_PIXELS = 800
FIGURES = (".png", ".svg", ".pdf")
MAPS = (".npy", ".json")

CHANGES: "dict[Measure, tuple[str, float, int, str]]" = {
    "probability": ("drop", 100.0, 1, "percentage points"),
    "log-odds": ("drop", 1.0, 2, "in log-odds"),
    "km": ("rise", 1.0, 1, "km"),
}
"""How a change is told: its name, what it is multiplied by, its decimals, its unit."""


@dataclass(frozen=True)
class PhotosRequest:
    """What the verb is asked for.

    Attributes:
        photos: Photos, folders or tables of photos.
        output: The figure or data to write; None for a figure in the artifacts folder.
        raw: Data to write besides.
        view: How maps are drawn.
        truth: Where the one photo was taken; None asks the photo table, then the photo's EXIF.
        question: What to follow.
        plan: How maps are made and judged.
    """

    photos: Sequence[Path]
    output: Path | None
    raw: Path | None
    view: "View"
    truth: tuple[float, float] | None
    question: "Question"
    plan: "Plan"


def occlude_photos(asked: PhotosRequest, config: Config, model: Path | None, sink: Sink) -> bool:
    """Explain the photos, write what was asked for, and tell whether none of them failed."""
    arguments = expand_photos(asked.photos, sink)
    paths = arguments.paths
    if asked.truth is not None and len(paths) > 1:
        raise typer.BadParameter("--truth is where one photo was taken; name just that one")
    name = f"{paths[0].stem}-occlusion.png" if len(paths) == 1 else "occlusion.png"
    output = asked.output or config.artifacts / "figures" / name
    _check_outputs(output, asked.raw, len(paths))
    predictor = load_predictor(config, model)
    truths = truths_of(arguments, config, sink) if asked.truth is None else [asked.truth]
    explained, failed = _explained(predictor, paths, asked.question, asked.plan, truths, sink)
    if failed and len(paths) == 1:
        raise PhotoError(failed[0].error)
    if explained:
        for path in (output, asked.raw):
            if path is not None:
                _write(explained, asked.plan, path, predictor, asked.view, sink)
    _report(explained, failed, output, sink)
    return not failed


def _check_outputs(output: Path, raw: Path | None, photos: int) -> None:
    from geoguess_cli.occlusion.figures import MOST_PHOTOS

    ending_of(output, FIGURES + MAPS)
    if raw is not None and raw.suffix.lower() not in MAPS:
        raise typer.BadParameter(f"--raw {raw} must end in {' or '.join(MAPS)}")
    if output.suffix.lower() in FIGURES and photos > MOST_PHOTOS:
        raise typer.BadParameter(
            f"a sheet holds at most {MOST_PHOTOS} photos and these are {photos}; "
            "-o FILE.json or FILE.npy takes any number"
        )


def _explained(
    predictor: "Predictor",
    paths: Sequence[Path],
    question: "Question",
    plan: "Plan",
    truths: Sequence[tuple[float, float] | None],
    sink: Sink,
) -> "tuple[list[Explanation], list[Unexplained]]":
    """The photos that could be explained and those that could not, with a bar for each photo."""
    from geoguess_cli.occlusion.explanation import Explanation, Unexplained, explain_photos

    explained: list[Explanation] = []
    failed: list[Unexplained] = []
    with sink.progress() as bar:
        task = bar.add_task("windows", total=None)
        for one in explain_photos(
            predictor,
            paths,
            question,
            plan,
            truths=truths,
            on_batch=lambda done, total: bar.update(task, completed=done, total=total),
        ):
            if isinstance(one, Explanation):
                explained.append(one)
            else:
                failed.append(one)
            done = len(explained) + len(failed)
            if done < len(paths):
                bar.reset(task, total=None, description=f"windows, photo {done + 1}/{len(paths)}")
    return explained, failed


def _write(
    explained: "Sequence[Explanation]",
    plan: "Plan",
    path: Path,
    predictor: "Predictor",
    view: "View",
    sink: Sink,
) -> None:
    """The maps as a sheet, as an array or as JSON, by the ending of the path."""
    import numpy as np

    from geoguess_cli.occlusion.explanation import explanation_record
    from geoguess_cli.occlusion.figures import occlusion_sheet
    from geoguess_cli.photos.images import decode_photo

    maps = "occlusion map" if len(explained) == 1 else "occlusion maps"
    ending = path.suffix.lower()
    if ending == ".npy":
        drops = np.stack([one.occlusion.drop for one in explained])
        with replacing(path) as temporary:
            np.save(temporary, drops[0] if len(drops) == 1 else drops)
    elif ending == ".json":
        records = [explanation_record(one, plan) for one in explained]
        write_text(json_module.dumps(records[0] if len(records) == 1 else records), path)
    else:
        pictures = [decode_photo(one.photo, at_least=SHOWN_PIXELS) for one in explained]
        sheet = occlusion_sheet(explained, pictures, view=view, resize=predictor.spec.resize)
        save_figure(sheet, path)
        maps = "occlusion figure"
    sink.wrote(maps, path)


def _report(
    explained: "Sequence[Explanation]", failed: "Sequence[Unexplained]", output: Path, sink: Sink
) -> None:
    """What each map says and what it is worth; the reasons of the photos that failed."""
    from geoguess_cli.occlusion.explanation import summary_record

    for one in explained:
        if sink.as_json:
            sink.json({**summary_record(one), "path": str(output)})
        else:
            _show(one, sink)
    for miss in failed:
        if sink.as_json:
            sink.json({"photo": str(miss.photo), "error": miss.error})
        sink.warn(miss.error)


def _show(explained: "Explanation", sink: Sink) -> None:
    """One explanation in words and, if it was judged, a table of areas."""
    from geoguess_cli.occlusion.explanation import areas_record

    made, judged = explained.occlusion, explained.faithfulness
    name, factor, decimals, unit = CHANGES[made.target.measure]
    least, most = (
        f"{factor * float(end):+.{decimals}f}" for end in (made.drop.min(), made.drop.max())
    )
    sink.text(
        f"{explained.photo}: {made.target.told(made.value)}; {name} from {least} to {most} {unit}"
    )
    if judged is None:
        return
    decimals = 1 if made.target.measure == "km" else 3
    areas = areas_record(judged)
    sink.table(
        ("order", "deletion", "insertion", "score"),
        [(order, *(f"{area:,.{decimals}f}" for area in areas[order].values())) for order in areas],
        right=("deletion", "insertion", "score"),
    )
    verdict = "better" if judged.better_than_random else "no better"
    sink.text(
        f"The map is {verdict} than random: it beats {judged.beaten} of "
        f"{len(judged.random)} random orders."
    )
