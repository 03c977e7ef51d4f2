"""The content of the page of an evaluation, in reading order."""

from geoguess_cli.evaluation.report import Report
from geoguess_cli.model.familiarity import UNLIKE_PERCENTILE
from geoguess_cli.report.accuracy import how_far, parts_table, right_cell, right_state, which_place
from geoguess_cli.report.content import Page, Picture, Section, Table
from geoguess_cli.report.trust import abstention, calibration, regions
from geoguess_cli.wording import (
    StatisticText,
    counted,
    number,
    parts_in_words,
    text_of,
    views_in_words,
)

SKIPPED_SHOWN = 20


def report_page(report: Report) -> Page:
    """The page of an evaluation."""
    title = f"Evaluation on the {report.split} split"
    return Page(title, opening(report), headline(report), sections(report))


def opening(report: Report) -> list[str]:
    """What was evaluated, in three paragraphs, after what was grouped or limited."""
    counts, model = report.counts, report.model
    seen = views_in_words(model)
    unread = (
        f"{counts.skipped:,} more could not be read and count in no statistic."
        if counts.skipped
        else "Every photo could be read."
    )
    check = (
        f"Leak check: {report.leaks.verdict}."
        if report.leaks
        else f"No leak check: {report.absent['leaks']}."
    )
    limited, grouped = report.limited, report.grouped
    together = (
        []
        if grouped is None
        else [
            f"Photos are answered together by {grouped.by}: {grouped.photos:,} photos form "
            f"{counted(counts.photos, 'group')}, and “photo” below means such a group. Its place "
            f"is that of its middle photo. Redundancy {grouped.redundancy:.2f}: at 0 photos are "
            "independent evidence, at 1 all say the same."
        ]
    )
    region = (
        []
        if limited is None
        else [
            f"Answers are limited to {limited.region}, to which the model gave "
            f"{number(limited.inside, 'share')} of the probability. "
            f"{counted(limited.elsewhere, 'photo')} taken elsewhere "
            f"{'counts' if limited.elsewhere == 1 else 'count'} in no statistic."
        ]
    )
    return [
        *together,
        *region,
        f"{counted(counts.photos, 'photo')} of the {report.split} split, of "
        f"{counted(counts.sequences, 'sequence')}; {counts.covered:,} "
        f"({number(report.coverage.value, 'share')}) lie in one of the model's "
        f"{counts.cells:,} cells. {unread} {check}",
        "In brackets: 95 % bootstrap interval over whole sequences. A photo that lies in no cell "
        "cannot be answered right: over all photos it counts as wrong, over the covered photos it "
        "is left out.",
        f"Model {model['fingerprint']}: {parts_in_words(model['backbone'], model['vit'])}, "
        f"{model['image_size']} px, {counts.cells:,} cells, {model['parameters']:,} parameters, "
        f"run on {model['device']} in {model['precision']}{seen and f'; {seen}'}.",
    ]


def headline(report: Report) -> list[tuple[str, StatisticText, str]]:
    """The statistics that matter most: name, value, what to compare it with."""
    constant, sets = report.baselines.best_constant, report.credible["90"].covered
    calibration = report.calibration
    return [
        (
            "top-1 accuracy, all photos",
            text_of(report.all.top_1, "share"),
            f"covered {number(report.covered.top_1.value, 'share')}, "
            f"chance {number(report.chance.value, 'share')}",
        ),
        (
            "median distance",
            text_of(report.median_km, "km"),
            f"best constant guess {number(constant.median_km.value, 'km')}",
        ),
        (
            "GeoScore, of 5,000",
            text_of(report.geoscore, "points"),
            f"best constant guess {number(constant.geoscore.value, 'points')}",
        ),
        (
            "calibration error",
            text_of(calibration.after.ece, "share"),
            "at temperature 1, as the model gives them"
            if calibration.temperature == 1
            else f"before calibration {number(calibration.before.ece.value, 'share')}",
        ),
        (
            "90 % sets that hold the truth",
            text_of(sets.coverage, "share"),
            f"covered photos; median area {number(sets.median_area_km2.value, 'km²')}",
        ),
    ]


def sections(report: Report) -> list[Section]:
    """The sections of the page, in reading order."""
    return [
        right_cell(report),
        how_far(report),
        which_place(report),
        right_state(report),
        calibration(report),
        regions(report),
        abstention(report),
        new_places(report),
        other_kinds(report),
        cell_sizes(report),
        *left_out(report),
    ]


def new_places(report: Report) -> Section:
    """Statistics by the distance to the training photos, or why there are none."""
    near = report.by_distance_to_train
    if near is None:
        why = report.absent["by_distance_to_train"]
        return Section("new", "New places", [f"Not measured: {why}."])
    return Section(
        "new",
        "New places",
        ["The model may recognise a photo next to a training photo instead of locating it."],
        [
            Picture(
                "train_distance",
                "If accuracy falls from left to right, the statistics of photos like those on the "
                "left say little about new places.",
            )
        ],
        [
            parts_table(
                "By the distance from the photo to the nearest training photo.", "distance", near
            )
        ],
    )


def other_kinds(report: Report) -> Section:
    """Statistics of the photos like the training photos and unlike them, or why there are none."""
    title, likeness = "Photos of another kind", report.by_likeness
    if likeness is None:
        return Section("kinds", title, [f"Not measured: {report.absent['by_likeness']}."])
    return Section(
        "kinds",
        title,
        [
            "A photo is unlike the training photos if what the model's backbone makes of it lies "
            f"farther from them than {UNLIKE_PERCENTILE:g} % of photos of the same kind. If many "
            f"more than {100 - UNLIKE_PERCENTILE:g} % are, these photos are of another kind, and "
            "the answers to them are worth little."
        ],
        tables=[parts_table("By the distance to the training photos.", "photos are", likeness)],
    )


def cell_sizes(report: Report) -> Section:
    """Statistics by the size of the true cell, and by its training photos."""
    level = "By the level of the true cell: one level more is a quarter of the area."
    return Section(
        "parts",
        "Large and small cells",
        tables=[
            parts_table(level, "cells", report.by_level),
            parts_table(
                "By the number of training photos in the true cell.",
                "training photos",
                report.by_training_photos,
            ),
        ],
    )


def left_out(report: Report) -> list[Section]:
    """The photos that could not be read, the first ones by name; empty if every photo was read."""
    if not report.skipped:
        return []
    more = len(report.skipped) - SKIPPED_SHOWN
    text = [f"And {more:,} more; report.json lists them all."] if more > 0 else []
    rows = [[entry.photo, entry.reason] for entry in report.skipped[:SKIPPED_SHOWN]]
    table = Table("Photos that could not be read count in no statistic.", ("photo", "reason"), rows)
    return [Section("left-out", "Left out", text, tables=[table])]
