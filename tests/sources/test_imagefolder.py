"""Hugging Face's imagefolder: where its metadata is, and which split a photo is in."""

import polars as pl
import pytest

from geoguess_cli.sources.reading import read_source


@pytest.fixture
def imagefolder(tmp_path, write_photo, write_csv):
    """Writes metadata of these photos into a folder of the source."""

    def write(photos, folder=".", header=("file_name", "latitude", "longitude"), **more):
        rows = [[name, 45.5, -111.5, *more.values()] for name in photos]
        write_csv(tmp_path / folder / "metadata.csv", [*header, *more], rows)
        for name in photos:
            write_photo(tmp_path / folder / name)
        return tmp_path

    return write


def splits_of(source):
    frame = read_source(source, check_files=True).table.frame
    return dict(frame.select("photo", pl.col("split")).rows()) if "split" in frame.columns else {}


@pytest.mark.parametrize(
    ("photos", "splits"),
    [
        (["train/a.jpg", "test/b.jpg"], ["train", "test"]),
        (["data/train/a.jpg", "data/validation/b.jpg"], ["train", "val"]),
        (["train-2017/a.jpg", "my_eval_set/b.jpg"], ["train", "test"]),
        (["train/x/test.jpg", "extra/b.jpg"], ["train", None]),
        (["train_1.jpg", "test_1.jpg"], ["train", "test"]),
        (["train_1.jpg", "b.jpg"], None),
        (["test.jpg", "val.jpg"], None),
        (["trains/a.jpg", "contest/b.jpg"], None),
    ],
)
def test_the_paths_of_one_metadata_give_the_split(imagefolder, photos, splits):
    expected = {} if splits is None else dict(zip(photos, splits, strict=True))
    assert splits_of(imagefolder(photos)) == expected


def test_a_split_from_paths_is_noticed(imagefolder):
    folder = imagefolder(["train/a.jpg", "train/b.jpg", "test/c.jpg"])
    notice = "the folders of the photos give the split, as in Hugging Face: train 2, test 1"
    assert read_source(folder).notices == [f"{folder}: {notice}"]


def test_a_column_of_splits_goes_before_paths(imagefolder):
    assert splits_of(imagefolder(["test/a.jpg"], split="train")) == {"test/a.jpg": "train"}


@pytest.mark.parametrize("home", ["data", "."])
def test_metadata_lies_in_the_folder_of_a_split_at_any_of_three_levels(imagefolder, home):
    for split in ("train", "test-1", "other"):
        source = imagefolder(["a.jpg"], f"{home}/{split}")
    source = imagefolder(["b.jpg"], f"{home}/train/dogs")
    prefix = "" if home == "." else "data/"
    assert splits_of(source) == {
        f"{prefix}train/a.jpg": "train",
        f"{prefix}train/dogs/b.jpg": "train",
        f"{prefix}test-1/a.jpg": "test",
    }


def test_metadata_in_data_is_read(imagefolder):
    reading = read_source(imagefolder(["a.jpg"], "data"))
    assert (reading.kind, reading.table.frame["photo"].to_list()) == ("imagefolder", ["data/a.jpg"])
