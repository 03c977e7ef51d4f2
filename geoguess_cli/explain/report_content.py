"""What a report of an evaluation says, section by section, whatever form it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from geoguess_cli.explain.report_wording import Shown, shown, without_common_country
from geoguess_cli.explain.wording import coordinates, counted
from geoguess_cli.inference.metrics import RADII_KM, TOP_K
from geoguess_cli.model.decision import METHOD_WORDS, METHODS

SKIPPED_SHOWN = 20
PARTS_SHOWN = 60
CONFUSIONS_SHOWN = 10
AREAS_SHOWN = 9

Cell = str | Shown


@dataclass(frozen=True)
class Table:
    """A table, with one sentence that says how to read it.

    Attributes:
        caption: That sentence.
        columns: Headings; the first column names the rows.
        rows: One sequence of cells a row.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def words(self) -> bool:
        """Whether it holds no figure."""
        return not any(isinstance(cell, Shown) for row in self.rows for cell in row)


@dataclass(frozen=True)
class Picture:
    """A figure by the name of its file, with one sentence that says how to read it."""

    name: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        anchor: Its name in links.
        title: A heading.
        text: Paragraphs.
        pictures: Figures, drawn by `evaluation_files`.
        tables: Tables.
    """

    anchor: str
    title: str
    text: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """All that a page says.

    Attributes:
        title: Its heading.
        opening: Paragraphs.
        headline: The figures that matter most: name, figure, what to hold against it.
        sections: In the order in which one reads them.
    """

    title: str
    opening: Sequence[str]
    headline: Sequence[tuple[str, Shown, str]]
    sections: Sequence[Section]


def report_page(report: Mapping[str, Any]) -> Page:
    """What the report of an evaluation says.

    Args:
        report: `Evaluation.report`.
    """
    title = f"Evaluation on the {report['split']} split"
    return Page(title, opening(report), headline(report), sections(report))


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
            f"before calibration {shown(report['calibration']['before']['ece'], 'share').value}",
        ),
        (
            "90 % sets that hold the truth",
            shown(report["credible"]["90"]["covered"]["coverage"], "share"),
            f"covered photos; median area "
            f"{shown(report['credible']['90']['covered']['median_area_km2'], 'km²').value}",
        ),
    ]


def sections(report: Mapping[str, Any]) -> list[Section]:
    """The report as sections, in the order in which one reads them.

    Args:
        report: `Evaluation.report`.
    """
    made = (
        _right_cell(report),
        _how_far(report),
        _which_place(report),
        _right_state(report),
        _calibration(report),
        _regions(report),
        _abstention(report),
        _new_places(report),
        _parts(report),
        _left_out(report),
    )
    return [section for section in made if section is not None]


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


def _right_cell(report: Mapping[str, Any]) -> Section:
    frequent = report["baselines"]["most_frequent_cell"]
    confusion = report["confusion"]
    rows: list[list[Cell]] = [
        [f"top-{k}", *(shown(report[over][f"top_{k}"], "share") for over in ("all", "covered"))]
        for k in TOP_K
    ]
    rows.append(
        [
            f"always the most frequent cell, {frequent['token']}",
            shown(frequent["top_1"], "share"),
            shown(frequent["covered"]["top_1"], "share"),
        ]
    )
    rows.append(
        [f"chance, 1 in {report['counts']['cells']:,}", shown(report["chance"], "share"), ""]
    )
    tables = [
        Table(
            "How often the true cell is among the k likeliest; the last two rows look at no photo.",
            ("answer", "all photos", "covered photos"),
            rows,
        )
    ]
    if confusion["pairs"]:
        pairs = confusion["pairs"][:CONFUSIONS_SHOWN]
        named = [pair[key] for pair in pairs for key in ("place", "guess_place")]
        places = iter(without_common_country(named))
        tables.append(
            Table(
                f"Of {counted(confusion['wrong'], 'covered photo')} with a wrong cell, "
                f"{shown(confusion['neighbours'], 'share')} were put in a neighbour of the true "
                "one; these are the commonest confusions.",
                ("true cell", "answered", "photos", "neighbours"),
                [
                    [
                        f"{pair['token']}, {next(places)}",
                        f"{pair['guess']}, {next(places)}",
                        f"{pair['photos']:,}",
                        "yes" if pair["neighbours"] else "no",
                    ]
                    for pair in pairs
                ],
            )
        )
    lift = shown(report["lift"], "times")
    return Section(
        "cell",
        "The right cell",
        [f"Top-1 over all photos is {lift} chance."],
        [],
        tables,
    )


def _how_far(report: Mapping[str, Any]) -> Section:
    constant = report["baselines"]["best_constant"]
    frequent = report["baselines"]["most_frequent_cell"]
    kinds = (
        ("median distance", "median_km", "km"),
        ("mean distance", "mean_km", "km"),
        ("GeoScore, of 5,000", "geoscore", "points"),
    )
    compared = (report, report["covered"], constant, frequent)
    place = coordinates(constant["latitude"]["value"], constant["longitude"]["value"])
    return Section(
        "distance",
        "How far",
        [
            "Great-circle distance from the point estimate to the truth. The best constant is the "
            f"one place ({place}) with the least median distance to these very photos: no answer "
            "that ignores the photo has a lower median.",
        ],
        [
            Picture(
                "distances",
                "Share of the photos placed within each distance; the further left the curve, the "
                "better, and beyond the dashed one the photo says something.",
            ),
            Picture(
                "errors", "From each point estimate to its truth: long lines one way are a habit."
            ),
        ],
        [
            Table(
                "Less is better, but for the GeoScore; the last two columns look at no photo.",
                ("figure", "all photos", "covered photos", "best constant", "most frequent cell"),
                [[name, *(shown(of[key], kind) for of in compared)] for name, key, kind in kinds],
            ),
            Table(
                "Share of the photos placed at most so far from the truth.",
                ("within", "all photos", "covered photos"),
                [
                    [
                        f"{radius:,g} km, {name}",
                        *(
                            shown(of["within_km"][f"{radius:g}"], "share")
                            for of in (report, report["covered"])
                        ),
                    ]
                    for name, radius in RADII_KM.items()
                ],
            ),
        ],
    )


def _which_place(report: Mapping[str, Any]) -> Section:
    estimates = report["point_estimates"]
    own = next(method for method in METHODS if estimates[method]["own"])
    return Section(
        "point",
        "Which place to answer",
        [
            f"The model answers with the {METHOD_WORDS[own]}, and is judged by that: a way that "
            "does better here was not chosen on these photos.",
        ],
        [
            Picture(
                "point_estimates",
                "In bold the model's own way. Dots are the figures, lines their intervals; where "
                "intervals overlap the ways do not differ clearly.",
            )
        ],
        [
            Table(
                "The four ways on the same photos, all of them.",
                ("point estimate", "median distance", "mean distance", "GeoScore", "within 25 km"),
                [
                    [
                        METHOD_WORDS[method] + (" (the model's)" if method == own else ""),
                        shown(estimates[method]["median_km"], "km"),
                        shown(estimates[method]["mean_km"], "km"),
                        shown(estimates[method]["geoscore"], "points"),
                        shown(estimates[method]["within_km"]["25"], "share"),
                    ]
                    for method in METHODS
                ],
            ),
            Table(
                "The same over the covered photos.",
                ("point estimate", "median distance", "mean distance", "GeoScore", "within 25 km"),
                [
                    [
                        METHOD_WORDS[method],
                        shown(estimates[method]["covered"]["median_km"], "km"),
                        shown(estimates[method]["covered"]["mean_km"], "km"),
                        shown(estimates[method]["covered"]["geoscore"], "points"),
                        shown(estimates[method]["covered"]["within_km"]["25"], "share"),
                    ]
                    for method in METHODS
                ],
            ),
        ],
    )


def _right_state(report: Mapping[str, Any]) -> Section:
    rows: list[list[Cell]] = [
        [
            name,
            shown(report[f"{name}_accuracy"], "share"),
            shown(report["covered"][f"{name}_accuracy"], "share"),
        ]
        for name in ("state", "country")
    ]
    return Section(
        "state",
        "The right state",
        [],
        [
            Picture(
                "by_state",
                "Top-1 accuracy by the state of the truth; a dot without a line has too few "
                "sequences for an interval.",
            )
        ],
        [
            Table(
                "How often the point estimate lies in the state, or country, of the truth.",
                ("in the right", "all photos", "covered photos"),
                rows,
            ),
            _parts_table(
                "By the state of the truth, those with the most photos first.",
                "state",
                report["by_state"],
            ),
        ],
    )


def _calibration(report: Mapping[str, Any]) -> Section:
    calibration = report["calibration"]
    sides = ("before", "after")
    rows: list[list[Cell]] = []
    for name, key, kind in (
        ("log loss", "nll", "nats"),
        ("Brier score", "brier", "score"),
        ("calibration error", "ece", "share"),
    ):
        rows.append([name, "covered", *(shown(calibration[side][key], kind) for side in sides)])
        if key in calibration["before"]["all"]:
            over_all = (shown(calibration[side]["all"][key], kind) for side in sides)
            rows.append([name, "all", *over_all])
    temperature = calibration["temperature"]
    says = (
        "The model was never calibrated: its temperature is 1, and both columns are the same."
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


def _regions(report: Mapping[str, Any]) -> Section:
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


def _abstention(report: Mapping[str, Any]) -> Section:
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


def _new_places(report: Mapping[str, Any]) -> Section:
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
            _parts_table(
                "By the distance from the photo to the nearest training photo.", "distance", near
            )
        ],
    )


def _parts(report: Mapping[str, Any]) -> Section:
    return Section(
        "parts",
        "Large and small cells",
        [],
        [],
        [
            _parts_table(
                "By the level of the true cell: a level more is a quarter of the area.",
                "cells",
                report["by_level"],
            ),
            _parts_table(
                "By the number of training photos in the true cell.",
                "training photos",
                report["by_training_photos"],
            ),
        ],
    )


def _left_out(report: Mapping[str, Any]) -> Section | None:
    """The photos that could not be read, the first ones by name."""
    skipped = report["skipped"]
    if not skipped:
        return None
    more = len(skipped) - SKIPPED_SHOWN
    text = [f"And {more:,} more, all listed in report.json."] if more > 0 else []
    rows = [[entry["photo"], entry["reason"]] for entry in skipped[:SKIPPED_SHOWN]]
    table = Table("Photos that could not be read count in no figure.", ("photo", "why"), rows)
    return Section("left-out", "Left out", text, [], [table])


def _parts_table(caption: str, heading: str, parts: Mapping[str, Mapping[str, Any]]) -> Table:
    names = without_common_country(list(parts)[:PARTS_SHOWN])
    more = len(parts) - PARTS_SHOWN
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
            for name, part in zip(names, parts.values(), strict=False)
        ],
    )
