"""Answers as text and as files; each format is a row of `FORMATS` and of `_TEXTS`."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from geoguess_cli.choices import AnswerFormat
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
from geoguess_cli.inference.sidecars import write_sidecar
from geoguess_cli.inference.waypoints import gpx_text, kml_text

Answers = Iterable[Answer | Unanswered]

FORMATS: dict[str, AnswerFormat] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".geojson": "geojson",
    ".gpx": "gpx",
    ".kml": "kml",
    ".xmp": "xmp",
}
"""The format of a file of answers, by its ending; .xmp holds a single answer."""


def answers_text(
    answers: Answers, partition: Partition, form: AnswerFormat, *, top_k: int = 5
) -> str:
    """Answers as text in a format; "table" is written as CSV.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        form: The format; not "xmp", of which each photo has its own file.
        top_k: Guesses to list for each photo, at least 1.
    """
    return _TEXTS[form](answers, partition, top_k)


def _csv(answers: Answers, partition: Partition, top_k: int) -> str:
    return csv_text([answer_row(answer, partition, top_k) for answer in answers])


def _json_lines(answers: Answers, partition: Partition, top_k: int) -> str:
    return json_lines([answer_record(answer, partition, top_k) for answer in answers])


def _geojson(answers: Answers, partition: Partition, top_k: int) -> str:
    return json.dumps(answers_geojson(answers, partition, top_k), ensure_ascii=False)


_TEXTS: dict[AnswerFormat, Callable[[Answers, Partition, int], str]] = {
    "table": _csv,
    "csv": _csv,
    "jsonl": _json_lines,
    "geojson": _geojson,
    "gpx": gpx_text,
    "kml": kml_text,
}


def write_answers(answers: Answers, partition: Partition, path: Path, *, top_k: int = 5) -> None:
    """Write answers in the format of the path's ending.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        path: The file; its ending is one of `FORMATS`. A file that ends in .xmp takes one answer,
            and must not exist.
        top_k: Guesses to list for each photo, at least 1.

    Raises:
        OutputError: The path has another ending; or it ends in .xmp, and it exists, or there is
            not one answer of which the model is sure.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise OutputError(f"{path} must end in {', '.join(FORMATS)}")
    if form != "xmp":
        write_text(answers_text(answers, partition, form, top_k=top_k), path)
        return
    listed = list(answers)
    if len(listed) != 1:
        raise OutputError(
            f"{path} is the sidecar of one photo; {len(listed)} answers were given, so save each "
            "to its own .xmp"
        )
    write_sidecar(listed[0], path)
