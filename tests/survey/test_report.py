"""The report of a survey as plain JSON."""

import json

import pytest


def test_the_suspect_is_recorded_with_its_place_and_names(reported, two_cells) -> None:
    record = json.loads(json.dumps(reported(range(9)).record(), allow_nan=False))
    (suspect,) = record["suspects"]
    assert suspect["sequence"] == "drive-0"
    assert suspect["token"] == two_cells.tokens[1]
    assert sorted(suspect["photos"]) == ["0.png", "1.png", "2.png"]
    assert suspect["box"] == {"top": 0.75, "left": 0.25, "bottom": 1.0, "right": 0.5}
    assert suspect["area"] == pytest.approx(1 / 16)
    assert suspect["without"] is None
    assert record["cleared"] == []
    counts = {"photos": 9, "sequences": 3, "failed": 0, "shared_spots": 1, "suspects": 1}
    assert record["counts"] == counts
    assert len(record["profile"]) == 24
    assert [len(row) for row in record["ninths"]] == [3, 3, 3]


def test_two_runs_make_the_same_report(reported) -> None:
    assert reported(range(9)).record() == reported(range(9)).record()


def test_photos_without_a_map_are_listed_with_the_reason(reported, known) -> None:
    known.files[4].write_bytes(b"no photo at all")
    record = reported([0, 1, 2, 4]).record()
    assert record["failures"] == [{"photo": "4.png", "reason": f"{known.files[4]}: cannot be read"}]
