"""One row a photo, known by hand."""

import math

import numpy as np
import pytest
from evaluation_worlds import ASKED, PROBABILITIES, REASON

from geoguess_cli.evaluation.evaluation import Evaluation, evaluate
from geoguess_cli.evaluation.observations import Observer
from geoguess_cli.evaluation.predictions import predictions_of
from geoguess_cli.geo.partition import Partition


def test_predictions_have_a_row_a_photo(
    evaluation: Evaluation, partition: Partition, cell_of, distance_km, places
) -> None:
    rows = evaluation.predictions.to_dicts()
    assert [row["photo"] for row in rows] == [f"{i}.jpg" for i in range(6)]
    second = rows[1]
    assert (second["latitude"], second["longitude"]) == places[1]
    assert (second["split"], second["sequence"]) == ("test", "a")
    assert second["token"] == partition.tokens[cell_of["Helena"]]
    assert second["rank"] == 2
    assert second["probability"] == pytest.approx(0.25, abs=1e-6)
    assert second["loss"] == pytest.approx(math.log(4), abs=1e-6)
    expected = [partition.tokens[cell_of[town]] for town in ASKED[1][1]]
    assert second["top_tokens"] == expected
    assert second["top_probabilities"] == pytest.approx(PROBABILITIES, abs=1e-6)
    assert second["estimate_latitude"] == pytest.approx(30.2672)
    assert second["estimate_longitude"] == pytest.approx(-97.7431)
    assert second["distance_km"] == pytest.approx(distance_km[1])
    assert second["geoscore"] == pytest.approx(5000 * math.exp(-distance_km[1] / 1492.7))
    assert (second["region"], second["estimate_region"]) == ("Montana", "Texas")
    assert second["place"].endswith("Montana, US")
    assert second["estimate_place"].endswith("Texas, US")
    assert second["error"] is None


def test_predictions_of_an_uncovered_and_of_an_unreadable_photo(evaluation: Evaluation) -> None:
    at_sea, unreadable = evaluation.predictions.to_dicts()[4:]
    missing = {name for name, value in at_sea.items() if value is None}
    of_the_cell = {"token", "rank", "probability", "loss", "uncalibrated_loss", "search_km2"}
    of_the_kind = {"feature_distance", "feature_percentile", "unlike"}  # the model does not know
    assert missing == of_the_cell | of_the_kind | {"nearest_train_km", "error"}
    assert (at_sea["country"], at_sea["estimate_region"]) == ("", "Montana")
    assert at_sea["place"].startswith("at sea, ")
    known = {name for name, value in unreadable.items() if value is not None}
    truth = {"photo", "latitude", "longitude", "split", "token", "country", "region", "place"}
    assert known == truth | {"error"}
    assert unreadable["error"] == REASON


def test_fewer_cells_than_guesses(predictor_of, table_of, logits, places) -> None:
    found = evaluate(predictor_of(logits), table_of(places))
    assert found.predictions["top_tokens"].list.len().to_list() == [4] * 6


def test_the_nearest_training_photo_is_that_of_another_split(
    table_of, partition: Partition, towns
) -> None:
    places = [towns["Helena"], towns["Boise"]]
    observer = Observer(partition, np.array(places), temperature=1.0, point="centroid")
    observer.add(np.arange(2), np.zeros((2, 4), dtype=np.float32))
    rows = predictions_of(
        table_of(places, split=["test", "train"]),
        partition,
        observer,
        point="centroid",
        errors={},
        likenesses={},
        training=np.array([towns["Boise"]]),
    )
    near, own = rows["nearest_train_km"].to_list()
    assert near == pytest.approx(467, abs=5)
    assert own is None
