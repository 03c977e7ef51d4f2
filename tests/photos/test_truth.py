from pathlib import Path

import polars as pl
from PIL import Image

from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.photos.truth import find_truths


def photo(path: Path, gps: tuple[float, float] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if gps is not None:
        exif.get_ifd(0x8825).update({1: "N", 2: (gps[0], 0, 0), 3: "E", 4: (gps[1], 0, 0)})
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


def test_the_table_comes_before_exif_and_the_path_decides(tmp_path: Path) -> None:
    a, b = photo(tmp_path / "a" / "x.jpg", (10, 20)), photo(tmp_path / "b" / "x.jpg", (30, 40))
    plain = photo(tmp_path / "plain.jpg")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    frame = pl.DataFrame({"photo": ["a/../a/x.jpg"], "latitude": [1.5], "longitude": [2.5]})
    table = PhotoTable(frame, tmp_path)
    found = find_truths([b, a, plain, broken, tmp_path / "gone.jpg"], table)
    assert found == [(30.0, 40.0), (1.5, 2.5), None, None, None]
    assert find_truths([a]) == [(10.0, 20.0)]
    assert find_truths([a], table) == [(1.5, 2.5)]
