"""Answers, guesses, and their rows for files."""

import dataclasses
import json

import numpy as np
import pytest
import shapely

from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import Place
from geoguess_cli.inference import answers
from geoguess_cli.inference.answers import (
    Answer,
    Unanswered,
    answer_features,
    answer_record,
    answer_row,
    guesses,
    reach_in_words,
    resembles_in_words,
)
from geoguess_cli.model.familiarity import Likeness
from geoguess_cli.model.memory import Neighbour

UNREADABLE = Unanswered(1, "b.jpg", "b.jpg is not a picture")


@pytest.fixture
def answer(cell_of: dict[str, int]) -> Answer:
    probabilities = np.zeros(4, dtype=np.float32)
    for town, probability in {
        "Salem": 0.5,
        "Boise": 0.25,
        "Austin": 0.125,
        "Helena": 0.125,
    }.items():
        probabilities[cell_of[town]] = probability
    return Answer(
        0,
        "a.jpg",
        probabilities,
        estimate=(44.0, -121.0),
        place=Place("United States of America", "US", "Oregon"),
        expected_km=321.5,
        radius_90_km=640.25,
        sure=True,
    )


def test_guesses_are_the_likeliest_cells(answer, partition: Partition, cell_of) -> None:
    first, second = guesses(answer, partition, 2)
    assert (first.rank, first.cell_index, first.probability) == (1, cell_of["Salem"], 0.5)
    assert first.token == partition.tokens[cell_of["Salem"]]
    assert (first.latitude, first.longitude) == pytest.approx((44.9429, -123.0351))
    assert (first.country, first.region) == ("United States of America", "Oregon")
    assert (second.rank, second.cell_index, second.region) == (2, cell_of["Boise"], "Idaho")


def test_equal_guesses_come_by_cell_index(answer, partition: Partition, cell_of) -> None:
    equal = [guess.cell_index for guess in guesses(answer, partition, 4)[2:]]
    assert equal == sorted([cell_of["Austin"], cell_of["Helena"]])


def test_there_are_no_more_guesses_than_cells(answer, partition: Partition) -> None:
    assert [guess.rank for guess in guesses(answer, partition, 50)] == [1, 2, 3, 4]


def test_places_are_found_once_for_a_partition(answer, partition, monkeypatch) -> None:
    answers.cell_places.cache_clear()
    answers.cell_records.cache_clear()
    calls = []
    locate = answers.locate
    monkeypatch.setattr(answers, "locate", lambda latlng: calls.append(latlng) or locate(latlng))
    for _ in range(3):
        guesses(answer, partition, 4)
    assert [len(latlng) for latlng in calls] == [4]
    answers.cell_places.cache_clear()
    answers.cell_records.cache_clear()


def test_a_record_has_the_point_estimate_and_the_guesses(answer, partition: Partition) -> None:
    record = answer_record(answer, partition, 2)
    assert list(record) == [
        "photo", "latitude", "longitude", "country", "region", "place", "expected_km",
        "radius_90_km", "sure", "feature_distance", "feature_percentile", "unlike", "error",
        "guesses",
    ]  # fmt: skip
    assert (record["photo"], record["region"], record["error"]) == ("a.jpg", "Oregon", None)
    assert (record["latitude"], record["longitude"]) == (44.0, -121.0)
    assert (record["expected_km"], record["radius_90_km"], record["sure"]) == (321.5, 640.25, True)
    assert record["place"] == "Oregon, US"
    assert [guess["rank"] for guess in record["guesses"]] == [1, 2]
    assert [guess["place"] for guess in record["guesses"]] == [
        "Salem, Oregon, US",
        "Boise, Idaho, US",
    ]
    assert set(record["guesses"][0]) == {
        "rank", "token", "probability", "latitude", "longitude", "country", "region", "place"
    }  # fmt: skip
    assert json.loads(json.dumps(record)) == record


def test_the_record_of_an_unreadable_photo_says_why(partition: Partition) -> None:
    assert answer_record(UNREADABLE, partition, 2) == {
        "photo": "b.jpg",
        "latitude": None,
        "longitude": None,
        "country": None,
        "region": None,
        "place": None,
        "expected_km": None,
        "radius_90_km": None,
        "sure": None,
        "feature_distance": None,
        "feature_percentile": None,
        "unlike": None,
        "error": "b.jpg is not a picture",
        "guesses": [],
    }


def test_an_answer_that_is_not_sure_keeps_its_guesses_alone(answer, partition: Partition) -> None:
    answer = dataclasses.replace(answer, likeness=Likeness(3.5, 99.0))
    unsure = dataclasses.replace(answer, sure=False)
    sure_record, record = (answer_record(one, partition, 2) for one in (answer, unsure))
    assert record["sure"] is False
    assert record["guesses"] == sure_record["guesses"]
    empty = {name for name, value in record.items() if value is None}
    assert empty == {
        "latitude", "longitude", "country", "region", "place", "expected_km", "radius_90_km",
        "error",
    }  # fmt: skip
    row = answer_row(unsure, partition, 2)
    assert list(row) == list(answer_row(answer, partition, 2))
    assert (row["sure"], row["latitude"], row["probability_1"]) == (False, None, 0.5)
    point, *cells = answer_features(unsure, partition, 2)
    assert point["geometry"] is None
    assert (point["properties"]["sure"], point["properties"]["probability"]) == (False, 0.5)
    assert cells == list(answer_features(answer, partition, 2))[1:]
    assert unsure.confidence == answer.confidence == 0.5


def test_an_answer_says_that_its_photo_is_unlike_the_training_photos(answer, partition) -> None:
    assert not answer.unlike
    assert "unlike" not in reach_in_words(answer)
    just_like = dataclasses.replace(answer, likeness=Likeness(3.4, 95.0))
    assert answer_record(just_like, partition, 2)["unlike"] is False
    assert "unlike" not in reach_in_words(just_like)
    unlike = dataclasses.replace(answer, likeness=Likeness(3.5, 99.37))
    record = answer_row(unlike, partition, 2)
    names = ("feature_distance", "feature_percentile", "unlike")
    assert tuple(record[name] for name in names) == (3.5, 99.37, True)
    assert reach_in_words(unlike).endswith(
        "; unlike the training photos: farther from them than 99.3 % of validation photos"
    )


def test_an_answer_names_the_training_photos_that_its_photo_resembles(answer) -> None:
    assert resembles_in_words(answer) == ""
    first = Neighbour("there/b.jpg", 44.0, -121.0, "Ann", "CC BY 4.0", 0.97)
    other = Neighbour("c.jpg", 44.0, -121.0, "", "", 0.9)
    named = dataclasses.replace(answer, neighbours=(first, other))
    assert resembles_in_words(named) == (
        "resembles the training photos b.jpg (Ann, CC BY 4.0), c.jpg, "
        "which are not in the model themselves"
    )


def test_rows_have_the_same_columns_for_every_photo(answer, partition: Partition) -> None:
    row, other = answer_row(answer, partition, 2), answer_row(UNREADABLE, partition, 2)
    assert list(row) == list(other)
    assert len(row) == 13 + 2 * 7
    assert (row["token_1"], row["probability_1"]) == (guesses(answer, partition)[0].token, 0.5)
    assert (row["region_2"], row["probability_2"]) == ("Idaho", 0.25)
    assert (row["latitude"], row["latitude_1"]) == (44.0, pytest.approx(44.9429))
    assert other["error"] == "b.jpg is not a picture"
    assert {value for name, value in other.items() if name not in {"photo", "error"}} == {None}


def test_rows_have_no_column_for_a_cell_that_is_not_there(answer, partition: Partition) -> None:
    row = answer_row(answer, partition, 9)
    assert "token_4" in row
    assert "token_5" not in row


def test_geojson_has_a_point_then_the_cells(answer, partition: Partition) -> None:
    point, *cells = answer_features(answer, partition, 3)
    assert point["geometry"]["type"] == "Point"
    assert point["geometry"]["coordinates"] == (-121.0, 44.0)
    assert (point["properties"]["expected_km"], point["properties"]["radius_90_km"]) == (
        321.5,
        640.25,
    )
    assert point["properties"]["sure"] is True
    assert point["properties"]["kind"] == "estimate"
    assert (point["properties"]["photo"], point["properties"]["probability"]) == ("a.jpg", 0.5)
    assert [cell["properties"]["rank"] for cell in cells] == [1, 2, 3]
    for cell, guess in zip(cells, guesses(answer, partition, 3), strict=True):
        assert cell["properties"]["kind"] == "guess"
        assert cell["properties"]["photo"] == "a.jpg"
        assert cell["properties"]["token"] == guess.token
        assert "cell_index" not in cell["properties"]
        outline = shapely.from_geojson(json.dumps(cell["geometry"]))
        assert outline.contains(shapely.Point(guess.longitude, guess.latitude))


def test_geojson_of_an_unreadable_photo_has_no_geometry(answer, partition: Partition) -> None:
    both = (answer, UNREADABLE)
    features = [one for own in both for one in answer_features(own, partition, 1)]
    assert [feature["properties"]["photo"] for feature in features] == ["a.jpg", "a.jpg", "b.jpg"]
    assert features[2]["type"] == "Feature"
    assert features[2]["geometry"] is None
    assert features[2]["properties"]["error"] == "b.jpg is not a picture"
