"""An evaluation whose statistics are known by hand."""

import json
import math
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from evaluation_worlds import AT_SEA, PROBABILITIES, REASON

from geoguess_cli.errors import PhotoError, PhotoTableError
from geoguess_cli.evaluation import evaluation as evaluation_module
from geoguess_cli.evaluation.batches import regrouped
from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.evaluation import Evaluation, evaluate
from geoguess_cli.evaluation.intervals import Bootstrap
from geoguess_cli.evaluation.measurement import accuracy, report_of
from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.geodesy import great_circle_km
from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.inference.geoscore import geoscore


def values(figures: dict[str, dict[str, float | None]]) -> dict[str, float | None]:
    return {name: figure["value"] for name, figure in figures.items()}


def test_top_k_over_all_and_over_covered_photos(evaluation: Evaluation) -> None:
    report = evaluation.report.record()
    assert values(report["all"]) == {"top_1": 0.4, "top_3": 0.6, "top_5": 0.8}
    tops = {name: report["covered"][name] for name in report["all"]}
    assert values(tops) == {"top_1": 0.5, "top_3": 0.75, "top_5": 1.0}
    assert report["coverage"]["value"] == 0.8
    assert report["chance"] == {"value": 0.25, "low": None, "high": None}
    assert report["lift"]["value"] == pytest.approx(1.6)


def test_loss_is_over_covered_photos(evaluation: Evaluation) -> None:
    expected = -sum(math.log(p) for p in (0.5, 0.25, 0.5, 0.1)) / 4
    assert evaluation.report.record()["loss"]["value"] == pytest.approx(expected, abs=1e-6)


def test_distances(evaluation: Evaluation, distance_km: np.ndarray) -> None:
    report = evaluation.report.record()
    assert np.count_nonzero(distance_km < 0.001) == 2
    assert report["median_km"]["value"] == pytest.approx(sorted(distance_km)[2])
    assert report["mean_km"]["value"] == pytest.approx(sum(distance_km) / 5)
    expected = sum(5000 * math.exp(-d / 1492.7) for d in distance_km) / 5
    assert report["geoscore"]["value"] == pytest.approx(expected)
    # Salem to Helena is 887 km, Helena to Austin 2,182 km, the sea to Helena more than 5,000 km.
    assert {radius: entry["value"] for radius, entry in report["within_km"].items()} == {
        "1": 0.4,
        "25": 0.4,
        "200": 0.4,
        "750": 0.4,
        "2500": 0.8,
    }


def test_states_and_countries_leave_out_photos_at_sea(evaluation: Evaluation) -> None:
    assert evaluation.report.record()["state_accuracy"]["value"] == 0.5
    assert evaluation.report.record()["country_accuracy"]["value"] == 1.0


def test_a_region_of_the_same_name_in_another_country_is_wrong() -> None:
    rows = pl.DataFrame(
        {
            "token": ["4", "4", None],
            "rank": pl.Series([1, 2, None], dtype=pl.UInt32),
            "distance_km": [1.0, 2.0, 3.0],
            "country": ["Spain", "Spain", "Niger"],
            "region": ["La Rioja", "La Rioja", ""],
            "estimate_country": ["Argentina", "Spain", "Niger"],
            "estimate_region": ["La Rioja", "La Rioja", ""],
        }
    )
    report = Bootstrap(np.arange(3)).measured(accuracy(Columns(rows), cells=4))
    assert report["state_accuracy"].value == 0.5
    assert report["covered"].country_accuracy.value == 0.5
    assert report["country_accuracy"].value == pytest.approx(2 / 3)


def test_counts_and_the_photo_that_cannot_be_read(evaluation: Evaluation) -> None:
    counts = {"photos": 5, "covered": 4, "skipped": 1, "cells": 4, "sequences": 3}
    assert evaluation.report.record()["counts"] == counts
    assert evaluation.report.record()["skipped"] == [{"photo": "5.jpg", "reason": REASON}]
    assert evaluation.report.record()["split"] == "test"
    assert evaluation.report.record()["model"]["fingerprint"] == "0123456789abcdef"


def test_baselines(evaluation: Evaluation, partition: Partition, cell_of, places) -> None:
    baselines = evaluation.report.record()["baselines"]
    assert baselines["chance"]["value"] == 0.25
    frequent = baselines["most_frequent_cell"]
    assert frequent["token"] == partition.tokens[cell_of["Helena"]]
    assert frequent["top_1"]["value"] == 0.4  # two of the five photos are at Helena
    constant = baselines["best_constant"]
    place = np.array([[constant["latitude"]["value"], constant["longitude"]["value"]]])
    readable = np.array(places[:5])
    from_there = great_circle_km(place, readable)
    assert constant["median_km"]["value"] == pytest.approx(np.median(from_there))
    assert constant["mean_km"]["value"] == pytest.approx(from_there.mean())
    assert constant["geoscore"]["value"] == pytest.approx(geoscore(from_there).mean())
    for candidate in readable:
        median = np.median(great_circle_km(candidate[None], readable))
        assert constant["median_km"]["value"] <= median
    assert constant["median_km"]["value"] < frequent["median_km"]["value"]


def test_the_figures_can_be_had_again_from_the_parquet_file(
    evaluation: Evaluation, partition: Partition, tmp_path: Path
) -> None:
    path = tmp_path / "predictions.parquet"
    evaluation.predictions.write_parquet(path)
    again = report_of(
        pl.read_parquet(path),
        partition,
        temperature=1.0,
        point="centroid",
        model=evaluation.report.model,
    )
    assert again.record() == evaluation.report.record()


def test_the_report_is_json(evaluation: Evaluation) -> None:
    record = evaluation.report.record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize("batch_size", [1, 2, 5, 100])
def test_the_batch_size_changes_nothing(
    predictor_of, table_of, logits, places, batch_size: int
) -> None:
    whole = evaluate(predictor_of(logits), table_of(places), batch_size=6)
    parts = evaluate(predictor_of(logits), table_of(places), batch_size=batch_size)
    assert parts.report.record() == whole.report.record()
    assert parts.predictions.equals(whole.predictions)


def test_progress_counts_photos_read_or_not(predictor_of, table_of, logits, places) -> None:
    seen: list[tuple[int, int]] = []
    evaluate(
        predictor_of(logits, {0: "gone", 5: "gone"}),
        table_of(places),
        batch_size=4,
        on_batch=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(4, 6), (6, 6)]


def test_a_batch_in_which_nothing_can_be_read(predictor_of, table_of, logits, places) -> None:
    found = evaluate(predictor_of(logits, {0: "a", 1: "b"}), table_of(places), batch_size=2)
    assert found.report.record()["counts"]["photos"] == 4
    skipped = [(entry.photo, entry.reason) for entry in found.report.skipped]
    assert skipped == [("0.jpg", "a"), ("1.jpg", "b")]


def test_logits_are_not_kept(predictor_of, table_of, logits, places, monkeypatch) -> None:
    monkeypatch.setattr(evaluation_module, "regrouped", partial(regrouped, rows=2))
    predictor = predictor_of(np.tile(logits, (5, 1)))
    alive: list[weakref.ref] = []

    def watched(*arguments, **options):
        for output in type(predictor).outputs(predictor, *arguments, **options):
            assert sum(ref() is not None for ref in alive) <= 5  # those just used, and the next
            alive.append(weakref.ref(output.logits))
            yield output
            del output

    predictor.outputs = watched
    evaluate(predictor, table_of(places * 5), batch_size=1)
    assert len(alive) == 30


def test_no_covered_photo_leaves_figures_undefined(predictor_of, table_of, logits) -> None:
    found = evaluate(predictor_of(logits[:2]), table_of([AT_SEA] * 2))
    report = found.report.record()
    assert report["all"]["top_1"]["value"] == 0.0
    undefined = {"value": None, "low": None, "high": None}
    assert report["covered"]["top_1"] == undefined
    assert report["loss"] == undefined
    assert report["calibration"]["after"]["ece"] == undefined
    assert report["credible"]["90"]["covered"]["coverage"] == undefined
    assert report["state_accuracy"] == undefined
    assert report["coverage"]["value"] == 0.0
    json.dumps(report, allow_nan=False)


def test_a_certain_and_wrong_model_has_a_finite_loss(
    predictor_of, table_of, towns, cell_of
) -> None:
    logits = np.zeros((1, 4))
    logits[0, cell_of["Austin"]] = 5000.0
    report = evaluate(predictor_of(logits), table_of([towns["Helena"]])).report.record()
    assert report["loss"]["value"] == 5000.0


def test_an_empty_table_is_refused(predictor_of: Callable, table_of: Callable) -> None:
    with pytest.raises(PhotoTableError, match="no photo to evaluate in the split `val`"):
        evaluate(predictor_of(np.zeros((0, 4))), table_of([]), split="val")


def test_photos_of_which_none_can_be_read_are_refused(predictor_of, table_of, towns) -> None:
    with pytest.raises(PhotoError, match=r"none of 2 photos could be read; 0\.jpg: gone"):
        evaluate(
            predictor_of(np.zeros((2, 4)), {0: "gone", 1: "gone"}),
            table_of([towns["Boise"]] * 2),
        )


def test_within_a_region_only_its_photos_and_cells_count(
    predictor_of, table_of, logits, places, partition, cell_of
) -> None:
    """The photos of Helena, Salem and Boise lie in the box; Austin and the one at sea do not."""
    predictor = predictor_of(logits)
    predictor.partition = cut_partition(partition, find_region("-125,41,-105,49"))
    table = table_of(places, split=["test"] * 6)
    evaluation = evaluate(predictor, table, batch_size=2)
    limited = evaluation.report.limited
    assert (limited.region, limited.elsewhere) == ("-125,41,-105,49", 2)
    rows = evaluation.predictions
    assert rows["photo"].to_list() == ["0.jpg", "1.jpg", "3.jpg", "5.jpg"]
    shares = np.zeros(4)
    shares[predictor.partition.kept] = predictor.partition.shares
    order = [cell_of[town] for town in ("Austin", "Helena", "Salem", "Boise")]
    joint = np.array(PROBABILITIES) * shares[order]
    assert rows["inside"][1] == pytest.approx(joint.sum(), rel=1e-6)
    assert rows["top_probabilities"][1].to_list()[:3] == pytest.approx(
        sorted(joint / joint.sum(), reverse=True)[:3], rel=1e-5
    )
    assert limited.inside == pytest.approx(rows["inside"].mean())
    assert "inside" not in evaluate(predictor_of(logits), table).predictions.columns
    assert predictor.partition.region.holds(
        rows.select("estimate_latitude", "estimate_longitude").to_numpy()
    ).all()
    predictor.partition = cut_partition(partition, find_region("Wyoming, US"))
    with pytest.raises(PhotoTableError, match="none of the 6 photos was taken in Wyoming, US"):
        evaluate(predictor, table)
