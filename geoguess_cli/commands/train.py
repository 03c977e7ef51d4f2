"""`geoguess train`: the geolocator in stages, from photos and cells to a model folder."""

import dataclasses
import itertools
import typing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from geoguess_cli.choices import Resume
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.fits import show_fit, show_memory
from geoguess_cli.console.inputs import check_leaks, read_photos
from geoguess_cli.console.output import Sink
from geoguess_cli.console.stopping import TIME_UP, StopRequests, duration
from geoguess_cli.console.training import TrainingDisplay
from geoguess_cli.console.verbs import configured
from geoguess_cli.wording import parts_in_words, tenths_of_percent

if TYPE_CHECKING:
    from geoguess_cli.model.processes import Processes
    from geoguess_cli.training.session import TrainingSession

RESUME = typing.get_args(Resume)

CONTINUE = "`geoguess train --resume` continues from there"

SUMMARY_CELLS = 2199
"""Number of cells in the paper: `--summary` shows the head for it if there is no partition yet."""


def _stage(text: str) -> int:
    """The number of a stage; 0 for all stages."""
    if text == "all":
        return 0
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise typer.BadParameter(f"`{text}` is neither `all` nor the number of a stage, from 1")


class TrainCommand(TyperCommand):
    """Takes `--resume` with and without a value; an option of Typer's has always one or never."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments, `--resume` alone as `--resume always`."""
        whole = [
            "--resume=always" if own == "--resume" and following not in RESUME else own
            for own, following in itertools.zip_longest(args, args[1:], fillvalue="")
        ]
        return list(super().parse_args(ctx, whole))


COMMAND = TrainCommand
"""The class of the verb."""


@configured(
    "photos",
    "train__batch_size",
    "train__accumulate",
    "train__compile",
    "seed",
    "device",
    "precision",
    "workers",
    "max_pixels",
    "artifacts",
)
def train(
    *,
    stage: Annotated[
        int,
        typer.Option(
            "--stage",
            metavar="all|1|2|3",
            parser=_stage,
            help="Run all stages, or only this one, starting from the result of the one before.",
        ),
    ] = "all",  # type: ignore[assignment]
    resume: Annotated[
        Resume,
        typer.Option(
            "--resume",
            metavar="[auto]",
            help="Continue exactly where a run was interrupted; with `auto`, else start one.",
        ),
    ] = "never",
    stop_after: Annotated[
        float | None,
        typer.Option(
            "--stop-after",
            metavar="TIME",
            parser=duration,
            help="Stop before this time is over (2h, 90m), so that --resume continues later.",
        ),
    ] = None,
    summary: Annotated[
        bool,
        typer.Option("--summary", help="Print parts, parameters and shapes, and train nothing."),
    ] = False,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="RUN",
            help="Name of the run (default: a new run; with --resume or --stage 2, the latest).",
        ),
    ] = None,
    cells: options.Cells = None,
    swap: options.Swap = None,
    memory: options.Memory = False,
    output: options.Output = None,
    force: options.Force = False,
    config: Config,
    sink: Sink,
    processes: "Processes",
) -> None:
    """Train the geolocator and write the model that is best on the validation photos."""
    from geoguess_cli.files import check_writable
    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.training.foresight import foresee
    from geoguess_cli.training.runs import choose_run
    from geoguess_cli.training.session import TrainingSession

    cells_path = cells or config.cells_path
    if summary:
        if processes.leads:
            _show_summary(config, cells_path, sink)
        return
    model_path = output or config.model_path
    check_writable(model_path.parent)
    partition = read_partition(cells_path)
    table = read_photos(config.photos, sink, columns=config.columns, swap=swap, stops=True).table
    check_leaks(table, "val", sink)
    run, going_on = processes.of_leader(
        lambda: choose_run(
            config.artifacts / "runs", name, resume=resume, stage=stage or None, replace=force
        )
    )
    session = TrainingSession(
        config,
        table,
        partition,
        run=run,
        stage=stage or None,
        resume=going_on,
        processes=processes,
    )
    if going_on:
        sink.notice(f"continuing {run.folder}")
    elif stage > 1:
        sink.notice(f"starting from the result of stage {stage - 1} in {run.folder}")
    for note in session.notes:
        sink.notice(note)
    sink.notice(
        f"{len(session.train)} training photos in {len(partition)} cells, "
        f"{len(session.val)} validation photos; run {run.folder}"
    )
    for sentence in foresee(session):
        sink.warn(sentence)
    _run(session, stop_after, sink)
    if processes.leads:
        _write(session, model_path, sink, memory=memory)


def _run(session: "TrainingSession", stop_after: float | None, sink: Sink) -> None:
    """Train, show and draw each epoch; after a stop, say how to go on."""
    from geoguess_cli.drawing.saving import save_figure
    from geoguess_cli.errors import GeoguessError, StoppedError
    from geoguess_cli.report.training_curves import training_curves

    run = session.run
    with StopRequests(stop_after) as stop:
        try:
            with TrainingDisplay(sink, stages=len(session.config.train.stages)) as display:
                for stats in session.epochs(
                    on_step=display.step,
                    on_failure=lambda _path, reason: display.failure(reason),
                    on_features=display.features,
                    stop=stop,
                ):
                    display.epoch(stats)
                    if session.processes.leads:
                        save_figure(training_curves(run.metrics()), run.folder / "curves.png")
        except KeyboardInterrupt:
            sink.notice(f"{run.folder} holds a snapshot; {CONTINUE}")
            raise
        except StoppedError as reason:
            sink.notice(f"{reason}; {run.folder} holds every step so far; {CONTINUE}")
            # torchrun takes any other code for a failure, and would start the processes again.
            planned = stop.code == TIME_UP and not session.processes.alone
            raise typer.Exit(0 if planned else stop.code) from reason
        except GeoguessError:
            if run.begun:
                sink.notice(f"{run.folder} holds a snapshot; {CONTINUE}")
            raise


def _write(session: "TrainingSession", folder: Path, sink: Sink, *, memory: bool) -> None:
    """Fit the decision, write the model folder, and show both."""
    from geoguess_cli.api import conclude, save

    with sink.counter("calibrating") as move:
        model, fit = conclude(session, memory=memory, on_batch=move)
    save(model, folder)
    metrics: dict[str, Any] = model.metrics
    if sink.as_json:
        sink.json({**metrics, "path": str(folder)})
    else:
        best = metrics["best"]
        sink.table(
            ("best epoch", "stage", "loss", "val loss", "val top-1", "val top-5"),
            [
                (
                    best["epoch"],
                    best["stage_name"],
                    f"{best['loss']:.3f}",
                    f"{best['val_loss']:.3f}",
                    tenths_of_percent(best["val_top_1"]),
                    tenths_of_percent(best["val_top_5"]),
                )
            ],
        )
    show_fit(fit, sink)
    show_memory(fit.memory, sink)
    sink.wrote("model", folder)


def _show_summary(config: Config, cells_path: Path, sink: Sink) -> None:
    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.model.geolocator import build_geolocator, image_spec, part_summaries

    if cells_path.is_file():
        cells = len(read_partition(cells_path))
    else:
        cells = SUMMARY_CELLS
        sink.notice(f"there are no cells at {cells_path} yet; the head has the paper's {cells}")
    spec = image_spec(config.model, config.images)
    parts = part_summaries(build_geolocator(config.model, cells=cells, image_size=spec.size), spec)
    if sink.as_json:
        rows = [dataclasses.asdict(part) for part in parts]
        sink.json({"image_size": spec.size, "cells": cells, "parts": rows})
        return
    total = sum(part.parameters for part in parts)
    sink.table(
        ("part", "kind", "parameters", "output shape"),
        [(p.part, p.kind, f"{p.parameters:,}", " × ".join(map(str, p.shape))) for p in parts]
        + [("all", "", f"{total:,}", "")],
        title=f"{parts_in_words(config.model.backbone, config.model.vit)} at {spec.size} px, "
        f"{cells} cells",
        right=("parameters",),
    )
