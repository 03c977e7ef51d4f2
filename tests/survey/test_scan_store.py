"""The store gives back what was added, and keeps models and plans apart."""

from pathlib import Path

import numpy as np

from geoguess_cli.survey.scan_store import ScannedPhoto, ScanStore
from geoguess_cli.survey.spots import Box, Spot

SPOT = Spot(Box(1, 2, 3, 4), covered=0.25, covered_cell=3, alone=0.125, alone_cell=4)


def scanned(probability: float = 0.5) -> ScannedPhoto:
    drops = np.arange(6, dtype=np.float32).reshape(2, 3) / 7
    return ScannedPhoto(5, probability, (SPOT,), drops)


def test_a_photo_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    with ScanStore(tmp_path, {"model": "a"}) as store:
        store.add("photo", scanned())
    with ScanStore(tmp_path, {"model": "a"}) as store:
        assert len(store) == 1
        photo = store.get("photo")
        assert store.get("another photo") is None
    assert photo is not None
    assert (photo.cell_index, photo.probability, photo.spots) == (5, 0.5, (SPOT,))
    np.testing.assert_array_equal(photo.window_drops, scanned().window_drops)


def test_each_photo_is_on_disk_when_it_is_added(tmp_path: Path) -> None:
    with ScanStore(tmp_path, {"model": "a"}) as store:
        for number in range(3):
            store.add(f"photo {number}", scanned())
            assert len(store.path.read_text().splitlines()) == 2 + number


def test_models_and_plans_have_files_of_their_own(tmp_path: Path) -> None:
    with ScanStore(tmp_path, {"model": "a", "window": 8}) as store:
        store.add("photo", scanned())
    for key in ({"model": "b", "window": 8}, {"model": "a", "window": 16}):
        with ScanStore(tmp_path, key) as other:
            assert len(other) == 0
            assert store.path in other.others
    with ScanStore(tmp_path, {"window": 8, "model": "a"}) as same:  # the order of keys is free
        assert len(same) == 1


def test_broken_lines_are_removed(tmp_path: Path) -> None:
    with ScanStore(tmp_path, {}) as store:
        store.add("first", scanned())
        store.add("second", scanned(0.75))
    text = store.path.read_text()
    store.path.write_text(text[:-9])
    with ScanStore(tmp_path, {}) as store:
        assert len(store) == 1
        assert store.get("second") is None
        store.add("second", scanned(0.75))
    assert store.path.read_text() == text
