"""The verbs as functions: the photos that they use, and the photos that they refuse."""

from pathlib import Path

import pytest

import geoguess_cli as gg
from geoguess_cli import api


def test_rows_that_are_left_out_are_warned_of(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("photo,latitude,longitude\na.jpg,10,20\nb.jpg,123,20\n")
    with pytest.warns(UserWarning, match="1 rows are left out, such as .*123"):
        photos = gg.read_photos(table)
    assert len(photos) == 1


def test_an_unknown_split_names_those_that_exist(model: api.Model) -> None:
    photos = gg.read_photos("sample_data/photos.csv")
    with pytest.raises(gg.GeoguessError, match="only in train, val, test"):
        gg.evaluate(model, photos, split="tset")


def test_cells_are_built_from_the_training_photos_alone(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone)
    photos = gg.read_photos("sample_data/photos.csv")
    cells = gg.build_partition(photos, max_photos=60, min_photos=1)
    assert cells.photos.sum() == photos.splits["train"]
    assert api.photos_of_split(photos, "all") is photos
