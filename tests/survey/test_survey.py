"""Surveys of photos on disk by a model that reads a known patch."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.survey.survey import surveyed_photos


def test_the_bright_thing_of_a_drive_is_the_only_suspect(surveyed) -> None:
    steps: list[tuple[int, int]] = []
    result = surveyed(range(9), on_photo=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 9) for done in range(1, 10)]
    (spot,) = result.suspects
    assert (spot.drive, spot.cell_index) == (0, 1)
    assert spot.score > 0.8
    assert spot.carried > 0.7
    assert result.cleared == []
    assert result.attention.thirds["lower"].value > 0.7


def test_photos_that_are_not_scanned_still_serve_for_comparison(surveyed) -> None:
    result = surveyed([0, 1, 2])
    (spot,) = result.suspects
    assert set(result.known.drives[list(spot.others)]) == {1, 2, 3, 4}
    assert result.attention.sequences == 1


def test_a_second_run_takes_all_from_the_first(surveyed) -> None:
    assert [surveyed(range(9)).reused for _ in range(2)] == [0, 9]


def test_photos_that_cannot_be_read_are_failures(surveyed, known) -> None:
    known.files[4].write_bytes(b"no photo at all")
    assert surveyed([0, 1, 2, 4]).failures == [(4, f"{known.files[4]}: cannot be read")]
    with pytest.raises(PhotoError, match="none of 1 photo"):
        surveyed([4])


def test_drives_are_numbered_and_a_photo_without_one_has_none(two_cells) -> None:
    frame = pl.DataFrame(
        {
            "photo": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"],
            "latitude": [45.7, 31.0, 0.0, 45.7],
            "longitude": [-111.0, -97.5, 0.0, -111.0],
            "sequence": ["second", None, "first", "second"],
        }
    )
    known = surveyed_photos(PhotoTable(frame, Path("photos")), two_cells)
    assert known.drives.tolist() == [1, -1, 0, 1]
    assert known.sequences == ["second", None, "first", "second"]
    assert known.files[0] == Path("photos/a.jpg")
    assert known.cells[2] == -1
    assert known.cells[0] == known.cells[3] >= 0
    bare = PhotoTable(frame.drop("sequence"), Path("photos"))
    assert (surveyed_photos(bare, two_cells).drives == np.full(4, -1)).all()
