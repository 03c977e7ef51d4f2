"""How right a model is and how far off: sections of a report."""

from collections.abc import Mapping
from typing import Any

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.evaluation.metrics import RADII_KM, TOP_K
from geoguess_cli.report.content import Cell, Picture, Section, Table
from geoguess_cli.report.parts import parts_table
from geoguess_cli.wording import coordinates, counted, shown, without_common_country

CONFUSIONS_SHOWN = 10


def right_cell(report: Mapping[str, Any]) -> Section:
    """The right cell: top-k beside answers that look at no photo, and the commonest confusions."""
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


def how_far(report: Mapping[str, Any]) -> Section:
    """How far off, beside the same answers."""
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


def which_place(report: Mapping[str, Any]) -> Section:
    """The four ways to choose the one place we answer."""
    estimates = report["point_estimates"]
    own = next(method for method in POINT_METHODS if estimates[method]["own"])
    return Section(
        "point",
        "Which place to answer",
        [
            f"The model answers with the {POINT_METHODS[own]}, and is judged by that: a way that "
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
                        POINT_METHODS[method] + (" (the model's)" if method == own else ""),
                        shown(estimates[method]["median_km"], "km"),
                        shown(estimates[method]["mean_km"], "km"),
                        shown(estimates[method]["geoscore"], "points"),
                        shown(estimates[method]["within_km"]["25"], "share"),
                    ]
                    for method in POINT_METHODS
                ],
            ),
            Table(
                "The same over the covered photos.",
                ("point estimate", "median distance", "mean distance", "GeoScore", "within 25 km"),
                [
                    [
                        POINT_METHODS[method],
                        shown(estimates[method]["covered"]["median_km"], "km"),
                        shown(estimates[method]["covered"]["mean_km"], "km"),
                        shown(estimates[method]["covered"]["geoscore"], "points"),
                        shown(estimates[method]["covered"]["within_km"]["25"], "share"),
                    ]
                    for method in POINT_METHODS
                ],
            ),
        ],
    )


def right_state(report: Mapping[str, Any]) -> Section:
    """The right state and country, and the figures state by state."""
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
            parts_table(
                "By the state of the truth, those with the most photos first.",
                "state",
                report["by_state"],
            ),
        ],
    )
