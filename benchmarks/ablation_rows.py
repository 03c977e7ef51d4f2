"""The rows of the ablation: what each changes, as keys of the configuration."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ablation_worlds import World

from geoguess_cli.config import Config, StageConfig, load_config
from geoguess_cli.recipes.catalog import read_recipe
from geoguess_cli.training.photos import training_photos

Group = Literal["features", "hybrid"]

CEILINGS = {"scenes": "what the place has", "painted": "what is in the picture"}
"""What the rows know that look at no photo: the true parameters of the scenes."""

TOGETHER = {
    "cells.uncovered": "nearest",
    "train.targets": "distance",
    "train.hierarchy": 0.5,
    "train.schedule": "cosine",
    "train.warmup_epochs": 1,
    "train.ema": 0.99,
}
"""The keys that are taken together, for features and for the hybrid."""


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        name: What to call it on the command line; with the seed it names its files.
        words: What it changes, as the table says it.
        group: Whether it trains a head on kept features, or a hybrid end to end.
        recipe: The recipe that it starts from.
        changes: Keys of the configuration with their values.
        mixed: Whether train and val are divided by photo.
        pace: Steps of this row in the time of one step of the others.
    """

    name: str
    words: str
    group: Group
    recipe: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    mixed: bool = False
    pace: float = 1.0


_PLAIN = {
    "cells.uncovered": "drop",
    "images.resize": "squash",
    "train.targets": "hard",
    "train.label_smoothing": 0.0,
}
"""What the recipe `laptop` is without the keys that rows turn on."""


def _feature(name: str, words: str, **changes: Any) -> Row:
    own = {key.replace("__", "."): value for key, value in changes.items()}
    return Row(name, words, "features", "laptop", {**_PLAIN, **own})


def _distance(name: str, words: str, **changes: Any) -> Row:
    words = f'`targets = "distance"`, {words}'
    return _feature(f"distance-{name}", words, train__targets="distance", **changes)


FEATURE_BASE = "base"
FEATURE_ROWS = (
    _feature(FEATURE_BASE, "hard targets, photos in no cell dropped"),
    _feature("nearest", '`uncovered = "nearest"`', cells__uncovered="nearest"),
    _feature("smoothing", "`label_smoothing = 0.1`", train__label_smoothing=0.1),
    _feature("crop", '`resize = "crop"`', images__resize="crop"),
    _feature("pad", '`resize = "pad"`', images__resize="pad"),
    _feature("views", "`views = 3`", images__augment=True, images__views=3),
    _feature("distance", '`targets = "distance"`', train__targets="distance"),
    _feature("hierarchy", "`hierarchy = 0.5`", train__hierarchy=0.5),
    _feature("balance", "`balance = 0.5`", train__balance=0.5),
    _feature(
        "cosine",
        '`schedule = "cosine"`, `warmup_epochs = 1`',
        train__schedule="cosine",
        train__warmup_epochs=1,
    ),
    _feature("ema", "`ema = 0.99`", train__ema=0.99),
    _feature("mlp", '`head = "mlp"`', model__head="mlp"),
    _distance("150", "`tau_km = 150`", train__tau_km=150.0),
    _distance("smoothing", "`label_smoothing = 0.1`", train__label_smoothing=0.1),
    _distance("nearest", '`uncovered = "nearest"`', cells__uncovered="nearest"),
    _distance("hierarchy", "`hierarchy = 0.5`", train__hierarchy=0.5),
    _distance("ema", "`ema = 0.99`", train__ema=0.99),
    _distance("mlp", '`head = "mlp"`', model__head="mlp"),
    Row("together", "all of them together", "features", "laptop", {**_PLAIN, **TOGETHER}),
    Row(
        "together-mlp",
        'all together, `head = "mlp"`',
        "features",
        "laptop",
        {**_PLAIN, **TOGETHER, "model.head": "mlp"},
    ),
    Row(
        "plain-laptop",
        "`laptop` without distances",
        "features",
        "laptop",
        {
            "cells.uncovered": "nearest",
            "images.resize": "crop",
            "train.targets": "hard",
            "train.label_smoothing": 0.1,
        },
    ),
    Row("laptop", "the recipe `laptop`", "features", "laptop"),
)

_BEST = {**TOGETHER, "train.label_smoothing": 0.0}
_TUNED = {
    "model.backbone": "tf_efficientnet_lite0",
    "model.backbone_stage": -1,
    "model.vit": "none",
    "model.head": "mlp",
    "model.dropout": 0.2,
    "model.weights": "imagenet",
    "precision": "fp32",  # the gradients of its depthwise convolutions take longer in bf16
}
"""The encoder of the recipe `laptop`, which learns too."""
_TUNED_PACE = 2 / 3
HYBRID_BASE = "notebook"
HYBRID_ROWS = (
    Row(HYBRID_BASE, "as `notebook`", "hybrid", "notebook", mixed=True),
    Row("paper", "as `paper`", "hybrid", "paper"),
    Row("best", "as `osv-mini` with all keys together", "hybrid", "osv-mini", _BEST),
    Row(
        "tuned",
        "the encoder of `laptop` learns too, all keys together",
        "hybrid",
        "osv-mini",
        {**_BEST, **_TUNED},
        pace=_TUNED_PACE,
    ),
    Row(
        "tuned-224",
        "the same at 224 px",
        "hybrid",
        "osv-mini",
        {**_BEST, **_TUNED, "images.size": 224},
        pace=_TUNED_PACE * (128 / 224) ** 2,
    ),
)
ROWS = (*FEATURE_ROWS, *HYBRID_ROWS)
BASES: dict[Group, str] = {"features": FEATURE_BASE, "hybrid": HYBRID_BASE}

SMALL_HYBRID = {
    "images.size": 128,
    "images.resize": "squash",
    "model.backbone": "resnet10t",
    "model.vit": "vit_tiny_patch16_224",
    "model.vit_blocks": 4,
    "model.grid": 8,
    "model.dropout": 0.1,
    "model.weights": "none",
    "train.batch_size": 32,
}
"""The hybrid of the sample world in place of the recipe's."""

TINY_ENCODER = {"model.backbone": "test_resnet", "images.size": 64, "model.weights": "none"}
TINY_HYBRID = {**TINY_ENCODER, "model.vit": "test_vit", "model.vit_blocks": 0, "model.grid": 4}
"""Models that show in seconds that a row works."""

ONE_CORE = {"threads": 1, "workers": 0}
"""Rows of a drawn world, whose photos are small, keep to one core: two can be measured at once."""

SMALL_RATE = 6e-4
"""Learning rate of the small hybrid, which has no first weights."""


@dataclass(frozen=True)
class Size:
    """How long the rows train, and with which models.

    Attributes:
        feature_steps: Steps of a head on features; 0 takes the epochs of the recipe.
        hybrid_steps: Steps of a hybrid; likewise.
        small_hybrid: Whether the hybrid is that of the sample world.
        tiny: Whether all models are tiny ones with random weights, which shows that all works.
    """

    feature_steps: int = 600
    hybrid_steps: int = 900
    small_hybrid: bool = True
    tiny: bool = False


def config_of(row: Row, seed: int, world: World, size: Size) -> Config:
    """The configuration of a row, with as many epochs as its steps take."""
    path = world.folder / "recipes" / f"{row.recipe}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(read_recipe(row.recipe).text, encoding="utf-8")
    config = load_config(path, environment={})
    changes = {**row.changes, "seed": seed, "artifacts": world.folder}
    if row.group == "features":
        changes["threads"] = 1  # the steps of a head are too small to share
    elif size.small_hybrid:
        changes = {**SMALL_HYBRID, **changes}
    if world.drives:
        changes |= ONE_CORE
    if size.tiny:
        changes |= TINY_HYBRID if row.group == "hybrid" else TINY_ENCODER
    config = changed(config, changes)
    return _stages(row, config, world, size)


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """The configuration with other values of keys such as `train.targets`."""
    for key, value in changes.items():
        table, _, name = key.rpartition(".")
        if table:
            value = dataclasses.replace(getattr(config, table), **{name: value})
        config = dataclasses.replace(config, **{table or name: value})
    return config


def steps_of(config: Config, photos: int) -> int:
    """Steps of all stages on so many training photos."""
    epochs = sum(stage.epochs for stage in config.train.stages)
    return epochs * math.ceil(photos / config.train.batch_size)


def photos_learned(row: Row, config: Config, world: World) -> int:
    """Training photos of a row: those in a cell, or all of them with a hierarchy."""
    table = (world.mixed if row.mixed else world.table).only("train")
    photos = training_photos(table, world.partition, uncovered=config.cells.uncovered)
    return len(photos) if config.train.hierarchy else photos.covered


def _stages(row: Row, config: Config, world: World, size: Size) -> Config:
    """The stages, whose epochs together have the steps of the group."""
    steps = size.feature_steps if row.group == "features" else size.hybrid_steps * row.pace
    if not steps:
        return config
    per_epoch = math.ceil(photos_learned(row, config, world) / config.train.batch_size)
    epochs = max(1, round(steps / per_epoch))
    if row.group == "features":
        (stage,) = config.train.stages
        stages = [dataclasses.replace(stage, epochs=epochs)]
    else:
        stages = hybrid_stages(config, epochs, small=size.small_hybrid)
    train = dataclasses.replace(config.train, stages=tuple(stages))
    return dataclasses.replace(config, train=train)


def hybrid_stages(config: Config, epochs: int, *, small: bool) -> list[StageConfig]:
    """The stages of a hybrid with so many epochs in all.

    The small hybrid has no first weights, so the stage in which they rest is left out. With a
    cosine there is one stage, since each would begin at the full rate again.
    """
    last = round(epochs * 3 / 23) if epochs > 1 else 0
    rate = SMALL_RATE if small else 1e-4
    first = 0 if small or epochs < 3 else max(1, round(epochs * 3 / 23))
    resting = ("backbone", "vit")
    stages = [StageConfig("heads", first, 1e-3, resting)] if first else []
    if config.train.schedule == "cosine":
        return [*stages, StageConfig("everything", epochs - first, rate)]
    stages.append(StageConfig("everything", epochs - first - last, rate))
    return [*stages, StageConfig("vit", last, rate, ("backbone",))] if last else stages
