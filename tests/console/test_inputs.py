"""What verbs do before they work: the leak check."""

import numpy as np
import polars as pl
import pytest

from geoguess_cli.console.inputs import check_leaks
from geoguess_cli.console.output import Sink
from geoguess_cli.photos.table import PhotoTable


def drives(sides: list[list[str | None]], tmp_path, *, apart_deg: float = 1.0) -> PhotoTable:
    """A drive for each list of sides, with a photo (that is not there) for each side in it."""
    rows = [(drive, side) for drive, own in enumerate(sides) for side in own]
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(len(rows))],
            "latitude": 40.0 + apart_deg * np.array([drive for drive, _ in rows]),
            "longitude": np.full(len(rows), -100.0),
            "sequence": [f"drive-{drive}" for drive, _ in rows],
            "split": pl.Series([side for _, side in rows], dtype=pl.String),
        }
    )
    return PhotoTable(frame, tmp_path)


def test_a_leaking_split_is_one_warning(tmp_path, capsys) -> None:
    table = drives([["train", "val"], ["train", "val"], ["test"]], tmp_path)
    report = check_leaks(table, "val", Sink())
    assert report.level == "leaking"
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith("warning: leaking: 2 sequences lie on both sides of train and val")
    assert "`geoguess data split --force --by sequence`" in told.err


def test_the_check_is_of_the_split_that_is_asked_about(tmp_path, capsys) -> None:
    table = drives([["train", "val"], ["test"]], tmp_path)
    assert check_leaks(table, "test", Sink()).level == "clean"
    told = capsys.readouterr().err
    assert told.startswith("leak check: clean: train and test share no sequence")
    near = drives([["train"], ["test"]], tmp_path, apart_deg=0.001)
    assert check_leaks(near, "test", Sink()).level == "close"
    assert capsys.readouterr().err.startswith("leak check: close: 1 of 1 test photo")


@pytest.mark.parametrize(
    ("sides", "split"),
    [([["train"], ["test"]], "train"), ([["train"], ["test"]], "all"), ([["test"]], "test")],
)
def test_with_nothing_to_compare_nothing_is_said(tmp_path, capsys, sides, split) -> None:
    assert check_leaks(drives(sides, tmp_path), split, Sink()) is None
    assert capsys.readouterr().err == ""
