"""Answers as text: JSON lines, CSV or GeoJSON."""

import json
from collections.abc import Iterable
from pathlib import Path

from geoguess_cli.choices import RecordFormat
from geoguess_cli.errors import OutputError
from geoguess_cli.files import csv_text, json_lines, write_text
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answers import (
    Answer,
    Unanswered,
    answer_record,
    answer_row,
    answers_geojson,
)

FORMATS: dict[str, RecordFormat] = {".csv": "csv", ".jsonl": "jsonl", ".geojson": "geojson"}
"""The format of a file of answers, by its ending."""


def answers_text(
    answers: Iterable[Answer | Unanswered],
    partition: Partition,
    form: RecordFormat,
    *,
    top_k: int = 5,
) -> str:
    """Answers as text in a format; "table" is written as CSV.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        form: The format.
        top_k: Guesses to list for each photo, at least 1.
    """
    if form == "geojson":
        return json.dumps(answers_geojson(answers, partition, top_k), ensure_ascii=False)
    if form == "jsonl":
        return json_lines([answer_record(answer, partition, top_k) for answer in answers])
    return csv_text([answer_row(answer, partition, top_k) for answer in answers])


def write_answers(
    answers: Iterable[Answer | Unanswered], partition: Partition, path: Path, *, top_k: int = 5
) -> None:
    """Write answers in the format of the path's ending.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        path: The file; it ends in .csv, .jsonl or .geojson.
        top_k: Guesses to list for each photo, at least 1.

    Raises:
        OutputError: The path has another ending.
    """
    if path.suffix.lower() not in FORMATS:
        raise OutputError(f"{path} must end in {', '.join(FORMATS)}")
    form = FORMATS[path.suffix.lower()]
    write_text(answers_text(answers, partition, form, top_k=top_k), path)
