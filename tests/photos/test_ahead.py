"""Photos decoded ahead: in order, each once, failures in their place, never far ahead."""

import gc
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.ahead import batches_ahead
from geoguess_cli.photos.workers import PREFETCH


def read(file: Path) -> np.ndarray:
    """An image of its number; every fifth cannot be decoded."""
    number = int(file.stem)
    if number % 5 == 4:
        raise PhotoError(f"{file} cannot be decoded")
    return np.full((3, 2, 2), number, np.float32)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 23), st.integers(1, 9), st.sampled_from([-1, 0, 1, 3]))
def test_every_photo_comes_once_and_in_order(photos: int, batch_size: int, workers: int) -> None:
    files = [Path(f"{number}.jpg") for number in range(photos)]
    batches = list(batches_ahead(files, read, batch_size=batch_size, workers=workers))
    assert len(batches) == -(-photos // batch_size)
    for start, batch in zip(range(0, photos, batch_size), batches, strict=True):
        expected = range(start, min(start + batch_size, photos))
        assert batch.rows.tolist() == [row for row in expected if row % 5 != 4]
        assert batch.images.shape[0] == len(batch.rows)
        assert [int(image.max()) for image in batch.images] == batch.rows.tolist()
        assert batch.failures == [
            (row, f"{row}.jpg cannot be decoded") for row in expected if row % 5 == 4
        ]


def test_other_errors_and_sizes_are_not_hidden() -> None:
    def broken(_: Path) -> np.ndarray:
        raise ZeroDivisionError

    for workers in (0, 2):
        with pytest.raises(ZeroDivisionError):
            list(batches_ahead([Path("0.jpg")], broken, batch_size=1, workers=workers))
    with pytest.raises(ValueError, match="batch_size is 0"):
        list(batches_ahead([], read, batch_size=0))


def test_threads_stay_near_and_end_with_the_iterator() -> None:
    asked: list[int] = []
    lock = threading.Lock()

    def counted(file: Path) -> np.ndarray:
        with lock:
            asked.append(int(file.stem))
        return read(Path("0.jpg"))

    files = [Path(f"{number}.jpg") for number in range(200)]
    batches = batches_ahead(files, counted, batch_size=4, workers=2)
    next(batches)
    assert set(range(4)) <= set(asked)
    assert max(asked) <= 4 + PREFETCH * 4
    del batches
    gc.collect()
    done = len(asked)
    assert not any(one.name.startswith("geoguess-decode") for one in threading.enumerate())
    assert done < 40


def test_threads_that_decode_leave_the_filters_of_warnings_as_they_were(tmp_path: Path) -> None:
    from PIL import Image

    from geoguess_cli.photos.decoder import decode_photo

    files = []
    for number in range(40):
        files.append(tmp_path / f"{number}.jpg")
        Image.new("RGB", (32, 32), (number, 0, 0)).save(files[-1])
    before = list(warnings.filters)

    def decoded(file: Path) -> np.ndarray:
        pixels = np.asarray(decode_photo(file), dtype=np.float32)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))

    for _ in batches_ahead(files, decoded, batch_size=8, workers=4):
        pass
    assert list(warnings.filters) == before
