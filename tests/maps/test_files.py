from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from map_worlds import map_of, random_map
from PIL import Image

from geoguess_cli.errors import OutputError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.files import (
    FORMATS,
    Look,
    MapFormat,
    format_of,
    map_names,
    write_cells_map,
    write_map,
    write_maps,
)
from geoguess_cli.maps.probability_map import ProbabilityMap

STARTS = {
    ".png": b"\x89PNG",
    ".svg": b"<?xml",
    ".pdf": b"%PDF",
    ".html": b"<!doctype html>",
    ".geojson": b"{",
    ".parquet": b"PAR1",
}


@pytest.mark.parametrize("ending", FORMATS)
def test_each_format_holds_a_map_and_the_cells(
    ending: str, faces: Partition, tmp_path: Path
) -> None:
    picture = Image.new("RGB", (60, 40), "seagreen")
    write_map(random_map(faces), tmp_path / f"map{ending}", photo=picture)
    write_cells_map(faces, tmp_path / f"cells{ending}")
    for name in ("map", "cells"):
        assert (tmp_path / f"{name}{ending}").read_bytes().startswith(STARTS[ending])


def test_another_ending_is_refused(faces: Partition, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"map.bmp must end in one of \.png, \.svg"):
        write_map(random_map(faces), tmp_path / "map.bmp")
    with pytest.raises(OutputError, match="must end in one of"):
        write_cells_map(faces, tmp_path / "cells")


def two_maps(partition: Partition) -> list[ProbabilityMap]:
    peaks = np.eye(len(partition), dtype=np.float32)
    maps = [map_of(partition, peaks[row], photo=f"{row}.jpg") for row in (0, 1)]
    return [
        replace(map_, answer=replace(map_.answer, row=row))
        for map_, row in zip(maps, (2, 0), strict=True)
    ]


def test_each_map_goes_to_the_file_of_its_photo(faces: Partition, tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.parquet" for name in "abc"]
    written = write_maps(two_maps(faces), paths, look=Look())
    first, _ = next(written)
    assert [path.exists() for path in paths] == [False, False, True]  # as it comes
    assert [first, *(path for path, _ in written)] == [paths[2], paths[0]]
    assert pl.read_parquet(paths[2])["cell_index"][0] == 0


def test_maps_together_are_one_file(faces: Partition, tmp_path: Path) -> None:
    path = tmp_path / "all.html"
    written = list(write_maps(two_maps(faces), [path], look=Look(), together=True))
    assert [where for where, _ in written] == [path, path]
    assert list(write_maps([], [path], look=Look(), together=True)) == []
    with pytest.raises(OutputError, match="holds one map only; 2 maps need a folder"):
        list(write_maps(two_maps(faces), [tmp_path / "a.geojson"], look=Look(), together=True))


def test_a_format_is_one_row(
    faces: Partition, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(map_: ProbabilityMap, path: Path, *_: object) -> None:
        path.write_text(map_.answer.photo)

    row = MapFormat(write, None, lambda *_: None)
    monkeypatch.setitem(FORMATS, ".txt", row)
    path = tmp_path / "map.txt"
    assert format_of(path) is row
    write_map(random_map(faces, photo="a.jpg"), path)
    assert path.read_text() == "a.jpg"


def test_names_do_not_clash_whatever_their_case() -> None:
    photos = [Path("x/a.jpg"), Path("y/A.jpg"), Path("a-2.jpg")]
    assert map_names(photos, ".png") == ["a.png", "A-2.png", "a-2-2.png"]
