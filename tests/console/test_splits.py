"""What is said of a split: sides, photos set aside, and what other choices would cost."""

from pathlib import Path

import polars as pl
import pytest

from geoguess_cli.console.output import Sink
from geoguess_cli.console.splits import NAMES_LISTED, show_split, warn_of_buffer
from geoguess_cli.photos.buffers import SplitChoice
from geoguess_cli.photos.table import PhotoTable


def test_photos_set_aside_are_named_and_the_rest_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    aside = NAMES_LISTED + 2
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(aside + 3)],
            "latitude": [1.0] * (aside + 3),
            "longitude": [2.0] * (aside + 3),
            "split": ["train", "val", "val", *[None] * aside],
        }
    )
    table = PhotoTable(frame, Path())
    rest = PhotoTable(frame.tail(aside), Path())
    show_split(table, rest, kept=["val"], buffer_km=0.5, sink=Sink())
    out, err = capsys.readouterr()
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["train", "1", "10.0%"],
        ["val", "2", "20.0%"],
        ["set", "aside", "7", "70.0%"],
    ]
    assert "kept the existing split (val)" in err
    assert "within 0.5 km of a val or test photo: 3.jpg, 4.jpg" in err
    assert "and 2 more" in err


def test_a_dear_buffer_is_warned_of_with_the_cost_of_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    choices = [SplitChoice("--buffer-km 0.5", 0.25), SplitChoice("--by cell --level 8", 0.031)]
    warn_of_buffer(0.77, choices, buffer_km=1.0, sink=Sink())
    err = capsys.readouterr().err
    assert err.startswith("warning: the buffer of 1 km sets aside 77 % of the training photos; ")
    assert "`--buffer-km 0.5` 25 %, `--by cell --level 8` 3.1 %, `--buffer-km 0` none" in err
    assert "auto" not in err
    warn_of_buffer(0.77, [], buffer_km=1.0, sink=Sink())
    assert "`--buffer-km auto` takes the widest" in capsys.readouterr().err
