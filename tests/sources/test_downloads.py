"""The table of published data sets, and the choice of parts."""

from typing import get_args

import pytest

from geoguess_cli.choices import DataSetName
from geoguess_cli.errors import DownloadError
from geoguess_cli.sources.downloads import DATA_SETS, choose_parts

OSV_5M = DATA_SETS["osv-5m"]
FILES = [
    "README.md",
    *("train.csv", "test.csv"),
    *(f"images/train/{n:02}.zip" for n in range(98)),
    *(f"images/test/{n:02}.zip" for n in range(5)),
]


def test_each_name_of_the_option_is_a_data_set() -> None:
    assert tuple(DATA_SETS) == get_args(DataSetName)


def test_all_parts_by_default() -> None:
    train, test = choose_parts(OSV_5M, [], FILES)
    assert (train.table, len(train.archives), train.complete) == ("train.csv", 98, True)
    assert test.files == ("test.csv", *(f"images/test/{n:02}.zip" for n in range(5)))


def test_some_archives_of_a_part() -> None:
    (train,) = choose_parts(OSV_5M, ["train/07", "train/00..02"], FILES)
    assert train.archives == tuple(f"images/train/{n:02}.zip" for n in (0, 1, 2, 7))
    assert not train.complete


def test_a_part_named_whole_and_in_pieces_is_whole() -> None:
    (test,) = choose_parts(OSV_5M, ["test/03", "test"], FILES)
    assert (len(test.archives), test.complete) == (5, True)


@pytest.mark.parametrize(
    ("only", "word"),
    [("val", "train, test"), ("train/98", "00 to 97"), ("train/5..2", "00 to 97"), ("", "train")],
)
def test_an_unknown_part_is_refused_with_those_there_are(only: str, word: str) -> None:
    with pytest.raises(DownloadError, match=word):
        choose_parts(OSV_5M, [only], FILES)


def test_a_data_set_in_one_archive_has_no_parts() -> None:
    with pytest.raises(DownloadError, match="one archive"):
        choose_parts(DATA_SETS["osv-mini-129k"], ["test"], [])


def test_a_file_that_the_repository_lost_is_named() -> None:
    files = [file for file in FILES if file != "images/train/02.zip"]
    with pytest.raises(DownloadError, match=r"images/train/02\.zip"):
        choose_parts(OSV_5M, ["train/00..03"], files)
    with pytest.raises(DownloadError, match=r"test\.csv"):
        choose_parts(OSV_5M, ["test"], [file for file in FILES if file != "test.csv"])
    with pytest.raises(DownloadError, match=r"images/test/00\.zip"):
        choose_parts(OSV_5M, [], [file for file in FILES if not file.startswith("images/test")])
