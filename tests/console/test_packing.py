"""What unpacking and exporting take is said before they start, and what they leave out after."""

from pathlib import Path

import numpy as np
import pytest
from source_worlds import SOURCES

from geoguess_cli.console.output import Sink
from geoguess_cli.console.packing import exported, unpacked
from geoguess_cli.sources.exports import Export
from geoguess_cli.sources.reading import read_source


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    SOURCES["parquet_images"].build(tmp_path)
    return tmp_path / "street-view"


def test_the_space_is_said_before_the_photos_are_unpacked(shards, tmp_path, capsys) -> None:
    reading = read_source(shards, allow_parquet=True)
    done = unpacked(reading, shards, tmp_path / "photos.parquet", Sink(), force=False)
    said = capsys.readouterr().err
    assert f"unpacking 3 photos into {tmp_path / 'photos-photos'}: about " in said
    assert done.parquet is None
    assert all(file.read_bytes() for file in done.table.files)


def test_other_sources_stay_as_they_are(world, tmp_path, capsys) -> None:
    reading = read_source(world.folder / "photos.csv")
    path = tmp_path / "photos.parquet"
    assert unpacked(reading, world.folder, path, Sink(), force=False) is reading
    assert capsys.readouterr().err == ""


def test_only_the_first_photos_left_out_are_shown(world, tmp_path, capsys) -> None:
    table = read_source(world.folder / "photos.csv").table.take(np.arange(9))
    for photo in table.frame["photo"][:7]:
        (world.folder / photo).write_bytes(b"no picture")
    exported(Export(table, "zip", tmp_path / "out"), Sink(), force=False)
    said = capsys.readouterr().err
    assert f"exporting 9 photos to {tmp_path / 'out'}: about " in said
    assert said.count("left out") == 6
    assert "2 more photos left out; --json lists them" in said
