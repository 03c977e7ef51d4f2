"""`geoguess model pull`: fetch a model from the Hugging Face hub."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from geoguess_cli.console import options
from geoguess_cli.console.addresses import HubArgument
from geoguess_cli.console.output import Sink
from geoguess_cli.wording import byte_size, counted, parts_in_words


def pull(
    address: HubArgument,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Also copy the model to this folder."),
    ] = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Fetch a model from the Hugging Face hub; afterwards --model hf://… needs no network.

    Only files of a model folder are fetched; programs and pickles are not. The model stays in the
    cache of the hub's client (HF_HOME).
    """
    from geoguess_cli.model.pulling import copy_model
    from geoguess_cli.model.pulling import pull as fetch

    sink = Sink(quiet=quiet, as_json=json)
    pulled = fetch(address, quiet=not sink.shows_progress)
    if pulled.left:
        sink.warn(
            f"not fetched, because they are no files of a geoguess model: {', '.join(pulled.left)}"
        )
    if output is not None:
        copy_model(pulled.folder, output)
    own, folder = pulled.described, output or pulled.folder
    record = {
        "address": str(pulled.address),
        "path": str(folder),
        "cells": len(own.partition),
        "files": dict(pulled.files),
        "not_fetched": list(pulled.left),
        "model": dataclasses.asdict(own.config),
    }
    size = byte_size(sum(pulled.files.values()))
    encoder = parts_in_words(own.config.backbone, own.config.vit)
    words = f"{encoder}, {counted(len(own.partition), 'cell')}, {size}, {pulled.address}"
    sink.result(record, lambda: sink.text(words))
    sink.wrote("model", folder)
    sink.notice(f"next: geoguess predict PHOTO --model {output or address}")
