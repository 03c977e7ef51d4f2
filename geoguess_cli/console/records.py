"""Records in the format that the user chose: table, JSON lines, CSV or GeoJSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from geoguess_cli.choices import AnswerFormat, RecordFormat
from geoguess_cli.console.output import Sink
from geoguess_cli.files import csv_lines, json_lines, part_of, write_lines

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ENDINGS: dict[str, RecordFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".geojson": "geojson",
    "": "table",
}
"""The format of each ending; that of "" is for every other."""

_Form = TypeVar("_Form", bound=str)


ANSWER_ENDINGS: dict[str, AnswerFormat] = {**ENDINGS, ".gpx": "gpx", ".kml": "kml", ".xmp": "xmp"}


def chosen_format(
    form: RecordFormat | None, output: Path | None, *, as_json: bool = False
) -> RecordFormat:
    """The format of --format, else of --json, else of the ending of --output, else a table."""
    return _chosen(form, output, as_json, ENDINGS)


def chosen_answer_format(
    form: AnswerFormat | None, output: Path | None, *, as_json: bool = False
) -> AnswerFormat:
    """The format of answers, chosen as in `chosen_format`."""
    return _chosen(form, output, as_json, ANSWER_ENDINGS)


def _chosen(
    form: _Form | None, output: Path | None, as_json: bool, endings: Mapping[str, _Form]
) -> _Form:
    if form is not None:
        return form
    if as_json:
        return endings[".jsonl"]
    return endings.get(output.suffix.lower() if output else "", endings[""])


def write_records(
    records: Sequence[Mapping[str, Any]],
    *,
    sink: Sink,
    form: RecordFormat | None,
    output: Path | None,
    title: str | None = None,
    geometries: "Sequence[BaseGeometry] | None" = None,
) -> None:
    """Write records to `output`, or to stdout if it is None.

    Args:
        records: One mapping per row, all with the same keys.
        sink: Receives results and notices.
        form: The format of --format, if given.
        output: The file to write, if given.
        title: A line above a table.
        geometries: For GeoJSON, one (longitude, latitude) geometry per record.
    """
    kind = chosen_format(form, output, as_json=sink.as_json)
    if kind == "table" and output is None:
        columns = list(records[0]) if records else []
        sink.table(
            [_heading(column) for column in columns],
            [[_cell_text(value) for value in record.values()] for record in records],
            title=title,
            right=[_heading(column) for column in columns if _numeric(records, column)],
        )
        return
    lines = _as_lines(records, kind, geometries)
    deliver(lines, output=output, sink=sink, what=title or "result")


def deliver(lines: Iterable[str], *, output: Path | None, sink: Sink, what: str) -> None:
    """Write a text to `output` as it comes and say so, or print it on stdout if `output` is None.

    Args:
        lines: The text in pieces.
        output: The file to write.
        sink: Receives the text or the notice.
        what: The name of the result, for the notice.
    """
    if output is None:
        sink.text("".join(lines))
        return
    try:
        write_lines(lines, output)
    except BaseException:
        if part_of(output).is_file():
            sink.wrote(f"{what} so far", part_of(output))
        raise
    sink.wrote(what, output)


def _as_lines(
    records: Sequence[Mapping[str, Any]],
    kind: RecordFormat,
    geometries: "Sequence[BaseGeometry] | None",
) -> Iterator[str]:
    from geoguess_cli.geo.geojson import collection_lines, feature

    if kind == "geojson" and geometries is not None:
        return collection_lines(feature(g, r) for g, r in zip(geometries, records, strict=True))
    return json_lines(records) if kind == "jsonl" else csv_lines(records)


def _heading(column: str) -> str:
    return column.replace("_km2", " km²").replace("_", " ")


def _cell_text(value: Any) -> str:
    """A value in a table; floats get three decimals, so that they line up, unless they are tiny."""
    if isinstance(value, float):
        return f"{value:.2g}" if 0 < abs(value) < 5e-4 else f"{value:.3f}"
    return str(value)


def _numeric(records: Sequence[Mapping[str, Any]], column: str) -> bool:
    return all(isinstance(record[column], int | float) for record in records)
