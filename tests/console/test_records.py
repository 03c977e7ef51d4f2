"""Records in the format that was asked for, by option or by ending."""

import json
from pathlib import Path

import pytest
import shapely

from geoguess_cli.console.output import Sink
from geoguess_cli.console.records import chosen_format, write_records

RECORDS = [{"token": "47e4", "area_km2": 1234.5678}, {"token": "1", "area_km2": 2.0}]


@pytest.mark.parametrize(
    ("form", "output", "as_json", "kind"),
    [
        ("csv", "a.jsonl", True, "csv"),
        (None, "a.csv", True, "jsonl"),
        (None, "a.NDJSON", False, "jsonl"),
        (None, "a.geojson", False, "geojson"),
        (None, "a.txt", False, "table"),
        (None, None, False, "table"),
    ],
)
def test_an_option_counts_before_an_ending(form, output, as_json, kind) -> None:
    assert chosen_format(form, output and Path(output), as_json=as_json) == kind


def test_a_table_aligns_numbers_and_names_units(capsys) -> None:
    write_records(RECORDS, sink=Sink(), form=None, output=None)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["token  area km²", "47e4   1234.568", "1         2.000"]


def test_a_token_stays_text_in_a_file(tmp_path: Path, capsys) -> None:
    write_records(RECORDS, sink=Sink(), form=None, output=tmp_path / "cells.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "cells.jsonl").read_text().splitlines()]
    assert rows == RECORDS
    assert "cells.jsonl" in capsys.readouterr().err


def test_geojson_has_the_geometries(capsys) -> None:
    places = [shapely.Point(1, 2), shapely.Point(3, 4)]
    write_records(RECORDS, sink=Sink(), form="geojson", output=None, geometries=places)
    features = json.loads(capsys.readouterr().out)["features"]
    assert [f["geometry"]["coordinates"] for f in features] == [[1, 2], [3, 4]]
    assert features[0]["properties"] == RECORDS[0]
