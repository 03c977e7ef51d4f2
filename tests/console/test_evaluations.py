"""An evaluation and a comparison in the terminal: the numbers are those of the report."""

from geoguess_cli.console.evaluations import show_comparison, show_report
from geoguess_cli.console.output import Sink
from geoguess_cli.evaluation.comparison import compare
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.wording import text_of


def test_a_report_shows_its_statistics(made_evaluation: Evaluation, capsys) -> None:
    report = made_evaluation.report
    show_report(report, Sink())
    text = capsys.readouterr().out
    assert text.startswith("239 photos of the split test, in 30 sequences; ")
    for statistic, unit in (
        (report.all.top_1, "share"),
        (report.covered.top_5, "share"),
        (report.median_km, "km"),
        (report.baselines.best_constant.median_km, "km"),
        (report.calibration.before.nll, "nats"),
        (report.calibration.after.nll, "nats"),
    ):
        assert str(text_of(statistic, unit)) in text
    assert f"top-1 is {text_of(report.lift, 'times')} chance" in text


def test_a_comparison_of_a_model_with_itself_names_no_better_one(
    made_evaluation: Evaluation, capsys
) -> None:
    comparison = compare(made_evaluation, made_evaluation, names=("before", "after"))
    show_comparison(comparison, Sink())
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "A before, B after"
    assert lines[1].startswith("the same 239 photos of the split test, in 30 sequences")
    assert lines[2].split() == ["A", "B", "B", "−", "A", "better"]
    assert "the interval of every difference holds 0" in lines[-1]
