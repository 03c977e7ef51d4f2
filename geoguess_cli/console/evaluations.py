"""An evaluation, or a comparison, in the terminal: the statistics that matter most."""

from typing import TYPE_CHECKING

from geoguess_cli.console.output import Sink

if TYPE_CHECKING:
    from geoguess_cli.evaluation.comparison import Comparison
    from geoguess_cli.evaluation.report import Report


def show_report(report: "Report", sink: Sink) -> None:
    """The statistics that matter most, with their intervals."""
    from geoguess_cli.evaluation.definitions import definitions
    from geoguess_cli.evaluation.statistics import Distances, RightCell, RightPlace
    from geoguess_cli.report.content import rows_of
    from geoguess_cli.wording import counted, number, text_of, views_in_words

    if seen := views_in_words(report.model):
        sink.text(seen)
    grouped, limited = report.grouped, report.limited
    if grouped is not None:
        sink.text(
            f"{grouped.photos:,} photos answered together by {grouped.by}; each group counts as "
            f"one photo (redundancy {grouped.redundancy:.2f})"
        )
    if limited is not None:
        sink.text(
            f"limited to {limited.region}, to which the model gave "
            f"{number(limited.inside, 'share')} of the probability; "
            f"{counted(limited.elsewhere, 'photo')} taken elsewhere left out"
        )
    counts, constant = report.counts, report.baselines.best_constant
    sink.table(
        ("right cell", "all photos", "covered photos"),
        [
            *rows_of(RightCell, report.all, report.covered),
            *rows_of(RightPlace, report, report.covered),
        ],
        title=f"{counts.photos:,} photos of the split {report.split}, in "
        f"{counts.sequences:,} sequences; {number(report.coverage.value, 'share')} lie in one "
        f"of the {counts.cells:,} cells\nin brackets: 95 % interval over whole sequences",
        right=("all photos", "covered photos"),
    )
    within = definitions(Distances)["within_km"]
    sink.table(
        ("how far", "the model", "best constant guess"),
        [
            *rows_of(Distances, report, constant),
            *(
                [
                    within.name.format(radius),
                    *(text_of(of.within_km[radius], within.unit) for of in (report, constant)),
                ]
                for radius in report.within_km
            ),
        ],
        right=("the model", "best constant guess"),
    )
    _show_probabilities(report, sink)
    frequent = report.baselines.most_frequent_cell
    sink.text(
        f"top-1 is {text_of(report.lift, 'times')} chance, {text_of(report.chance, 'share')};\n"
        f"always the most frequent cell: {text_of(frequent.top_1, 'share')}"
    )


def _show_probabilities(report: "Report", sink: Sink) -> None:
    """Whether probabilities hold, before and after calibration."""
    from geoguess_cli.evaluation.statistics import Scores
    from geoguess_cli.report.content import rows_of
    from geoguess_cli.wording import text_of

    calibration = report.calibration
    sides = {"before calibration": calibration.before, "after": calibration.after}
    if calibration.temperature == 1:
        sides = {"at temperature 1": calibration.after}
    sink.table(
        ("probabilities, covered", *sides),
        [
            *rows_of(Scores, *sides.values()),
            *(
                [
                    f"{mass} % set holds truth",
                    *[""] * (len(sides) - 1),
                    text_of(sets.covered.coverage, "share"),
                ]
                for mass, sets in report.credible.items()
            ),
        ],
        right=tuple(sides),
    )


def show_comparison(comparison: "Comparison", sink: Sink) -> None:
    """Both models, the difference with its paired interval, and which differences are sure."""
    from geoguess_cli.evaluation.comparison import COMPARED
    from geoguess_cli.report.comparison_page import SIDES, difference, value, verdicts

    counts, models = comparison.counts, comparison.models
    sink.table(
        ("", "A", "B", "B − A", "better"),
        [
            (
                COMPARED[key].name,
                *(value(comparison, key, side) for side in SIDES),
                difference(comparison, key),
                (of.better or "").upper(),
            )
            for key, of in comparison.statistics.items()
        ],
        title=f"A {models['a']['name']}, B {models['b']['name']}\n"
        f"the same {counts.photos:,} photos of the split {comparison.split}, in "
        f"{counts.sequences:,} sequences; paired 95 % intervals in brackets",
        right=("A", "B", "B − A"),
    )
    for sentence in verdicts(comparison):
        sink.text(sentence)
