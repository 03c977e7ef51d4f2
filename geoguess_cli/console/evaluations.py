"""An evaluation, or a comparison, in the terminal: the figures that matter most."""

from typing import Any

from geoguess_cli.console.output import Sink


def show_report(report: dict[str, Any], sink: Sink) -> None:
    """The figures that matter most, with their intervals."""
    from geoguess_cli.wording import shown

    counts, constant = report["counts"], report["baselines"]["best_constant"]
    covered, frequent = report["covered"], report["baselines"]["most_frequent_cell"]
    sink.table(
        ("right cell", "all photos", "covered photos"),
        [
            (f"top-{k}", *(shown(report[over][f"top_{k}"], "share") for over in ("all", "covered")))
            for k in (1, 3, 5)
        ]
        + [("right state", *(shown(of["state_accuracy"], "share") for of in (report, covered)))],
        title=f"{counts['photos']:,} photos of the split {report['split']}, in "
        f"{counts['sequences']:,} sequences; {shown(report['coverage'], 'share').value} lie in one "
        f"of the {counts['cells']:,} cells\nin brackets: 95 % interval over whole sequences",
        right=("all photos", "covered photos"),
    )
    sink.table(
        ("how far", "the model", "best constant guess"),
        [
            (name, shown(report[key], kind), shown(constant[key], kind))
            for name, key, kind in (
                ("median distance", "median_km", "km"),
                ("mean distance", "mean_km", "km"),
                ("GeoScore", "geoscore", "points"),
            )
        ]
        + [
            (
                f"within {radius} km",
                *(shown(of["within_km"][radius], "share") for of in (report, constant)),
            )
            for radius in report["within_km"]
        ],
        right=("the model", "best constant guess"),
    )
    _show_probabilities(report, sink)
    sink.text(
        f"top-1 is {shown(report['lift'], 'times')} chance, {shown(report['chance'], 'share')};\n"
        f"always the most frequent cell: {shown(frequent['top_1'], 'share')}"
    )


def _show_probabilities(report: dict[str, Any], sink: Sink) -> None:
    """Whether they hold, before and after calibration."""
    from geoguess_cli.wording import shown

    calibration, sets = report["calibration"], report["credible"]
    columns = {"before": "before calibration", "after": "after"}
    if calibration["temperature"] == 1:
        columns = {"after": "at temperature 1"}
    sink.table(
        ("probabilities, covered", *columns.values()),
        [
            (name, *(shown(calibration[side][key], kind) for side in columns))
            for name, key, kind in (
                ("log loss, nats", "nll", "score"),
                ("Brier score", "brier", "score"),
                ("calibration error", "ece", "share"),
            )
        ]
        + [
            (
                f"{name} % set holds truth",
                *[""] * (len(columns) - 1),
                shown(of["covered"]["coverage"], "share"),
            )
            for name, of in sets.items()
        ],
        right=tuple(columns.values()),
    )


def show_comparison(comparison: dict[str, Any], sink: Sink) -> None:
    """Both models, the difference with its paired interval, and what is sure of it."""
    from geoguess_cli.evaluation.comparison import FIGURES
    from geoguess_cli.report.comparison_page import difference, verdicts
    from geoguess_cli.wording import shown

    counts, models = comparison["counts"], comparison["models"]
    sink.table(
        ("", "A", "B", "B − A", "better"),
        [
            (
                FIGURES[key].name,
                *(shown(found[side], FIGURES[key].kind).value for side in "ab"),
                difference(comparison, key),
                (found["better"] or "").upper(),
            )
            for key, found in comparison["figures"].items()
        ],
        title=f"A {models['a']['name']}, B {models['b']['name']}\n"
        f"the same {counts['photos']:,} photos of the split {comparison['split']}, in "
        f"{counts['sequences']:,} sequences; paired 95 % intervals in brackets",
        right=("A", "B", "B − A"),
    )
    for words in verdicts(comparison):
        sink.text(words)
