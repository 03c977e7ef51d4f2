"""A store keeps rows through kills, changes of photos and other processes."""

import json
import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest

from geoguess_cli.errors import FeatureError
from geoguess_cli.features.store import ABOUT_NAME, KEYS_NAME, ROWS_NAME, About, FeatureStore

WIDTH = 6
ABOUT = About("cnn", "none", "abc", 32, "plain", WIDTH, "float16")


def _keys(*numbers: int) -> np.ndarray:
    return np.array([(number * 7919, number) for number in numbers], dtype=np.uint64).reshape(-1, 2)


def _rows(*numbers: int) -> np.ndarray:
    return np.array([np.arange(WIDTH) + number for number in numbers], dtype=np.float32)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    store = FeatureStore.create(tmp_path / "store", ABOUT)
    store.append(_keys(1, 2, 3), _rows(1, 2, 3))
    return store


def test_what_was_appended_is_found_and_read(store: FeatureStore) -> None:
    store.append(_keys(4), _rows(4))
    again = FeatureStore.open(store.folder)
    for one in (store, again):
        assert len(one) == 4
        found = one.find(_keys(4, 9, 2))
        assert found.tolist() == [3, -1, 1]
        rows = one.read(found[[0, 2]])
        assert rows.dtype == np.float16
        assert np.array_equal(rows, _rows(4, 2))
    assert (store.folder / ROWS_NAME).stat().st_size == 4 * WIDTH * 2
    assert again.about == ABOUT


def test_an_empty_store(tmp_path: Path) -> None:
    store = FeatureStore.create(tmp_path / "store", ABOUT)
    assert len(store) == 0
    assert store.find(_keys(1)).tolist() == [-1]
    assert store.read(np.empty(0, dtype=np.int64)).shape == (0, WIDTH)


@pytest.mark.parametrize(("name", "added"), [(ROWS_NAME, 5), (ROWS_NAME, 40), (KEYS_NAME, 9)])
def test_what_a_kill_left_half_written_is_cut_off(
    name: str, added: int, store: FeatureStore
) -> None:
    with open(store.folder / name, "ab") as file:
        file.write(b"\xff" * added)
    again = FeatureStore.open(store.folder)
    assert len(again) == 3
    again.append(_keys(8), _rows(8))
    assert len(again) == 4
    assert np.array_equal(again.read(again.find(_keys(8, 3))), _rows(8, 3))


def test_rows_of_other_photos_are_dropped(store: FeatureStore) -> None:
    assert store.keep_only(_keys(3, 1, 99)) == 1
    assert store.find(_keys(1, 2, 3)).tolist() == [0, -1, 1]
    assert np.array_equal(store.read(store.find(_keys(3))), _rows(3))
    assert store.keep_only(_keys(3, 1)) == 0
    assert store.keep_only(_keys()) == 2
    assert len(store) == 0


def test_a_number_that_its_type_cannot_hold_is_refused(store: FeatureStore) -> None:
    large = _rows(4) * 1e5
    with pytest.raises(FeatureError, match=r"a feature is 9e\+05, more than float16 holds \(65504"):
        store.append(_keys(4), large)
    with pytest.raises(FeatureError, match="the encoder's features are not finite"):
        store.append(_keys(4), _rows(4) * np.float32("nan"))
    assert len(store) == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "holds no features that this geoguess reads"),
        (json.dumps({"format": 1}), "holds no features"),
        (json.dumps({"format": 2} | vars(ABOUT)), "another version of geoguess; delete the folder"),
    ],
)
def test_a_folder_that_is_no_store_is_refused(content: str, said: str, store: FeatureStore) -> None:
    (store.folder / ABOUT_NAME).write_text(content)
    with pytest.raises(FeatureError, match=said):
        FeatureStore.open(store.folder)


def test_a_look_is_remembered(store: FeatureStore) -> None:
    os.utime(store.folder / ABOUT_NAME, (1, 1))
    assert store.used == 1
    store.find(_keys(1))
    assert store.used > 1e9


def _append_many(folder: Path, first: int) -> None:
    store = FeatureStore.open(folder)
    for number in range(first, first + 20):
        store.append(_keys(number), _rows(number))


def test_two_processes_append_at_once(tmp_path: Path) -> None:
    store = FeatureStore.create(tmp_path / "store", ABOUT)
    spawn = multiprocessing.get_context("fork")
    processes = [
        spawn.Process(target=_append_many, args=(store.folder, first)) for first in (100, 200)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    numbers = [*range(100, 120), *range(200, 220)]
    assert len(store) == 40
    assert np.array_equal(store.read(store.find(_keys(*numbers))), _rows(*numbers))
