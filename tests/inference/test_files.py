"""Answers as text and as files."""

import csv
import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest

from geoguess_cli.choices import AnswerFormat
from geoguess_cli.errors import ModelError, OutputError
from geoguess_cli.files import part_of
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Answering
from geoguess_cli.inference.answers import (
    Answer,
    Unanswered,
    answer_features,
    answer_record,
    row_schema,
)
from geoguess_cli.inference.files import _TEXTS, FORMATS, answer_lines, write_answers
from geoguess_cli.inference.sidecars import sidecar_text
from geoguess_cli.model.memory import Neighbour

UNREADABLE = Unanswered(1, "b.jpg", "b.jpg is not a picture")


def answers_text(*args: Any, **options: Any) -> str:
    return "".join(answer_lines(*args, **options))


@pytest.fixture
def answers(partition: Partition) -> list[Answer | Unanswered]:
    probabilities = np.array([0.5, 0.25, 0.125, 0.125], dtype=np.float32)
    return [Answering(partition).answer(probabilities, photo="a.jpg"), UNREADABLE]


def test_each_format_holds_every_photo(answers, partition: Partition) -> None:
    lines = answers_text(answers, partition, "jsonl", top_k=2).splitlines()
    assert [json.loads(line) for line in lines] == [
        json.loads(json.dumps(answer_record(answer, partition, 2))) for answer in answers
    ]
    rows = list(csv.DictReader(io.StringIO(answers_text(answers, partition, "csv", top_k=1))))
    assert [row["photo"] for row in rows] == ["a.jpg", "b.jpg"]
    assert [row["error"] for row in rows] == ["", "b.jpg is not a picture"]
    assert rows[0]["sure"] == "true"
    assert "token_2" not in rows[0]
    geojson = json.loads(answers_text(answers, partition, "geojson", top_k=1))
    features = [one for answer in answers for one in answer_features(answer, partition, 1)]
    expected = {"type": "FeatureCollection", "features": features}
    assert geojson == json.loads(json.dumps(expected))
    assert answers_text(answers, partition, "table") == answers_text(answers, partition, "csv")


def test_each_format_has_its_writer() -> None:
    assert set(_TEXTS) == set(get_args(AnswerFormat)) - {"xmp", "csv", "table"}


def test_files_name_the_training_photos_that_a_photo_resembles(
    answers, partition: Partition, tmp_path: Path
) -> None:
    own = (Neighbour("x/n.jpg", 46.5, -112.0, "Ann", "", 0.75),)
    named = [dataclasses.replace(answers[0], neighbours=own), answers[1]]
    text = answers_text(named, partition, "csv", top_k=1, neighbours=2)
    row, unreadable = csv.DictReader(io.StringIO(text))
    assert list(row) == list(unreadable)
    assert list(row)[-12:-6] == [
        f"neighbour_{name}_1"
        for name in ("photo", "similarity", "latitude", "longitude", "creator", "license")
    ]
    assert (row["neighbour_photo_1"], row["neighbour_similarity_1"]) == ("x/n.jpg", "0.75")
    assert row["neighbour_photo_2"] == unreadable["neighbour_photo_1"] == ""
    schema = row_schema(partition, 1, neighbours=2)
    assert list(schema) == list(row)
    assert schema["neighbour_photo_1"] == schema["neighbour_license_2"] == pl.String
    assert schema["neighbour_latitude_2"] == pl.Float64
    line = json.loads(answers_text(named, partition, "jsonl").splitlines()[0])
    assert line["neighbours"] == [dataclasses.asdict(own[0])]
    features = json.loads(answers_text(named, partition, "geojson", top_k=1))["features"]
    (place,) = [one for one in features if one["properties"]["kind"] == "neighbour"]
    assert place["geometry"] == {"type": "Point", "coordinates": [-112.0, 46.5]}
    assert place["properties"]["photo"] == "a.jpg"
    assert (place["properties"]["rank"], place["properties"]["neighbour"]) == (1, "x/n.jpg")
    write_answers(named, partition, tmp_path / "a.csv", neighbours=1)
    assert "neighbour_photo_1" in (tmp_path / "a.csv").read_text().splitlines()[0]


def test_a_sidecar_holds_one_answer(answers, partition: Partition, tmp_path: Path) -> None:
    path = tmp_path / "a.xmp"
    with pytest.raises(OutputError, match="2 answers were given"):
        write_answers(answers, partition, path)
    write_answers(answers[:1], partition, path)
    assert path.read_text() == sidecar_text(answers[0])


@pytest.mark.parametrize("ending", [ending for ending in FORMATS if ending != ".xmp"])
def test_the_ending_chooses_the_format(
    answers, partition: Partition, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"answers{ending.upper()}"
    write_answers(answers, partition, path, top_k=1)
    assert path.read_text() == answers_text(answers, partition, FORMATS[ending], top_k=1)


def test_an_error_leaves_the_answers_before_it(
    answers, partition: Partition, tmp_path: Path
) -> None:
    def failing() -> Iterator[Answer | Unanswered]:
        yield from answers
        raise ModelError("the model's logits are not finite")

    for ending in (".csv", ".jsonl", ".geojson"):
        path = tmp_path / f"answers{ending}"
        path.write_text("old")
        with pytest.raises(ModelError):
            write_answers(failing(), partition, path, top_k=1)
        assert path.read_text() == "old"
        whole = answers_text(answers, partition, FORMATS[ending], top_k=1)
        assert whole.startswith(part_of(path).read_text())
        assert "b.jpg is not a picture" in part_of(path).read_text()


def test_another_ending_is_refused(answers, partition: Partition, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in \.csv, \.jsonl, \.geojson"):
        write_answers(answers, partition, tmp_path / "answers.txt")
    assert not list(tmp_path.iterdir())
