"""`geoguess occlude`: which parts of a photo its answer rests on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.choices import Measure, View
from geoguess_cli.commands._occlude_photos import PhotosRequest, occlude_photos
from geoguess_cli.console import options
from geoguess_cli.console.inputs import full_precision, settings
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import ConfigError

if TYPE_CHECKING:
    from geoguess_cli.occlusion.targets import Question

BATCH_SIZE = 32


def _place(text: str) -> Any:
    """`answer`, `truth`, or the place of LAT,LON."""
    return text if text in ("answer", "truth") else options.coordinates(text)


def occlude(
    photo: options.PhotoFiles,
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
    window: options.Window = 32,
    stride: Annotated[
        int, typer.Option("--stride", min=1, help="Step from one window to the next, in pixels.")
    ] = 8,
    baseline: options.Baselines = None,
    view: Annotated[
        View,
        typer.Option("--view", help="Colours over the photo, lines of equal drop, or neither."),
    ] = "overlay",
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
    """
    from geoguess_cli.occlusion.explanation import Plan

    sink = Sink(quiet=quiet, as_json=json)
    chosen = full_precision(
        settings(
            config,
            photos=photos,
            artifacts=artifacts,
            seed=seed,
            device=device,
            precision=precision,
        )
    )
    plan = Plan(
        window=window,
        stride=stride,
        baselines=tuple(baseline or ["mean"]),
        steps=steps if judge else 0,
        seed=chosen.seed,
        batch_size=batch_size or BATCH_SIZE,
    )
    question = _question(target, measure, near, radius_km)
    wanted = PhotosRequest(photo, output, raw, view, truth, question, plan)
    if not occlude_photos(wanted, chosen, model, sink):
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
