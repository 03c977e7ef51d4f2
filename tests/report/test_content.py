"""Tables made from the statistics of a part."""

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.statistics import Distances, Part, RightCell
from geoguess_cli.report.content import Table, cells_of, columns_table, listed, rows_of
from geoguess_cli.wording import text_of


def test_a_row_a_statistic(made_evaluation: Evaluation) -> None:
    report = made_evaluation.report
    rows = rows_of(RightCell, report.all, report.covered)
    assert [row[0] for row in rows] == ["top-1", "top-3", "top-5"]
    assert rows[0][1:] == [text_of(of.top_1, "share") for of in (report.all, report.covered)]


def test_a_column_a_statistic(made_evaluation: Evaluation) -> None:
    parts = made_evaluation.report.by_level
    rows = [([name], part) for name, part in parts.items()]
    table = columns_table("By level.", ("cells",), Part, rows)
    assert table.columns[0] == "cells"
    assert {len(row) for row in table.rows} == {len(table.columns)} == {len(listed(Part)) + 1}
    assert table.rows[0][1:] == cells_of(Part, next(iter(parts.values())))


def test_a_statistic_without_a_name_or_with_many_is_left_out() -> None:
    assert "within_25_km" not in listed(Part)
    assert list(listed(Distances)) == ["median_km", "mean_km", "geoscore"]


def test_a_table_of_words() -> None:
    assert Table("Words.", ("a", "b"), [["x", "y"]]).words
