"""Whether probabilities hold, and what heeding them gains: sections of a report."""

from collections.abc import Mapping, Sequence
from typing import Any

from geoguess_cli.report.content import Cell, Picture, Section, Table
from geoguess_cli.wording import shown

AREAS_SHOWN = 9


def calibration(report: Mapping[str, Any]) -> Section:
    """Whether the probabilities mean what they say, before and after the temperature."""
    found = report["calibration"]
    sides = ("before", "after")
    rows: list[list[Cell]] = []
    for name, key, kind in (
        ("log loss", "nll", "nats"),
        ("Brier score", "brier", "score"),
        ("calibration error", "ece", "share"),
    ):
        rows.append([name, "covered", *(shown(found[side][key], kind) for side in sides)])
        if key in found["before"]["all"]:
            over_all = (shown(found[side]["all"][key], kind) for side in sides)
            rows.append([name, "all", *over_all])
    temperature = found["temperature"]
    says = (
        "The temperature is 1: the model is not calibrated, or its validation photos gave no "
        "reason to; before and after are the same."
        if temperature == 1
        else f"Logits are divided by {temperature:.3g}, fitted on the validation photos: "
        + ("they were too sure." if temperature > 1 else "they were too unsure.")
    )
    return Section(
        "calibration",
        "Do the probabilities mean what they say",
        [says],
        [
            Picture(
                "reliability",
                "Each dot is a group of photos of which the model was about as sure: on the "
                "dashed line it is right as often as it says, below it too sure.",
            )
        ],
        [
            Table(
                "Less is better; the calibration error is by how much probabilities are off.",
                ("figure", "photos", "before", "after"),
                rows,
            )
        ],
    )


def regions(report: Mapping[str, Any]) -> Section:
    """Credible sets, the 90 % radius, and how much area must be searched."""
    rows: list[list[Cell]] = []
    for name, sets in report["credible"].items():
        for over, of in (("all", sets), ("covered", sets["covered"])):
            rows.append(
                [
                    f"{name} %",
                    over,
                    shown(of["coverage"], "share"),
                    shown(of["median_area_km2"], "km²"),
                    shown(of["median_cells"], "cells"),
                ]
            )
    radius, expected = report["radius_90"], report["expected_km"]
    spread: list[list[Cell]] = [
        [
            "90 % radius holds the truth",
            shown(radius["coverage"], "share"),
            shown(radius["covered"]["coverage"], "share"),
        ],
        [
            "90 % radius, median",
            shown(radius["median_km"], "km"),
            shown(radius["covered"]["median_km"], "km"),
        ],
        [
            "expected distance, mean",
            shown(expected["mean"], "km"),
            shown(expected["covered"]["mean"], "km"),
        ],
        [
            "distance, mean",
            shown(report["mean_km"], "km"),
            shown(report["covered"]["mean_km"], "km"),
        ],
    ]
    return Section(
        "regions",
        "Regions that hold the truth",
        [
            "A credible set is the fewest cells whose probabilities sum to 50 or 90 %. A photo in "
            "no cell is in no set, so judge the sets over the covered photos.",
        ],
        [
            Picture(
                "recall_area",
                "How much area must be searched, likeliest cells first, until so many photos are "
                "found; the bands are the intervals.",
            )
        ],
        [
            Table(
                "A set should hold the truth as often as its name says, and be small.",
                ("set", "photos", "holds the truth", "median area", "median cells"),
                rows,
            ),
            Table(
                "The expected distance should be near the distance; the 90 % radius should hold at "
                "least 90 %.",
                ("figure", "all photos", "covered photos"),
                spread,
            ),
            _recall_table(report["recall_area"]),
        ],
    )


def _recall_table(recall: Sequence[Mapping[str, Any]]) -> Table:
    """Some areas, from the last at which nothing is found."""
    found = [row["recall"]["value"] or 0.0 for row in recall]
    start = next((i for i, value in enumerate(found) if value > 0), 0)
    return Table(
        "The same as numbers.",
        ("area searched", "all photos", "covered photos"),
        [
            [
                str(shown({"value": row["area_km2"], "low": None, "high": None}, "km²")),
                shown(row["recall"], "share"),
                shown(row["covered_recall"], "share"),
            ]
            for row in recall[start : start + AREAS_SHOWN]
        ],
    )


def abstention(report: Mapping[str, Any]) -> Section:
    """What answering only the sure photos gains."""
    risk = report["risk_coverage"]
    kinds = (("share", "share"), ("accuracy", "share"), ("covered_accuracy", "share"))
    distances = (("median_km", "km"), ("mean_km", "km"))
    return Section(
        "abstention",
        "Does it know when it is wrong",
        [
            f"Area under the curve {shown(risk['area'], 'score')}; the best possible with these "
            f"errors {shown(risk['best'], 'score')}, and {shown(risk['no_better'], 'score')} if "
            f"confidence said nothing. Over the covered photos "
            f"{shown(risk['covered']['area'], 'score')}, {shown(risk['covered']['best'], 'score')} "
            f"and {shown(risk['covered']['no_better'], 'score')}.",
        ],
        [
            Picture(
                "risk_coverage",
                "Answering fewer photos, the surest ones, should leave fewer errors: the nearer to "
                "the orange curve, the better the model knows when it is wrong.",
            )
        ],
        [
            Table(
                "What is left when the model answers only where its top probability reaches a "
                "threshold.",
                (
                    "at least",
                    "answered",
                    "right, all",
                    "right, covered",
                    "median distance",
                    "mean distance",
                ),
                [
                    [
                        f"{100 * row['min_confidence']:g} %",
                        *(shown(row[key], kind) for key, kind in (*kinds, *distances)),
                    ]
                    for row in report["abstention"]
                ],
            )
        ],
    )
