"""Sections of a report: how often a model is right, and how far off it is."""

from collections.abc import Mapping

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.evaluation.metrics import RADII_KM
from geoguess_cli.evaluation.report import Report
from geoguess_cli.evaluation.statistics import Distances, Part, RightCell, RightPlace
from geoguess_cli.report.content import (
    Cell,
    Picture,
    Section,
    Table,
    cells_of,
    columns_table,
    listed,
    rows_of,
)
from geoguess_cli.wording import coordinates, counted, text_of, without_common_country

CONFUSIONS_SHOWN = 10
PARTS_SHOWN = 60
BOTH = ("all photos", "covered photos")


def right_cell(report: Report) -> Section:
    """The right cell, beside answers that look at no photo, and the commonest confusions."""
    frequent = report.baselines.most_frequent_cell
    rows: list[list[Cell]] = [
        *rows_of(RightCell, report.all, report.covered),
        [
            f"always the most frequent cell, {frequent.token}",
            text_of(frequent.top_1, "share"),
            text_of(frequent.covered.top_1, "share"),
        ],
        [f"chance, 1 in {report.counts.cells:,}", text_of(report.chance, "share"), ""],
    ]
    caption = (
        "How often the true cell is among the k likeliest; the last two rows look at no photo."
    )
    return Section(
        "cell",
        "The right cell",
        [f"Top-1 over all photos is {text_of(report.lift, 'times')} chance."],
        [],
        [Table(caption, ("answer", *BOTH), rows), *_confusions(report)],
    )


def _confusions(report: Report) -> list[Table]:
    """The commonest confusions, if any photo lies in another cell than the likeliest."""
    confusion = report.confusion
    pairs = confusion.pairs[:CONFUSIONS_SHOWN]
    if not pairs:
        return []
    names = [name for pair in pairs for name in (pair.place, pair.guess_place)]
    places = iter(without_common_country(names))
    return [
        Table(
            f"Of {counted(confusion.wrong, 'covered photo')} with a wrong cell, "
            f"{text_of(confusion.neighbours, 'share')} were put in a neighbour of the true cell. "
            "These are the commonest confusions.",
            ("true cell", "answered", "photos", "neighbours"),
            [
                [
                    f"{pair.token}, {next(places)}",
                    f"{pair.guess}, {next(places)}",
                    f"{pair.photos:,}",
                    "yes" if pair.neighbours else "no",
                ]
                for pair in pairs
            ],
        )
    ]


def how_far(report: Report) -> Section:
    """How far off the answers are, beside answers that look at no photo."""
    constant, frequent = report.baselines.best_constant, report.baselines.most_frequent_cell
    place = coordinates(constant.latitude.value, constant.longitude.value)
    return Section(
        "distance",
        "How far",
        [
            "Great-circle distance from the point estimate to the truth. The best constant is the "
            f"one place ({place}) with the least median distance to these very photos: no answer "
            "that ignores the photo has a lower median."
        ],
        [
            Picture(
                "distances",
                "Share of the photos placed within each distance. The further left the curve, the "
                "better. A curve left of the dashed one shows that the model reads the photo.",
            ),
            Picture(
                "errors",
                "From each point estimate to its truth. Many long lines in one direction show a "
                "systematic error.",
            ),
        ],
        [
            Table(
                "Less is better, except for the GeoScore. The last two columns look at no photo.",
                ("statistic", *BOTH, "best constant", "most frequent cell"),
                rows_of(Distances, report, report.covered, constant, frequent),
            ),
            Table(
                "Share of the photos placed within each distance of the truth.",
                ("within", *BOTH),
                [
                    [
                        f"{radius:,g} km, {name}",
                        *(
                            text_of(of.within_km[f"{radius:g}"], "share")
                            for of in (report, report.covered)
                        ),
                    ]
                    for name, radius in RADII_KM.items()
                ],
            ),
        ],
    )


def which_place(report: Report) -> Section:
    """The ways to choose the point estimate, beside each other."""
    estimates = report.point_estimates
    own = next(method for method, of in estimates.items() if of.own)
    names = {str(method): name for method, name in POINT_METHODS.items()}
    return Section(
        "point",
        "Which place to answer",
        [
            f"The model answers with the {names[own]}, and all other statistics judge that answer. "
            "A way that does better here was not chosen on these photos."
        ],
        [
            Picture(
                "point_estimates",
                "The model's own way is bold. Dots are the statistics, lines their intervals. "
                "Where intervals overlap, the ways do not differ clearly.",
            )
        ],
        [
            _estimates_table(
                "Every way on the same photos, all of them.",
                {
                    names[m] + (" (the model's)" if m == own else ""): estimates[m]
                    for m in estimates
                },
            ),
            _estimates_table(
                "The same over the covered photos.",
                {names[method]: estimates[method].covered for method in estimates},
            ),
        ],
    )


def _estimates_table(caption: str, rows: Mapping[str, Distances]) -> Table:
    names = [own.name for own in listed(Distances).values()]
    return Table(
        caption,
        ("point estimate", *names, "within 25 km"),
        [
            [name, *cells_of(Distances, of), text_of(of.within_km["25"], "share")]
            for name, of in rows.items()
        ],
    )


def right_state(report: Report) -> Section:
    """The right state and country, and the statistics state by state."""
    return Section(
        "state",
        "The right state",
        [],
        [
            Picture(
                "by_state",
                "Top-1 accuracy by the state of the truth. A dot without a line has too few "
                "sequences for an interval.",
            )
        ],
        [
            Table(
                "How often the point estimate lies in the state, or country, of the truth.",
                ("statistic", *BOTH),
                rows_of(RightPlace, report, report.covered),
            ),
            parts_table(
                "By the state of the truth; states with the most photos come first.",
                "state",
                report.by_state,
            ),
        ],
    )


def parts_table(caption: str, heading: str, parts: Mapping[str, Part]) -> Table:
    """A row for each part of the photos, at most `PARTS_SHOWN`.

    Args:
        caption: How to read it.
        heading: What the parts are.
        parts: One of the report's `by_…`.
    """
    names = without_common_country(list(parts)[:PARTS_SHOWN])
    more = len(parts) - PARTS_SHOWN
    rest = f" {more:,} more are in report.json." if more > 0 else ""
    rows = [
        ((name, f"{part.photos:,}", f"{part.sequences:,}"), part)
        for name, part in zip(names, parts.values(), strict=False)
    ]
    return columns_table(caption + rest, (heading, "photos", "sequences"), Part, rows)
