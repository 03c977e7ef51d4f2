"""Features are computed once, and equal those that the encoder gives."""

import itertools
import os
import shutil
import zipfile
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from geoguess_cli.errors import OutputError
from geoguess_cli.features import extraction
from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.extraction import Extraction
from geoguess_cli.features.folder import FeatureFolder
from geoguess_cli.features.view import PLAIN, View
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.images import Augmentation
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.sources.packed import photos_in

READABLE = np.delete(np.arange(20), 10)


class Counted:
    """An encoder that counts the photos that go through it."""

    def __init__(self, inner: Encoder) -> None:
        self._inner, self.seen = inner, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def features(self, images: torch.Tensor) -> np.ndarray:
        self.seen += len(images)
        return self._inner.features(images)


def _reference(encoder: Encoder, files: PhotoList, view: View) -> np.ndarray:
    """The features as the model computes them in training, photo by photo."""
    augmentation = view.augmentation
    loader = PhotoLoader(
        files, spec=encoder.spec, batch_size=1, workers=0, augmentation=augmentation, views=3
    )
    geolocator = encoder.geolocator.eval()
    with torch.no_grad():
        return np.concatenate(
            [geolocator.features(b.images) for b in loader.epoch(view.number) if len(b.rows)]
        )


@pytest.mark.parametrize("view", [PLAIN, View(Augmentation(), 0), View(Augmentation(), 2)])
def test_the_features_of_photos(
    view: View, build_encoder: Callable[..., Encoder], folder: FeatureFolder, files: PhotoList
) -> None:
    encoder = build_encoder()
    counted = Counted(encoder)
    done: list[int] = []
    how = Extraction(folder.store(encoder, view), counted, view, batch_size=8)
    kept = how.keep(files, on_photos=done.append)
    assert done == [0, 8, 16, 20]
    assert kept.rows[10] == -1
    assert list(kept.failures) == [10]
    np.testing.assert_allclose(kept.read(READABLE), _reference(encoder, files, view), atol=1e-5)
    assert counted.seen == 19

    again = how.keep(files)
    assert counted.seen == 19
    assert np.array_equal(again.read(READABLE), kept.read(READABLE))
    assert list(again.failures) == [10]


def test_views_differ_and_have_stores_of_their_own(
    build_encoder: Callable[..., Encoder], folder: FeatureFolder, files: PhotoList
) -> None:
    encoder = build_encoder()
    views = [PLAIN, *(View(Augmentation(), number) for number in range(2))]
    kept = [
        Extraction(folder.store(encoder, view), encoder, view, batch_size=8).keep(files)
        for view in views
    ]
    rows = [one.read(READABLE) for one in kept]
    assert len({one.store.folder for one in kept}) == 3
    assert all((a - b).any(axis=1).all() for a, b in itertools.pairwise(rows))


def test_only_a_changed_photo_is_read_again(
    build_encoder: Callable[..., Encoder], folder: FeatureFolder, files: PhotoList
) -> None:
    counted = Counted(build_encoder())
    how = Extraction(folder.store(counted, PLAIN), counted, PLAIN, batch_size=8)
    before = how.keep(files)
    path = files[3]
    path.write_bytes(files[4].read_bytes())
    os.utime(path, ns=(5, 5))
    after = how.keep(files)
    assert counted.seen == 19 + 1
    np.testing.assert_allclose(after.read(np.array([3])), after.read(np.array([4])), atol=1e-5)
    assert np.array_equal(after.read(READABLE[4:]), before.read(READABLE[4:]))


def test_only_a_changed_member_of_an_archive_is_read_again(
    build_encoder: Callable[..., Encoder], folder: FeatureFolder, files: PhotoList
) -> None:
    archive = files[0].parent / "photos.zip"

    def pack(*, changed: int) -> PhotoList:
        with zipfile.ZipFile(archive, "w") as whole:
            for number in range(8):
                path = files[(number + 1) if number == changed else number]
                whole.writestr(f"{number}.png", path.read_bytes())
        return photos_in([archive])

    counted = Counted(build_encoder())
    how = Extraction(folder.store(counted, PLAIN), counted, PLAIN, batch_size=8)
    before = how.keep(pack(changed=-1))
    os.utime(archive, ns=(5, 5))
    again = how.keep(photos_in([archive]))
    assert counted.seen == 8
    assert np.array_equal(again.rows, before.rows)
    after = how.keep(pack(changed=3))
    assert counted.seen == 8 + 1
    np.testing.assert_allclose(after.read(np.array([3])), after.read(np.array([4])), atol=1e-5)


def test_a_build_goes_on_where_it_was_killed(
    build_encoder: Callable[..., Encoder],
    folder: FeatureFolder,
    files: PhotoList,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(extraction, "APPENDED", 4)
    counted = Counted(build_encoder())
    how = Extraction(folder.store(counted, PLAIN), counted, PLAIN, batch_size=4)

    def stop(done: int) -> None:
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        how.keep(files, on_photos=stop)
    assert counted.seen == 8
    kept = Extraction(folder.store(counted, PLAIN), counted, PLAIN, batch_size=4).keep(files)
    assert counted.seen == 19
    expected = _reference(build_encoder(), files, PLAIN)
    np.testing.assert_allclose(kept.read(READABLE), expected, atol=1e-5)


@pytest.mark.promise("fault", "a disk too small for the features of a table")
def test_a_disk_too_small_is_told_before_a_photo_is_read(
    build_encoder: Callable[..., Encoder],
    folder: FeatureFolder,
    files: PhotoList,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = build_encoder()
    counted = Counted(encoder)
    store = folder.store(encoder, PLAIN)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=100))
    with pytest.raises(OutputError, match=r"the features of 20 photos take .* B left; free .* or "):
        Extraction(store, counted, PLAIN, batch_size=8).keep(files)
    assert (counted.seen, len(store)) == (0, 0)
