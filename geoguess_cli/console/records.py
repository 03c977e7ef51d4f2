"""A list of records in the form the user asked for: table, JSON lines, CSV or GeoJSON."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoguess_cli.choices import RecordFormat
from geoguess_cli.console.output import Sink
from geoguess_cli.files import write_text

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ENDINGS: dict[str, RecordFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".geojson": "geojson",
}


def chosen_format(
    form: RecordFormat | None, output: Path | None, *, as_json: bool = False
) -> RecordFormat:
    """The format by --format, else by --json, else by the ending of --output, else a table."""
    if form is not None:
        return form
    if as_json:
        return "jsonl"
    return ENDINGS.get(output.suffix.lower(), "table") if output else "table"


def write_records(
    records: Sequence[Mapping[str, Any]],
    *,
    sink: Sink,
    form: RecordFormat | None,
    output: Path | None,
    title: str | None = None,
    geometries: "Sequence[BaseGeometry] | None" = None,
) -> None:
    """Write records to `output`, or to stdout without one.

    Args:
        records: One mapping a row, all with the same keys.
        sink: Where results and notices go.
        form: The format asked for, if any.
        output: The file asked for, if any.
        title: A line above a table.
        geometries: One (longitude, latitude) geometry a record, for GeoJSON.
    """
    kind = chosen_format(form, output, as_json=sink.as_json)
    if kind == "table" and output is None:
        columns = list(records[0]) if records else []
        sink.table(
            [_heading(column) for column in columns],
            [[_shown(value) for value in record.values()] for record in records],
            title=title,
            right=[_heading(column) for column in columns if _numeric(records, column)],
        )
        return
    text = _as_text(records, kind, geometries)
    if output is None:
        sink.text(text)
    else:
        write_text(text, output)
        sink.wrote(title or "result", output)


def json_lines(records: Sequence[Mapping[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False, default=str) + "\n" for record in records)


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """CSV with a heading row; what is true or false is written as in JSON."""
    if not records:
        return ""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(
            {
                name: str(value).lower() if isinstance(value, bool) else value
                for name, value in record.items()
            }
        )
    return buffer.getvalue()


def _as_text(
    records: Sequence[Mapping[str, Any]],
    kind: RecordFormat,
    geometries: "Sequence[BaseGeometry] | None",
) -> str:
    from geoguess_cli.geo.geojson import feature, feature_collection

    if kind == "geojson" and geometries is not None:
        features = [feature(g, r) for g, r in zip(geometries, records, strict=True)]
        return json.dumps(feature_collection(features), ensure_ascii=False) + "\n"
    return json_lines(records) if kind == "jsonl" else csv_text(records)


def _heading(column: str) -> str:
    return column.replace("_km2", " km²").replace("_", " ")


def _shown(value: Any) -> str:
    """A value in a table; numbers of a column end alike, so that they can be compared."""
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _numeric(records: Sequence[Mapping[str, Any]], column: str) -> bool:
    return all(isinstance(record[column], int | float) for record in records)
