"""The folder of all stores: each encoder finds its own, and old ones can be deleted."""

import os
from collections.abc import Callable

from geoguess_cli.features.encoder import Encoder
from geoguess_cli.features.folder import DAY_S, FeatureFolder, prune, stores_in
from geoguess_cli.features.store import ABOUT_NAME


def test_an_encoder_finds_its_store(
    build_encoder: Callable[..., Encoder], folder: FeatureFolder
) -> None:
    first = folder.store(build_encoder())
    assert folder.store(build_encoder()).folder == first.folder
    assert folder.store(build_encoder(seed=1)).folder != first.folder
    assert first.about.dtype == "float32"


def test_stores_are_listed_and_pruned_by_their_last_use(
    build_encoder: Callable[..., Encoder], folder: FeatureFolder
) -> None:
    assert stores_in(folder.path) == []
    assert prune(folder.path, unused_days=0) == []
    stores = [folder.store(build_encoder(seed=seed)) for seed in range(3)]
    now = 1e9
    for store, days in zip(stores, (40, 1, 31), strict=True):
        os.utime(store.folder / ABOUT_NAME, (now - days * DAY_S,) * 2)
    (folder.path / "notes.txt").write_text("kept")
    assert [one.folder for one in stores_in(folder.path)] == [
        stores[number].folder for number in (1, 2, 0)
    ]
    deleted = prune(folder.path, unused_days=30, now=now)
    assert {path for path, _ in deleted} == {stores[0].folder, stores[2].folder}
    assert all(size > 0 for _, size in deleted)
    assert [one.folder for one in stores_in(folder.path)] == [stores[1].folder]

    (stores[1].folder / ABOUT_NAME).write_text("of another version")
    assert stores_in(folder.path) == []
    assert len(prune(folder.path, unused_days=0)) == 1
    assert (folder.path / "notes.txt").read_text() == "kept"
