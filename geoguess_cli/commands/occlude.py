"""`geoguess occlude`: which parts of a photo its answer rests on."""

import dataclasses
import json as json_module
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.commands import _options as options
from geoguess_cli.commands._inputs import expand_photos, load_predictor, settings, truths_of
from geoguess_cli.commands._occlude_set import SetRequest, occlude_set
from geoguess_cli.commands._output import Sink, ending_of, save_figure
from geoguess_cli.errors import ConfigError, PhotoError
from geoguess_cli.files import replacing, write_text

if TYPE_CHECKING:
    from geoguess_cli.explain.explanation import Explanation, Plan, Unexplained
    from geoguess_cli.explain.targets import Question
    from geoguess_cli.inference.predictor import Predictor

SHOWN_PIXELS = 800
FIGURES = (".png", ".svg", ".pdf")
MAPS = (".npy", ".json")
SHEET_PHOTOS = 100
BATCH_SIZE = 32
STRIDE = 8


class Measure(StrEnum):
    """How a change is counted."""

    probability = "probability"
    log_odds = "log-odds"
    km = "km"


class Baseline(StrEnum):
    """What a covered pixel becomes."""

    mean = "mean"
    blur = "blur"
    noise = "noise"


class View(StrEnum):
    """How a map is drawn on its photo."""

    overlay = "overlay"
    contour = "contour"
    plain = "plain"


def _place(text: str) -> Any:
    """`answer`, `truth`, or the place of LAT,LON."""
    return text if text in ("answer", "truth") else options.coordinates(text)


def occlude(
    photo: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PHOTO…", help="Photos, folders (searched whole) or tables of photos."
        ),
    ] = None,
    *,
    output: options.Output = None,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="top|truth|region|distance|TOKEN",
            help="What is followed: the likeliest cell, the true one, a cell by its token, the "
            "cells near a place together, or the expected distance from a place.",
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
    window: Annotated[
        int, typer.Option("--window", min=1, help="Side of the covered square, in pixels.")
    ] = 32,
    stride: Annotated[
        int | None,
        typer.Option(
            "--stride",
            min=1,
            help="Step from one window to the next, in pixels (default: 8; 16 for --report).",
        ),
    ] = None,
    baseline: Annotated[
        list[Baseline] | None,
        typer.Option(
            "--baseline",
            help="What covered pixels become (default: mean, the mean colour); "
            "given several times, the map is the mean of the maps.",
        ),
    ] = None,
    view: Annotated[
        View,
        typer.Option("--view", help="Colours over the photo, lines of equal drop, or neither."),
    ] = View.overlay,
    steps: Annotated[
        int,
        typer.Option(
            "--steps",
            min=2,
            help="Points of the curves that judge a map; N cost 42·(N - 1) + 3 images a photo, "
            "16 about as many as the map.",
        ),
    ] = 16,
    judge: Annotated[
        bool,
        typer.Option(
            "--faithfulness/--no-faithfulness",
            help="Judge each map by deletion and insertion, beside random orders.",
        ),
    ] = True,
    raw: Annotated[
        Path | None,
        typer.Option("--raw", metavar="FILE", help="Also write the maps, as .npy or .json."),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="DIR",
            help="Instead of photos one by one: where the model looks over the photos of the table "
            "(--photos), and which shortcuts it may have learnt. Run again, it goes on.",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            "--split", help="Photos for --report: test, val, train or all.  [default: test]"
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            metavar="N",
            help="Photos for --report at most, in whole drives.  [default: 200]",
        ),
    ] = None,
    truth: options.Truth = None,
    photos: options.Photos = None,
    model: options.Model = None,
    batch_size: options.BatchSize = None,
    seed: options.Seed = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Cover each photo window by window, and draw what that does to its answer.

    As .png, .svg or .pdf several photos share a sheet; .npy holds the maps
    alone, .json all there is. A photo that fails does not end the others; the
    exit code is then 1.

    With --report DIR a whole set is looked at, and shortcuts are looked for;
    docs/metrics.md says what the report holds.
    """
    from geoguess_cli.explain.explanation import Plan

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config, photos=photos, artifacts=artifacts, seed=seed, device=device, precision=precision
    )
    if chosen.precision == "auto":
        # Drops of a hundredth would drown in the rounding of bf16.
        chosen = dataclasses.replace(chosen, precision="fp32")
    covers = baseline or [Baseline.mean]
    if report is not None:
        one_photo = {"PHOTO": photo, "-o": output, "--raw": raw, "--truth": truth, "--near": near}
        _refuse_beside_report(**one_photo, **{"--radius-km": radius_km, "--measure": measure})
        asked = SetRequest(
            folder=report,
            split=split or "test",
            limit=limit or 200,
            target=target,
            window=window,
            stride=stride,
            baselines=tuple(one.value for one in covers),
            batch_size=batch_size or BATCH_SIZE,
        )
        occlude_set(asked, chosen, model, sink)
        return
    if not photo:
        raise typer.BadParameter("name photos, or with --report DIR a folder for a whole set")
    if split is not None or limit is not None:
        raise typer.BadParameter("--split and --limit go with --report DIR")
    paths = expand_photos(photo, sink)
    if truth is not None and len(paths) > 1:
        raise typer.BadParameter("--truth is where one photo was taken; name just that one")
    name = f"{paths[0].stem}-occlusion.png" if len(paths) == 1 else "occlusion.png"
    output = output or chosen.artifacts / "figures" / name
    _check_outputs(output, raw, len(paths))
    question = _question(target, measure, near, radius_km)
    plan = Plan(
        window=window,
        stride=stride or STRIDE,
        baselines=tuple(one.value for one in covers),
        steps=steps if judge else 0,
        seed=chosen.seed,
        batch_size=batch_size or BATCH_SIZE,
    )
    predictor = load_predictor(chosen, model)
    truths = truths_of(paths, chosen) if truth is None else [truth]
    explained, failed = _explained(predictor, paths, question, plan, truths, sink)
    if failed and len(paths) == 1:
        raise PhotoError(failed[0].error)
    if explained:
        for path in (output, raw):
            if path is not None:
                _write(explained, plan, path, predictor, view, sink)
    _report(explained, failed, output, sink)
    if failed:
        raise typer.Exit(1)


def _refuse_beside_report(**given: Any) -> None:
    for name, value in given.items():
        if value:
            raise typer.BadParameter(f"{name} explains photos one by one; --report takes a set")


def _question(
    target: str, measure: Measure | None, near: Any, radius_km: float | None
) -> "Question":
    from geoguess_cli.explain.targets import Question

    if target not in ("region", "distance") and near is not None:
        raise typer.BadParameter("--near goes with --target region or --target distance")
    if target != "region" and radius_km is not None:
        raise typer.BadParameter("--radius-km goes with --target region")
    try:
        return Question(
            what=target,
            measure=None if measure is None else measure.value,
            near=near or "answer",
            radius_km=200.0 if radius_km is None else radius_km,
        )
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error


def _check_outputs(output: Path, raw: Path | None, photos: int) -> None:
    ending_of(output, FIGURES + MAPS)
    if raw is not None and raw.suffix.lower() not in MAPS:
        raise typer.BadParameter(f"--raw {raw} must end in {' or '.join(MAPS)}")
    if output.suffix.lower() in FIGURES and photos > SHEET_PHOTOS:
        raise typer.BadParameter(
            f"a sheet holds at most {SHEET_PHOTOS} photos and these are {photos}; "
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
    from geoguess_cli.explain.explanation import Explanation, Unexplained, explain_photos

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
    view: View,
    sink: Sink,
) -> None:
    """The maps as a sheet, as an array or as JSON, by the ending of the path."""
    import numpy as np

    from geoguess_cli.explain.explanation import explanation_record
    from geoguess_cli.explain.occlusion_figures import occlusion_sheet
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
        sheet = occlusion_sheet(explained, pictures, view=view.value, resize=predictor.spec.resize)
        save_figure(sheet, path)
        maps = "occlusion figure"
    sink.wrote(maps, path)


def _report(
    explained: "Sequence[Explanation]", failed: "Sequence[Unexplained]", output: Path, sink: Sink
) -> None:
    """What each map says and what it is worth; the reasons of the photos that failed."""
    from geoguess_cli.explain.explanation import summary_record

    for one in explained:
        if sink.as_json:
            sink.json({**summary_record(one), "path": str(output)})
        else:
            _show(summary_record(one), sink)
    for miss in failed:
        if sink.as_json:
            sink.json({"photo": str(miss.photo), "error": miss.error})
        sink.warn(miss.error)


def _show(summary: dict[str, Any], sink: Sink) -> None:
    """One explanation in words and, if it was judged, a table of areas."""
    kilometres = summary["measure"] == "km"

    def value(number: float) -> str:
        return f"{number:,.1f} km" if kilometres else f"{number:.3f}"

    unit = {"km": "km", "probability": "", "log-odds": "in log-odds"}[summary["measure"]]
    change = "{:+,.1f}" if kilometres else "{:+.3f}"
    strongest = f"{change} {unit}".strip()
    sink.text(
        f"{summary['photo']}: {summary['target']}, {value(summary['value'])}; drops from "
        f"{change.format(-summary['greatest_rise'])} to "
        f"{strongest.format(summary['greatest_drop'])}"
    )
    judged = summary["faithfulness"]
    if judged is None:
        return
    areas = ("deletion_area", "insertion_area", "score")
    sink.table(
        ("order", "deletion", "insertion", "score"),
        [
            (order, *(value(judged[order][area]) for area in areas))
            for order in ("map", "random", "edges")
        ],
        right=("deletion", "insertion", "score"),
    )
    verdict = "better" if judged["better_than_random"] else "no better"
    sink.text(f"The map is {verdict} than random orders.")
