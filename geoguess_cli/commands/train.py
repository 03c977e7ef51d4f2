"""`geoguess train`: the geolocator in stages, from photos and cells to a model folder."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.config import Config, StageConfig
from geoguess_cli.console import options
from geoguess_cli.console.fits import fit_on_validation, show_fit
from geoguess_cli.console.inputs import check_leaks, read_photos, require_splits, settings
from geoguess_cli.console.output import Sink
from geoguess_cli.console.training import TrainingDisplay
from geoguess_cli.drawing.saving import save_figure

if TYPE_CHECKING:
    from geoguess_cli.geo.partition import Partition
    from geoguess_cli.photos.table import PhotoTable
    from geoguess_cli.training.epoch import PhotoSet
    from geoguess_cli.training.run import Run

SUMMARY_CELLS = 2199
"""Cells of the paper: what `--summary` shows the head for before there is a partition."""


def _stage(text: str) -> int:
    """The number of a stage, 0 for all of them."""
    if text == "all":
        return 0
    if text.isdecimal() and int(text) >= 1:
        return int(text)
    raise typer.BadParameter(f"`{text}` is neither `all` nor the number of a stage, from 1")


def train(
    *,
    stage: Annotated[
        int,
        typer.Option(
            "--stage",
            metavar="all|1|2|3",
            parser=_stage,
            help="One stage alone goes on from the result of the one before.",
        ),
    ] = "all",  # type: ignore[assignment]
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on exactly where a run was interrupted.")
    ] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Print parts, parameters and shapes; train nothing.")
    ] = False,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="RUN", help="The run (default: a new one, or the latest)."),
    ] = None,
    photos: options.Photos = None,
    cells: options.Cells = None,
    output: options.Output = None,
    batch_size: options.BatchSize = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    workers: options.Workers = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    seed: options.Seed = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Train the geolocator and write the model that is best on the validation photos."""
    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config,
        photos=photos,
        artifacts=artifacts,
        device=device,
        precision=precision,
        workers=workers,
        seed=seed,
        train__batch_size=batch_size,
    )
    cells_path = cells or chosen.cells_path
    if summary:
        _show_summary(chosen, cells_path, sink)
        return
    number = stage or None
    run = _choose_run(chosen, name, number, resume=resume, force=force)
    _train(
        chosen,
        run,
        cells_path=cells_path,
        folder=output or chosen.model_path,
        stage=number,
        resume=resume,
        sink=sink,
    )


def _choose_run(
    config: Config, name: str | None, stage: int | None, *, resume: bool, force: bool
) -> "Run":
    from geoguess_cli.training.runs import latest_run, new_run

    folder = config.artifacts / "runs"
    if resume or (stage or 1) > 1:
        return latest_run(folder, name)
    return new_run(folder, name, replace=force)


def _train(
    config: Config,
    run: "Run",
    *,
    cells_path: Path,
    folder: Path,
    stage: int | None,
    resume: bool,
    sink: Sink,
) -> None:
    """Everything of a training that takes time, from reading to the model folder."""
    import torch

    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.model.checkpoint import TrainedModel, save_model
    from geoguess_cli.model.geolocator import build_geolocator, image_spec
    from geoguess_cli.model.pretrained import load_weights
    from geoguess_cli.model.states import cells_digest
    from geoguess_cli.training.loop import fit

    partition = read_partition(cells_path)
    table = read_photos(config.photos, sink)
    require_splits(table, "train", "val")
    check_leaks(table, "val", sink)
    train_set, val_set = _photo_sets(table, partition, config)
    spec = image_spec(config.model, config.images)
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        geolocator = build_geolocator(config.model, cells=len(partition), image_size=spec.size)
    digest = cells_digest(partition.cells)
    if resume:
        sink.notice(f"going on with {run.folder}")
    elif (stage or 1) == 1:
        notes = load_weights(geolocator, config.model, image_size=spec.size, cells_digest=digest)
        for note in notes:
            sink.notice(note)
    else:
        sink.notice(f"starting from the result of stage {(stage or 1) - 1} in {run.folder}")
    sink.notice(
        f"{len(train_set.covered())} training photos in {len(partition)} cells, "
        f"{len(val_set)} validation photos; run {run.folder}"
    )
    with TrainingDisplay(sink, stages=len(config.train.stages)) as display, _resumable(run, sink):
        for stats in fit(
            geolocator,
            config=config,
            spec=spec,
            train=train_set,
            val=val_set,
            cells_digest=digest,
            run=run,
            stage=stage,
            resume=resume,
            on_step=display.step,
            on_failure=lambda _path, reason: sink.warn(f"{reason}; skipped"),
        ):
            display.epoch(stats)
            _draw_curves(run)
    metrics = _metrics(run, config, table, train_set, val_set, partition)
    trained = TrainedModel(geolocator, partition, config.model, spec, metrics)
    predictor = Predictor(trained, device=config.device, precision=config.precision)
    decided = fit_on_validation(predictor, table, config, sink)
    trained = decided.applied_to(trained)
    save_model(folder, trained)
    _report(trained.metrics, folder, sink)
    show_fit(decided, sink)
    sink.wrote("model", folder)


@contextmanager
def _resumable(run: "Run", sink: Sink) -> Iterator[None]:
    """Say, when the training is interrupted, how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        sink.notice(
            f"{run.folder} holds every whole epoch; `geoguess train --resume` goes on from there"
        )
        raise


def _photo_sets(
    table: "PhotoTable", partition: "Partition", config: Config
) -> "tuple[PhotoSet, PhotoSet]":
    from geoguess_cli.training.epoch import PhotoSet

    train, val = table.only("train"), table.only("val")
    targets = partition.assign(train.latlng, uncovered=config.cells.uncovered)
    # Validation is an evaluation: a photo in no cell stays in none.
    return PhotoSet(train.paths, targets), PhotoSet(val.paths, partition.assign(val.latlng))


def _draw_curves(run: "Run") -> None:
    from geoguess_cli.report.training_curves import training_curves

    save_figure(training_curves(run.metrics()), run.folder / "curves.png")


def _metrics(
    run: "Run",
    config: Config,
    table: "PhotoTable",
    train: "PhotoSet",
    val: "PhotoSet",
    partition: "Partition",
) -> dict[str, Any]:
    """What `metrics.json` of the model folder tells of its training."""
    epochs = run.metrics()
    best = min(epochs, key=lambda line: line["val_loss"])
    return {
        "photos": {
            "train": len(train),
            "train_covered": len(train.covered()),
            "val": len(val),
            "val_covered": int((val.targets >= 0).sum()),
            **({"test": len(table.only("test"))} if "test" in table.splits else {}),
        },
        "best": {
            key: best[key]
            for key in ("epoch", "stage_name", "loss", "val_loss", "val_top_1", "val_top_5")
        },
        "training": {
            "run": run.folder.name,
            "seed": config.seed,
            "cells": len(partition),
            "epochs": len(epochs),
            "minutes": round(sum(line["seconds"] for line in epochs) / 60, 1),
            "stages": "; ".join(_described(stage) for stage in config.train.stages),
        },
    }


def _described(stage: StageConfig) -> str:
    frozen = f", {' and '.join(stage.freeze)} frozen" if stage.freeze else ""
    return f"{stage.name}: {stage.epochs} epochs at {stage.learning_rate:g}{frozen}"


def _report(metrics: dict[str, Any], folder: Path, sink: Sink) -> None:
    best = metrics["best"]
    if sink.as_json:
        sink.json({**metrics, "path": str(folder)})
    else:
        sink.table(
            ("best epoch", "stage", "loss", "val loss", "val top-1", "val top-5"),
            [
                (
                    best["epoch"],
                    best["stage_name"],
                    f"{best['loss']:.3f}",
                    f"{best['val_loss']:.3f}",
                    f"{best['val_top_1']:.1%}",
                    f"{best['val_top_5']:.1%}",
                )
            ],
        )


def _show_summary(config: Config, cells_path: Path, sink: Sink) -> None:
    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.model.geolocator import build_geolocator, image_spec
    from geoguess_cli.model.geolocator import summary as summarise

    if cells_path.is_file():
        cells = len(read_partition(cells_path))
    else:
        cells = SUMMARY_CELLS
        sink.notice(f"no cells at {cells_path} yet: the head is shown for the paper's {cells}")
    spec = image_spec(config.model, config.images)
    parts = summarise(build_geolocator(config.model, cells=cells, image_size=spec.size), spec)
    rows = [dataclasses.asdict(part) for part in parts]
    if sink.as_json:
        sink.json({"image_size": spec.size, "cells": cells, "parts": rows})
        return
    total = sum(part.parameters for part in parts)
    sink.table(
        ("part", "kind", "parameters", "output shape"),
        [(p.part, p.kind, f"{p.parameters:,}", " × ".join(map(str, p.shape))) for p in parts]
        + [("all", "", f"{total:,}", "")],
        title=f"{config.model.backbone} + {config.model.vit} at {spec.size} px, {cells} cells",
        right=("parameters",),
    )
