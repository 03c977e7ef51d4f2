"""Features of a whole table: training photos in their views, all others as they are."""

import dataclasses
from pathlib import Path

import polars as pl
import pytest
from training_worlds import Lab

from geoguess_cli.config import Config, FeaturesConfig
from geoguess_cli.errors import ConfigError
from geoguess_cli.features.folder import stores_in
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.feature_build import build_features


@pytest.fixture
def kept(lab: Lab, tmp_path: Path) -> Config:
    return dataclasses.replace(
        lab.config,
        artifacts=tmp_path / "artifacts",
        images=dataclasses.replace(lab.config.images, views=2),
        model=dataclasses.replace(lab.config.model, vit="none"),
        features=FeaturesConfig("float16"),
    )


def test_each_split_in_its_views(lab: Lab, kept: Config) -> None:
    done: list[tuple[int, int]] = []
    built = build_features(kept, lab.table, on_photos=lambda *counts: done.append(counts))
    assert (built.photos, built.failures, done[-1]) == (36, [], (62, 62))
    rows = {store.about.view: len(store) for store in stores_in(kept.features_path)}
    assert rows == {"plain": 10, "0": 26, "1": 26}


def test_a_table_without_splits_is_seen_as_it_is(lab: Lab, kept: Config) -> None:
    table = PhotoTable(lab.table.frame.drop("split").head(5), lab.table.root)
    built = build_features(kept, table)
    assert [(store.about.view, len(store)) for store in built.stores] == [("plain", 5)]


def test_the_encoder_of_a_model(lab: Lab, kept: Config) -> None:
    stages = dataclasses.replace(
        kept.train,
        stages=(dataclasses.replace(kept.train.stages[1], epochs=1),),
    )
    session = lab.session(config=dataclasses.replace(kept, train=stages))
    list(session.epochs())
    own = build_features(kept, lab.table, trained=session.trained())
    first = build_features(kept, lab.table)
    assert {s.folder for s in own.stores}.isdisjoint(s.folder for s in first.stores)


def test_unreadable_photos_are_named(kept: Config, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no photo")
    frame = pl.DataFrame({"photo": ["bad.png"], "latitude": [1.0], "longitude": [2.0]})
    built = build_features(kept, PhotoTable(frame, tmp_path))
    assert [name for name, _ in built.failures] == ["bad.png"]


def test_features_that_are_off_cannot_be_built(lab: Lab, kept: Config) -> None:
    with pytest.raises(ConfigError, match=r'features.dtype is "off".*set it to "float16"'):
        build_features(dataclasses.replace(kept, features=FeaturesConfig("off")), lab.table)
