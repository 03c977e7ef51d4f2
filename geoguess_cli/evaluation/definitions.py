"""The definition of each statistic, which the field of a report that holds it carries.

A part of a report is a frozen dataclass. A field made by `statistic` says what the statistic is
called, its unit, how it is computed and what it means; all other fields are plain values. The
parts themselves stand in `statistics`, and `report.Report` puts them together.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from geoguess_cli.evaluation.intervals import Draft, Interval
from geoguess_cli.wording import Unit


@dataclass(frozen=True)
class Definition:
    """What a statistic is, how it is computed, and how it is shown.

    Attributes:
        name: What pages call it; "" keeps it out of their tables.
        unit: How a number of it is written.
        of: Computes the statistic (or several, by name) from the source of its part.
        definition: As in `docs/metrics.md`.
        compared: What a comparison of two models calls it, by its key in a report.
        less: Whether less is better.
        of_cells: Whether it depends on which cells there are, so that models of different
            partitions do not compare.
    """

    name: str
    unit: Unit
    of: Callable[..., Any]
    definition: str
    compared: Mapping[str, str] = field(default_factory=dict)
    less: bool = False
    of_cells: bool = False


def statistic(
    name: str, unit: Unit, of: Callable[..., Any], definition: str, **options: Any
) -> Any:
    """A field that holds a statistic; the options are the other attributes of `Definition`."""
    return field(metadata={"definition": Definition(name, unit, of, definition, **options)})


def definitions(part: type) -> dict[str, Definition]:
    """The definitions of the statistics of a part, by the name of the field."""
    return {
        entry.name: entry.metadata["definition"]
        for entry in dataclasses.fields(part)
        if "definition" in entry.metadata
    }


def computed(part: type, *source: Any) -> dict[str, Any]:
    """The statistics of a part, ready to be resampled, by the name of the field.

    Args:
        part: A dataclass of `statistics`.
        source: The source of its statistics, which the docstring of the part names.
    """
    return {name: own.of(*source) for name, own in definitions(part).items()}


def draft(part: type, *source: Any, **known: Any) -> Draft:
    """A part with the statistics computed from a source, and with its other fields as given."""
    return Draft(part, {**known, **computed(part, *source)})


def keys(part: Any, path: str = "") -> Iterator[tuple[str, Definition | None]]:
    """Every key of a part in JSON, with dots, and the definition where it is a statistic.

    `*` stands for the names of a mapping; the entries of a list share the key of the list.
    """
    for entry in dataclasses.fields(part):
        kind = get_type_hints(part)[entry.name]
        yield from _keys_of(kind, f"{path}.{entry.name}".lstrip("."), entry.metadata)


def _keys_of(
    kind: Any, path: str, metadata: Mapping[str, Any]
) -> Iterator[tuple[str, Definition | None]]:
    arguments = [argument for argument in get_args(kind) if argument is not NoneType]
    if get_origin(kind) is Mapping:
        yield from _keys_of(arguments[1], f"{path}.*", metadata)
    elif get_origin(kind) is Sequence or (len(arguments) == 1 and get_origin(kind) is not None):
        yield from _keys_of(arguments[0], path, metadata)
    elif dataclasses.is_dataclass(kind) and kind is not Interval:
        yield from keys(kind, path)
    else:
        yield path, metadata.get("definition")


def plain(value: Any) -> Any:
    """A part as plain JSON: dictionaries, lists, numbers and texts; null for NaN.

    >>> plain({"top_1": Interval(0.5, 0.25, float("nan"))})
    {'top_1': {'value': 0.5, 'low': 0.25, 'high': None}}
    """
    if dataclasses.is_dataclass(value):
        return plain(vars(value))
    if isinstance(value, Mapping):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
