"""Answers as text and as files; each format is a row of `FORMATS` and of `_TEXTS`."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from geoguess_cli.choices import AnswerFormat
from geoguess_cli.errors import OutputError
from geoguess_cli.files import csv_lines, json_lines, write_lines
from geoguess_cli.geo.geojson import collection_lines
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answers import (
    Answer,
    Unanswered,
    answer_features,
    answer_record,
    answer_row,
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


def answer_lines(
    answers: Answers,
    partition: Partition,
    form: AnswerFormat,
    *,
    top_k: int = 5,
    neighbours: int = 0,
) -> Iterator[str]:
    """Answers as text in a format, piece by piece as they come; "table" is written as CSV.

    The text of "gpx" and "kml" is one piece.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        form: The format; not "xmp", of which each photo has its own file.
        top_k: Guesses to list for each photo, at least 1.
        neighbours: Training photos that have columns in CSV. Other formats list those that each
            answer names; "gpx" and "kml" list none.
    """
    if form in ("csv", "table"):
        return csv_lines(
            answer_row(answer, partition, top_k, neighbours=neighbours) for answer in answers
        )
    return _TEXTS[form](answers, partition, top_k)


def _json_lines(answers: Answers, partition: Partition, top_k: int) -> Iterator[str]:
    return json_lines(answer_record(answer, partition, top_k) for answer in answers)


def _geojson(answers: Answers, partition: Partition, top_k: int) -> Iterator[str]:
    return collection_lines(
        one for answer in answers for one in answer_features(answer, partition, top_k)
    )


def _gpx(answers: Answers, partition: Partition, top_k: int) -> Iterator[str]:
    yield gpx_text(answers, partition, top_k)


def _kml(answers: Answers, partition: Partition, top_k: int) -> Iterator[str]:
    yield kml_text(answers, partition, top_k)


_TEXTS: dict[AnswerFormat, Callable[[Answers, Partition, int], Iterator[str]]] = {
    "jsonl": _json_lines,
    "geojson": _geojson,
    "gpx": _gpx,
    "kml": _kml,
}


def write_answers(
    answers: Answers, partition: Partition, path: Path, *, top_k: int = 5, neighbours: int = 0
) -> None:
    """Write answers in the format of the path's ending.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        path: The file; its ending is one of `FORMATS`. A file that ends in .xmp takes one answer,
            and must not exist.
        top_k: Guesses to list for each photo, at least 1.
        neighbours: As in `answer_lines`.

    Raises:
        OutputError: The path has another ending; or it ends in .xmp, and it exists, or there is
            not one answer of which the model is sure.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise OutputError(f"{path} must end in {', '.join(FORMATS)}")
    if form != "xmp":
        lines = answer_lines(answers, partition, form, top_k=top_k, neighbours=neighbours)
        write_lines(lines, path)
        return
    listed = list(answers)
    if len(listed) != 1:
        raise OutputError(
            f"{path} is the sidecar of one photo; {len(listed)} answers were given, so save each "
            "to its own .xmp"
        )
    write_sidecar(listed[0], path)
