"""Training on kept features: what it equals, what it reads, and how it is interrupted."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from training_worlds import Lab, same, timeless

from geoguess_cli.config import Config, FeaturesConfig, StageConfig
from geoguess_cli.errors import ConfigError, StoppedError
from geoguess_cli.features.folder import stores_in
from geoguess_cli.features.view import PLAIN
from geoguess_cli.photos import dataset
from geoguess_cli.training.features import reads_features, training_views


@pytest.fixture
def frozen(lab: Lab, tmp_path: Path) -> Config:
    """A whole encoder that rests, then learns, then rests again; two views of each photo."""
    stages = (
        StageConfig("head", 3, learning_rate=3e-2, freeze=("backbone",)),
        StageConfig("everything", 1, learning_rate=1e-3),
        StageConfig("head again", 2, learning_rate=1e-3, freeze=("backbone",)),
    )
    return dataclasses.replace(
        lab.config,
        artifacts=tmp_path / "artifacts",
        images=dataclasses.replace(lab.config.images, views=2),
        model=dataclasses.replace(lab.config.model, vit="none", head="mlp"),
        train=dataclasses.replace(lab.config.train, stages=stages),
        features=FeaturesConfig("float32"),
    )


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The photos that are decoded from now on."""
    seen: list[Any] = []
    decode = dataset.decode_photo
    monkeypatch.setattr(
        dataset, "decode_photo", lambda file, **how: seen.append(file) or decode(file, **how)
    )
    return seen


def _photos(config: Config, **changes: Any) -> Config:
    return dataclasses.replace(config, features=FeaturesConfig("off"), **changes)


@pytest.mark.parametrize("augment", [True, False])
def test_it_equals_a_training_on_the_same_views_of_the_photos(
    augment: bool, lab: Lab, frozen: Config
) -> None:
    config = dataclasses.replace(frozen, images=dataclasses.replace(frozen.images, augment=augment))
    kept, stats = lab.train("kept", config=config)
    plain, expected = lab.train("plain", config=_photos(config))
    for own, other in zip(stats, expected, strict=True):
        assert own.loss == pytest.approx(other.loss, abs=1e-5)
        assert own.val_loss == pytest.approx(other.val_loss, abs=1e-5)
        assert own.val_top_1 == other.val_top_1
    for name, tensor in kept.items():
        torch.testing.assert_close(tensor, plain[name], atol=1e-4, rtol=1e-4)


def test_half_precision_changes_probabilities_by_less_than_a_thousandth(
    lab: Lab, frozen: Config
) -> None:
    config = dataclasses.replace(
        frozen, train=dataclasses.replace(frozen.train, stages=frozen.train.stages[:1])
    )
    half = dataclasses.replace(config, features=FeaturesConfig("float16"))
    images = torch.randn(16, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    answers = []
    for name, own in (("half", half), ("photos", _photos(config))):
        session = lab.session(name, config=own)
        list(session.epochs())
        with torch.inference_mode():
            answers.append(session.trained().geolocator.eval()(images).softmax(1))
    assert (answers[0] - answers[1]).abs().max() < 1e-3


def test_a_second_training_decodes_nothing(lab: Lab, frozen: Config, decoded: list[Any]) -> None:
    config = dataclasses.replace(
        frozen, train=dataclasses.replace(frozen.train, stages=frozen.train.stages[:1])
    )
    done: list[tuple[int, int]] = []
    session = lab.session("first", config=config)
    list(session.epochs(on_features=lambda *counts: done.append(counts)))
    # Two views of the 24 training photos in a cell, and the 10 validation photos.
    assert len(decoded) == 2 * 24 + 10
    assert done[-1] == (58, 58)
    assert {store.about.view for store in stores_in(config.features_path)} == {"0", "1", "plain"}
    decoded.clear()
    changes: list[dict[str, Any]] = [
        {"seed": 8},
        {"train": dataclasses.replace(config.train, label_smoothing=0.1, batch_size=4)},
        {"model": dataclasses.replace(config.model, head="linear", dropout=0.5)},
    ]
    for number, change in enumerate(changes):
        other = lab.session(str(number), config=dataclasses.replace(config, **change))
        own = other.geolocator.state_dict()
        other.geolocator.load_state_dict(own | _encoder_of(session))
        list(other.epochs())
    assert decoded == []


def _encoder_of(session: Any) -> dict[str, torch.Tensor]:
    state = session.geolocator.state_dict()
    return {name: tensor for name, tensor in state.items() if not name.startswith("head.")}


@pytest.mark.parametrize(
    ("epoch", "step", "phase"), [(2, 2, "train"), (4, 1, "train"), (6, 1, "val")]
)
def test_it_goes_on_bit_for_bit(
    epoch: int, step: int, phase: str, lab: Lab, frozen: Config
) -> None:
    straight, stats = lab.train("straight", config=frozen)
    lab.interrupt("broken", epoch=epoch, step=step, phase=phase, config=frozen)
    resumed, rest = lab.train("broken", weights=None, resume=True, config=frozen)
    assert same(straight, resumed)
    assert timeless(rest) == timeless(stats[epoch - 1 :])


def test_reading_can_be_stopped(lab: Lab, frozen: Config) -> None:
    asked: list[float] = []

    def stop(needed: float) -> str | None:
        asked.append(needed)
        return "time is over" if len(asked) == 3 else None

    session = lab.session(config=frozen)
    with pytest.raises(StoppedError, match="time is over"):
        list(session.epochs(stop=stop))
    _, stats = lab.train(config=frozen, resume=True)
    assert [epoch.epoch for epoch in stats] == [1, 2, 3, 4, 5, 6]


def test_a_photo_that_cannot_be_decoded_is_named_once(
    lab: Lab, frozen: Config, tmp_path: Path
) -> None:
    root = shutil.copytree(lab.table.root, tmp_path / "photos")
    (root / "train-3.png").write_bytes(b"no photo")
    table = dataclasses.replace(lab.table, root=root)
    named: list[str] = []
    _, stats = lab.train(
        config=frozen, table=table, on_failure=lambda path, _reason: named.append(path.name)
    )
    assert named == ["train-3.png"]
    assert [epoch.skipped for epoch in stats] == [1] * 6


def test_views_that_change_in_every_epoch_cannot_be_kept(lab: Lab, frozen: Config) -> None:
    config = dataclasses.replace(frozen, images=dataclasses.replace(frozen.images, views=0))
    with pytest.raises(ConfigError, match=r"set images.augment = false, or images.views to the"):
        lab.session(config=config)
    whole = dataclasses.replace(frozen.train, stages=frozen.train.stages[1:2])
    lab.session(config=dataclasses.replace(config, train=whole))  # no stage reads features
    assert training_views(
        dataclasses.replace(frozen, images=dataclasses.replace(frozen.images, augment=False))
    ) == [PLAIN]


def test_features_are_read_where_all_before_the_head_rests(lab: Lab, frozen: Config) -> None:
    reads = [reads_features(frozen, stage) for stage in frozen.train.stages]
    assert reads == [True, False, True]
    assert not reads_features(_photos(frozen), frozen.train.stages[0])
    hybrid = dataclasses.replace(lab.config, features=FeaturesConfig("float16"))
    freezes = [("backbone", "vit"), ("vit", "backbone", "projection"), ("head", "vit", "backbone")]
    stages = [StageConfig("a", 1, freeze=freeze) for freeze in freezes]
    assert [reads_features(hybrid, stage) for stage in stages] == [False, True, False]
