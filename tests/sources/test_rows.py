"""The rows of several tables as one."""

from pathlib import Path

import polars as pl

from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.rows import Rows, joined


def test_tables_of_one_root_are_joined_in_order():
    first = Rows(pl.DataFrame({"photo": ["a"]}), Path("root"), [BadRow(2, "x", "a.csv")])
    frame = pl.DataFrame({"photo": ["b"], "country": ["US"]})
    both = joined([first, Rows(frame, Path("root"), [BadRow(3, "y", "b.csv")])])
    assert both.frame.rows() == [("a", None), ("b", "US")]
    assert both.root == Path("root")
    assert [bad.row for bad in both.bad_rows] == [2, 3]
