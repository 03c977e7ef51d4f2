"""What every verb takes: options that change the configuration, and where results go."""

import inspect
from collections.abc import Callable
from typing import Any

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options, processes
from geoguess_cli.console.addresses import local_models
from geoguess_cli.console.inputs import settings
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import ConfigError

KEYS: dict[str, Any] = {
    "table": options.TableArgument,
    "photos": options.Photos,
    "column": options.Columns,
    "cells__max_photos": options.MaxPhotos,
    "cells__min_photos": options.MinPhotos,
    "cells__max_level": options.MaxLevel,
    "cells__uncovered": options.UncoveredOption,
    "train__batch_size": options.BatchSize,
    "train__accumulate": options.Accumulate,
    "train__compile": options.Compile,
    "seed": options.Seed,
    "device": options.DeviceOption,
    "precision": options.PrecisionOption,
    "workers": options.Workers,
    "max_pixels": options.MaxPixels,
    "artifacts": options.Artifacts,
}
"""The option of each key of the configuration; a double underscore enters a table.

`table` is the argument of a verb that takes its photos in place of --photos. A verb with either
takes --column as well.
"""


ANSWERING = ("train__batch_size", "device", "precision", "workers", "max_pixels", "artifacts")
"""The keys of a verb whose model answers many photos."""

MODELS = ("model", "compare")
"""Arguments of verbs that name models: each address of the hub among them becomes a folder here."""


def configured(
    *keys: str, json: bool = True, helped: bool = False
) -> Callable[[Callable[..., None]], Any]:
    """Give a verb its configuration and its sink, in place of the options behind them.

    The verb has the keyword arguments `config`, a `Config`, and `sink`. The command line has an
    option for each key, which replaces the value of the configuration, and --config, --quiet and
    --json. A verb that several processes can share has the argument `processes` too, None where
    nobody helps it. A model on the hub is fetched, and the verb gets its folder.

    Args:
        keys: Keys of `KEYS`, in the order of the help.
        json: Whether the verb has a --json.
        helped: Whether only the first process runs the verb; the others do what it asks of them.
    """

    if {"table", "photos"} & set(keys):
        keys = (*keys, "column")

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(verb).parameters.values()
        shared = any(parameter.name == "processes" for parameter in own)
        given = ("config", "sink", "processes")
        kept = [parameter for parameter in own if parameter.name not in given]
        common: dict[str, tuple[Any, Any]] = {key: (KEYS[key], None) for key in keys}
        common |= {"config": (options.ConfigFile, None), "quiet": (options.Quiet, False)}
        common |= {"json": (options.Json, False)} if json else {}
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=of)
            for name, (of, default) in common.items()
        ]

        def run(**values: Any) -> None:
            quiet = values.pop("quiet") or not processes.leads()
            sink = Sink(quiet=quiet, as_json=values.pop("json", False))
            file, chosen = values.pop("config"), {key: values.pop(key) for key in keys}
            if "table" in chosen:
                chosen["photos"] = chosen.pop("table")
            for column, name in chosen.pop("column", None) or ():
                chosen[f"columns__{column}"] = name
            config = settings(file, **chosen)
            for name in MODELS:
                values |= {name: local_models(values[name], sink)} if values.get(name) else {}
            if shared:
                _run_shared(verb, config, helped, **values, sink=sink)
            elif processes.count() > 1:
                name = verb.__name__.replace("_", " ")
                raise ConfigError(
                    f"`{name}` works in one process, and torchrun started {processes.count()}; "
                    "start it without torchrun"
                )
            else:
                verb(**values, config=config, sink=sink)

        # Help keeps the line breaks of a docstring, which are not those of the terminal.
        paragraphs = [" ".join(text.split()) for text in (verb.__doc__ or "").split("\n\n")]
        run.__name__, run.__doc__ = verb.__name__, "\n\n".join(paragraphs)
        signature = inspect.Signature([*kept, *added], return_annotation=None)
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
        return run

    return decorate


def _run_shared(verb: Callable[..., None], config: Config, helped: bool, **values: Any) -> None:
    """Run a verb in each process; or in the first alone, while the others help it."""
    if helped and processes.count() == 1:  # nobody helps, and a model may need no torch
        verb(**values, config=config, processes=None)
        return
    with processes.joined(config) as job:
        if job.alone or not helped:
            verb(**values, config=config, processes=job)
            return
        from geoguess_cli.inference.sharing import assist, dismiss

        if not job.leads:
            if not assist(job):
                raise typer.Exit(1)  # the others say why
            return
        try:
            verb(**values, config=config, processes=job)
        except typer.Exit:  # the verb has done its work
            dismiss(job)
            raise
        # An error ends this process, which the others notice; there is nobody to wait for.
        dismiss(job)
