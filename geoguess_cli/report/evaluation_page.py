"""What the report of an evaluation says, in the order in which one reads it."""

from collections.abc import Mapping
from typing import Any

from geoguess_cli.report.accuracy import how_far, right_cell, right_state, which_place
from geoguess_cli.report.content import Page, Section
from geoguess_cli.report.parts import left_out, new_places, parts
from geoguess_cli.report.trust import abstention, calibration, regions
from geoguess_cli.wording import Shown, counted, shown


def report_page(report: Mapping[str, Any]) -> Page:
    """What the report of an evaluation says.

    Args:
        report: `Evaluation.report`.
    """
    title = f"Evaluation on the {report['split']} split"
    return Page(title, opening(report), headline(report), sections(report))


def opening(report: Mapping[str, Any]) -> list[str]:
    """What was evaluated, in some sentences."""
    counts, model = report["counts"], report["model"]
    unread = (
        f"{counts['skipped']:,} more could not be read and count nowhere."
        if counts["skipped"]
        else "Every photo could be read."
    )
    leaks = report["leaks"]
    check = (
        f"Leak check: {leaks['verdict']}."
        if leaks
        else f"No leak check: {report['absent']['leaks']}."
    )
    return [
        f"{counted(counts['photos'], 'photo')} of the {report['split']} split, of "
        f"{counted(counts['sequences'], 'sequence')}; {counts['covered']:,} "
        f"({shown(report['coverage'], 'share').value}) lie in one of the model's "
        f"{counts['cells']:,} cells. {unread} {check}",
        "In brackets: 95 % bootstrap interval over whole sequences. A photo that lies in no cell "
        "cannot be answered right: over all photos it counts as wrong, over the covered ones it "
        "is left out.",
        f"Model {model['fingerprint']}: {model['backbone']} + {model['vit']}, "
        f"{model['image_size']} px, {counts['cells']:,} cells, {model['parameters']:,} parameters, "
        f"run on {model['device']} in {model['precision']}.",
    ]


def headline(report: Mapping[str, Any]) -> list[tuple[str, Shown, str]]:
    """The figures that matter most: name, figure, what to hold against it."""
    constant = report["baselines"]["best_constant"]
    return [
        (
            "top-1 accuracy, all photos",
            shown(report["all"]["top_1"], "share"),
            f"covered {shown(report['covered']['top_1'], 'share').value}, "
            f"chance {shown(report['chance'], 'share').value}",
        ),
        (
            "median distance",
            shown(report["median_km"], "km"),
            f"best constant guess {shown(constant['median_km'], 'km').value}",
        ),
        (
            "GeoScore, of 5,000",
            shown(report["geoscore"], "points"),
            f"best constant guess {shown(constant['geoscore'], 'points').value}",
        ),
        (
            "calibration error",
            shown(report["calibration"]["after"]["ece"], "share"),
            _before(report["calibration"]),
        ),
        (
            "90 % sets that hold the truth",
            shown(report["credible"]["90"]["covered"]["coverage"], "share"),
            f"covered photos; median area "
            f"{shown(report['credible']['90']['covered']['median_area_km2'], 'km²').value}",
        ),
    ]


def _before(calibration: Mapping[str, Any]) -> str:
    """What the calibration error after is held against."""
    if calibration["temperature"] == 1:
        return "at temperature 1, as the model gives them"
    return f"before calibration {shown(calibration['before']['ece'], 'share').value}"


def sections(report: Mapping[str, Any]) -> list[Section]:
    """The report as sections, in the order in which one reads them.

    Args:
        report: `Evaluation.report`.
    """
    made = (
        right_cell(report),
        how_far(report),
        which_place(report),
        right_state(report),
        calibration(report),
        regions(report),
        abstention(report),
        new_places(report),
        parts(report),
        left_out(report),
    )
    return [section for section in made if section is not None]
