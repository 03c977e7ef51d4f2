"""What verbs do before they work: photos named by arguments, their places, the leak check."""

import numpy as np
import polars as pl
import pytest

from geoguess_cli.config import Config
from geoguess_cli.console.inputs import check_leaks, expand_photos, truths_of
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.photos.table import PhotoTable


def drives(sides: list[list[str | None]], tmp_path, *, apart_deg: float = 1.0) -> PhotoTable:
    """A drive for each list of splits, with a photo (without a file) for each split in it."""
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


@pytest.fixture
def table_of_two(tmp_path):
    """A table of two photos and a bad row, and a folder with one of the photos."""
    (tmp_path / "d").mkdir()
    for name in ("a", "b"):
        (tmp_path / "d" / f"{name}.jpg").write_bytes(b"")
    text = "photo,latitude,longitude\nd/a.jpg,1,2\nd/x.jpg,91,0\nd/b.jpg,3,4\n"
    (tmp_path / "t.csv").write_text(text)
    return tmp_path / "t.csv"


def test_arguments_are_photos_folders_and_tables(table_of_two, capsys) -> None:
    a, b = (table_of_two.parent / "d" / name for name in ("a.jpg", "b.jpg"))
    arguments = expand_photos([b, table_of_two.parent / "d", table_of_two], Sink())
    assert arguments.files == [b, a, b, a, b]
    assert list(arguments.tables) == [table_of_two]
    assert "row 3: latitude is 91" in capsys.readouterr().err


def test_an_argument_without_photos_is_an_error(tmp_path) -> None:
    with pytest.raises(MissingFileError, match=r"none\.jpg does not exist; name a photo"):
        expand_photos([tmp_path / "none.jpg"], Sink())
    with pytest.raises(PhotoTableError, match=r"has no photo; a photo ends in \.jpg"):
        expand_photos([tmp_path], Sink())


def test_the_photo_table_is_read_once_and_its_bad_rows_are_reported(table_of_two, capsys) -> None:
    config = Config(photos=table_of_two)
    arguments = expand_photos([table_of_two], Sink())
    assert truths_of(arguments, config, Sink()) == [(1, 2), (3, 4)]
    assert capsys.readouterr().err.count("latitude is 91") == 1
    arguments = expand_photos([table_of_two.parent / "d" / "b.jpg"], Sink())
    assert truths_of(arguments, config, Sink()) == [(3, 4)]
    assert capsys.readouterr().err.count("latitude is 91") == 1
