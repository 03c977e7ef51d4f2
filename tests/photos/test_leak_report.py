"""The verdict on a split, from known numbers."""

import json
from dataclasses import replace

import pytest

from geoguess_cli.photos.leak_report import (
    DistanceToTrain,
    LeakReport,
    NearDuplicates,
    Shared,
)

CLEAN = LeakReport(
    splits={"train": 80, "val": 10},
    set_aside=0,
    known=("sequence",),
    shared=(),
    distances=(),
    duplicates=None,
    unreadable=(),
)


def near(photos: int, unknown: int) -> DistanceToTrain:
    """Ten val photos, some of them within 1 km of a training photo."""
    bands = {"0-1": photos, "1-5": 10 - photos, "5-25": 0, ">25": 0}
    return DistanceToTrain("val", 10, {"50": 1.0}, bands, unknown)


def test_a_clean_split_needs_no_advice() -> None:
    report = replace(CLEAN, distances=(near(0, 0),))
    assert report.level == "clean"
    assert report.verdict == (
        "clean: train and val share no sequence; no val photo lies within 1 km of a training photo"
    )
    assert report.advice == ""


def test_near_places_are_close() -> None:
    report = replace(CLEAN, distances=(near(1, 0),))
    assert report.verdict == "close: 1 of 10 val photos lies within 1 km of a training photo"
    assert report.advice.startswith("`geoguess data split --buffer-km 1` sets aside")


@pytest.mark.parametrize(("unknown", "level"), [(5, "close"), (6, "leaking")])
def test_more_than_half_of_the_photos_near_and_of_no_known_sequence_leak(
    unknown: int, level: str
) -> None:
    report = replace(CLEAN, distances=(near(unknown, unknown),))
    assert report.level == level
    if level == "leaking":
        assert report.findings == [
            "60% of the val photos have no known sequence and lie within 1 km of a training photo"
        ]
        assert "--by cell --buffer-km 1` separates the places" in report.advice


def test_a_shared_sequence_leaks_and_a_shared_creator_does_not() -> None:
    shared = Shared("sequence", ("train", "val"), 2, 3, ("a", "b"))
    assert replace(CLEAN, shared=(shared,)).verdict == (
        "leaking: 2 sequences lie on both sides of train and val (3 val photos)"
    )
    creator = Shared("creator", ("train", "val"), 2, 3, ("a", "b"))
    assert replace(CLEAN, shared=(creator,), known=("sequence", "creator")).level == "clean"


def test_a_near_duplicate_leaks() -> None:
    pair = NearDuplicates(("train", "val"), 1, (("a.jpg", "b.jpg", 3),))
    report = replace(CLEAN, duplicates=(pair,))
    assert report.verdict == "leaking: 1 val photo has a near-duplicate in train"
    assert report.advice == "remove one photo of each near-duplicate pair from the table"


def test_the_record_has_the_words_and_the_numbers() -> None:
    record = json.loads(json.dumps(CLEAN.record()))
    assert (record["level"], record["verdict"]) == (CLEAN.level, CLEAN.verdict)
    assert record["splits"] == {"train": 80, "val": 10}
    assert record["duplicates"] is None
