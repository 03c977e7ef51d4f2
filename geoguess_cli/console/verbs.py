"""What every verb takes: options that change the configuration, and where results go."""

import inspect
from collections.abc import Callable
from typing import Any

from geoguess_cli.console import options
from geoguess_cli.console.inputs import settings
from geoguess_cli.console.output import Sink

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


def configured(*keys: str, json: bool = True) -> Callable[[Callable[..., None]], Any]:
    """Give a verb its configuration and its sink, in place of the options behind them.

    The verb has the keyword arguments `config`, a `Config`, and `sink`. The command line has an
    option for each key, which replaces the value of the configuration, and --config, --quiet and
    --json.

    Args:
        keys: Keys of `KEYS`, in the order of the help.
        json: Whether the verb has a --json.
    """

    if {"table", "photos"} & set(keys):
        keys = (*keys, "column")

    def decorate(verb: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(verb).parameters.values()
        kept = [parameter for parameter in own if parameter.name not in ("config", "sink")]
        shared: dict[str, tuple[Any, Any]] = {key: (KEYS[key], None) for key in keys}
        shared |= {"config": (options.ConfigFile, None), "quiet": (options.Quiet, False)}
        shared |= {"json": (options.Json, False)} if json else {}
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=of)
            for name, (of, default) in shared.items()
        ]

        def run(**values: Any) -> None:
            sink = Sink(quiet=values.pop("quiet"), as_json=values.pop("json", False))
            file, chosen = values.pop("config"), {key: values.pop(key) for key in keys}
            if "table" in chosen:
                chosen["photos"] = chosen.pop("table")
            for column, name in chosen.pop("column", None) or ():
                chosen[f"columns__{column}"] = name
            verb(**values, config=settings(file, **chosen), sink=sink)

        # Help keeps the line breaks of a docstring, which are not those of the terminal.
        paragraphs = [" ".join(text.split()) for text in (verb.__doc__ or "").split("\n\n")]
        run.__name__, run.__doc__ = verb.__name__, "\n\n".join(paragraphs)
        signature = inspect.Signature([*kept, *added], return_annotation=None)
        run.__signature__ = signature  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in signature.parameters.values()}
        return run

    return decorate
