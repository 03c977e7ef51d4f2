"""Sections of a report: whether probabilities hold, and what is gained by answering when sure."""

from geoguess_cli.evaluation.report import Report
from geoguess_cli.evaluation.statistics import (
    Abstention,
    CredibleSet,
    ExpectedDistance,
    Radius,
    Recall,
    Scores,
    ScoresOverAll,
)
from geoguess_cli.report.content import Cell, Picture, Section, Table, columns_table, rows_of
from geoguess_cli.wording import number, text_of

AREAS_SHOWN = 9


def calibration(report: Report) -> Section:
    """Whether the probabilities mean what they say, before and after the temperature."""
    before, after = report.calibration.before, report.calibration.after
    over_all = rows_of(ScoresOverAll, before.all, after.all)
    rows: list[list[Cell]] = []
    for name, *cells in rows_of(Scores, before, after):
        rows.append([name, "covered", *cells])
        rows += [[name, "all", *row[1:]] for row in over_all if row[0] == name]
    temperature = report.calibration.temperature
    text = (
        "The temperature is 1: the model is not calibrated, or its validation photos gave no "
        "reason to change it. Before and after are the same."
        if temperature == 1
        else f"Logits are divided by {temperature:.3g}, fitted on the validation photos: "
        + ("the model was too sure." if temperature > 1 else "the model was too unsure.")
    )
    return Section(
        "calibration",
        "Do the probabilities mean what they say",
        [text],
        [
            Picture(
                "reliability",
                "Each dot is a group of photos with about the same top probability. On the dashed "
                "line the model is right as often as it says, below the line it is too sure.",
            )
        ],
        [
            Table(
                "Less is better. The calibration error says how far the probabilities are off.",
                ("statistic", "photos", "before", "after"),
                rows,
            )
        ],
    )


def regions(report: Report) -> Section:
    """Credible sets, the 90 % radius, and how much area must be searched."""
    sets = [
        ([f"{name} %", photos], of)
        for name, credible in report.credible.items()
        for photos, of in (("all", credible), ("covered", credible.covered))
    ]
    spread: list[list[Cell]] = [
        *rows_of(Radius, report.radius_90, report.radius_90.covered),
        *rows_of(ExpectedDistance, report.expected_km, report.expected_km.covered),
        ["distance, mean", *(text_of(of.mean_km, "km") for of in (report, report.covered))],
    ]
    return Section(
        "regions",
        "Regions that hold the truth",
        [
            "A credible set is the fewest cells whose probabilities reach 50 or 90 %. No set "
            "holds a photo that lies in no cell, so judge the sets over the covered photos."
        ],
        [
            Picture(
                "recall_area",
                "Share of the photos found when an area is searched, likeliest cells first. The "
                "bands are the intervals.",
            )
        ],
        [
            columns_table(
                "A set should hold the truth as often as its name says, and be small.",
                ("set", "photos"),
                CredibleSet,
                sets,
            ),
            Table(
                "The expected distance should be near the distance. The 90 % radius should hold at "
                "least 90 %.",
                ("statistic", "all photos", "covered photos"),
                spread,
            ),
            _recall_table(report),
        ],
    )


def _recall_table(report: Report) -> Table:
    """Some areas, from the first at which a photo is found."""
    rows = report.recall_area
    start = next((at for at, row in enumerate(rows) if row.recall.value > 0), 0)
    return columns_table(
        "Share of the photos found by area searched, as in the figure.",
        ("area searched",),
        Recall,
        [([number(row.area_km2, "km²")], row) for row in rows[start : start + AREAS_SHOWN]],
    )


def abstention(report: Report) -> Section:
    """What is gained by answering only the sure photos."""
    risk = report.risk_coverage
    return Section(
        "abstention",
        "Does it know when it is wrong",
        [
            f"Area under the curve {text_of(risk.area, 'score')}; the best possible with these "
            f"errors {text_of(risk.best, 'score')}, and {text_of(risk.no_better, 'score')} if "
            f"confidence said nothing. Over the covered photos "
            f"{text_of(risk.covered.area, 'score')}, {text_of(risk.covered.best, 'score')} "
            f"and {text_of(risk.covered.no_better, 'score')}."
        ],
        [
            Picture(
                "risk_coverage",
                "Answering fewer photos, the surest first, should leave fewer errors. The nearer "
                "the curve to the orange one, the better the model knows when it is wrong.",
            )
        ],
        [
            columns_table(
                "The photos left when the model answers only if its top probability reaches a "
                "threshold.",
                ("at least",),
                Abstention,
                [([f"{100 * row.min_confidence:g} %"], row) for row in report.abstention],
            )
        ],
    )
