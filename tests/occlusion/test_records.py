"""Explanations as JSON."""

import json

import numpy as np
import pytest

from geoguess_cli.occlusion.grid import spread
from geoguess_cli.occlusion.records import areas_record, explanation_record, summary_record


def test_a_record_holds_the_map_and_all_its_settings(corner_explanation) -> None:
    explanation = corner_explanation(seed=7)
    record = json.loads(json.dumps(explanation_record(explanation)))
    assert record["baselines"] == ["mean"]
    assert (record["window"], record["stride"], record["seed"]) == (8, 4, 7)
    assert record["image"] == {"width": 32, "height": 32}
    assert record["tops"] == record["lefts"] == list(range(0, 25, 4))
    drop = spread(np.array(record["window_drops"]), 32, 32, window=8, stride=4)
    assert drop == pytest.approx(explanation.occlusion.drop, abs=1e-6)


def test_a_record_holds_the_curves(corner_explanation) -> None:
    explanation = corner_explanation()
    faithfulness = explanation.faithfulness
    curves = explanation_record(explanation)["faithfulness"]
    assert curves["shares"] == [0, 0.25, 0.5, 0.75, 1]
    assert len(curves["random"]) == 3
    assert curves["map"]["deletion_area"] == pytest.approx(faithfulness.own.deletion_area)
    assert explanation_record(corner_explanation(steps=0))["faithfulness"] is None


def test_a_summary_holds_the_extremes_and_the_areas(corner_explanation) -> None:
    explanation = corner_explanation()
    summary = summary_record(explanation)
    assert summary["photo"] == str(explanation.photo)
    assert summary["value"] == 1
    assert summary["greatest_drop"] == pytest.approx(1)
    assert summary["greatest_rise"] == pytest.approx(0)
    scores = explanation.faithfulness.random_scores
    assert summary["faithfulness"]["random"]["score"] == pytest.approx(scores.mean())
    assert summary_record(corner_explanation(steps=0))["faithfulness"] is None


def test_areas_are_those_of_the_curves(corner_explanation) -> None:
    faithfulness = corner_explanation().faithfulness
    areas = areas_record(faithfulness)
    assert list(areas) == ["map", "random", "edges"]
    assert areas["edges"] == {
        "deletion_area": faithfulness.edges.deletion_area,
        "insertion_area": faithfulness.edges.insertion_area,
        "score": faithfulness.score(faithfulness.edges),
    }
