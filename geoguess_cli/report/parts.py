"""Figures of parts of the photos, and those left out: sections of a report."""

from collections.abc import Mapping
from typing import Any

from geoguess_cli.report.content import Picture, Section, Table
from geoguess_cli.wording import shown, without_common_country

SKIPPED_SHOWN = 20
PARTS_SHOWN = 60


def new_places(report: Mapping[str, Any]) -> Section:
    """Figures by the distance to the training photos, or why there are none."""
    near = report["by_distance_to_train"]
    if near is None:
        why = report["absent"]["by_distance_to_train"]
        return Section("new", "New places", [f"Not told: {why}."])
    return Section(
        "new",
        "New places",
        ["A photo next to a training photo may be recognised, not located."],
        [
            Picture(
                "train_distance",
                "If accuracy falls from left to right, the figures of places like those on the "
                "left say little of new places.",
            )
        ],
        [
            parts_table(
                "By the distance from the photo to the nearest training photo.", "distance", near
            )
        ],
    )


def parts(report: Mapping[str, Any]) -> Section:
    """Figures by the size of the cells and by their training photos."""
    return Section(
        "parts",
        "Large and small cells",
        [],
        [],
        [
            parts_table(
                "By the level of the true cell: a level more is a quarter of the area.",
                "cells",
                report["by_level"],
            ),
            parts_table(
                "By the number of training photos in the true cell.",
                "training photos",
                report["by_training_photos"],
            ),
        ],
    )


def left_out(report: Mapping[str, Any]) -> Section | None:
    """The photos that could not be read, the first ones by name."""
    skipped = report["skipped"]
    if not skipped:
        return None
    more = len(skipped) - SKIPPED_SHOWN
    text = [f"And {more:,} more, all listed in report.json."] if more > 0 else []
    rows = [[entry["photo"], entry["reason"]] for entry in skipped[:SKIPPED_SHOWN]]
    table = Table("Photos that could not be read count in no figure.", ("photo", "why"), rows)
    return Section("left-out", "Left out", text, [], [table])


def parts_table(caption: str, heading: str, found: Mapping[str, Mapping[str, Any]]) -> Table:
    """A row a part, at most `PARTS_SHOWN`.

    Args:
        caption: How to read it.
        heading: What the parts are.
        found: One of the report's `by_…`.
    """
    names = without_common_country(list(found)[:PARTS_SHOWN])
    more = len(found) - PARTS_SHOWN
    rest = f" {more:,} more are in report.json." if more > 0 else ""
    return Table(
        caption + rest,
        (
            heading,
            "photos",
            "sequences",
            "top-1, all",
            "top-1, covered",
            "median distance",
            "GeoScore",
        ),
        [
            [
                name,
                f"{part['photos']:,}",
                f"{part['sequences']:,}",
                shown(part["top_1"], "share"),
                shown(part["covered_top_1"], "share"),
                shown(part["median_km"], "km"),
                shown(part["geoscore"], "points"),
            ]
            for name, part in zip(names, found.values(), strict=False)
        ],
    )
