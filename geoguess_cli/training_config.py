"""The tables of the configuration that say how a model trains: `[train]` and its stages."""

import re
from dataclasses import dataclass

from geoguess_cli.choices import Schedule, TrainingTargets
from geoguess_cli.errors import ConfigError
from geoguess_cli.toml_records import at_least, between

_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")

PARTS = ("backbone", "projection", "vit", "head")
"""The parts of a geolocator, in the order of the forward pass."""

TENSORBOARD = "tensorboard"
"""The value of `train.log` that writes to TensorBoard."""

NO_VIT = "none"
"""In place of the name of a ViT: the backbone's own embedding goes to the head."""


@dataclass(frozen=True)
class StageConfig:
    """One `[[train.stages]]`: number of epochs, learning rate, and the parts that are frozen."""

    name: str
    epochs: int
    learning_rate: float = 1e-4
    freeze: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        at_least(1, **{f"train.stages[{self.name}].epochs": self.epochs})
        if not self.learning_rate > 0:
            raise ConfigError(
                f"train.stages[{self.name}].learning_rate is {self.learning_rate}; "
                "it must be above 0"
            )
        for part in self.freeze:
            if part not in PARTS:
                raise ConfigError(
                    f"train.stages[{self.name}].freeze names `{part}`; "
                    f"the parts are {', '.join(PARTS)}"
                )
        if set(self.freeze) == set(PARTS):
            raise ConfigError(
                f"train.stages[{self.name}].freeze names every part, so nothing would learn; "
                "leave out at least one part"
            )


PAPER_STAGES = (
    StageConfig("heads", epochs=3, learning_rate=1e-3, freeze=("backbone", "vit")),
    StageConfig("everything", epochs=17, learning_rate=1e-4),
    StageConfig("vit", epochs=3, learning_rate=1e-4, freeze=("backbone",)),
)
"""Epochs 0-2, 3-19 and 20-22 of the paper, which gives a rate for the second stage only (1e-4)."""


@dataclass(frozen=True)
class TrainConfig:
    """`[train]`: the batch, the optimiser, the loss, the schedule and the stages.

    `tau_km` belongs to the targets "distance". `hierarchy` is the weight of the levels of the S2
    tree above the cells, at which photos in no cell teach too. `balance` is the exponent of
    sampling by cell: 0 shows each photo once an epoch, 1 draws each cell as often; an epoch is then
    as many draws as there are photos. `layer_decay` is the share of the learning rate that a layer
    has of that of the layer above it (1 turns it off). `ema` is the share of the averaged weights
    that a step keeps; the averaged weights are judged and kept (0 turns it off). `plateau_factor`
    and `plateau_patience` belong to the schedule "plateau"; `warmup_epochs` are the first epochs of
    each stage with "cosine". `accumulate` is the number of parts in which a batch goes
    through the model, whose gradients add up to those of the batch. `compile` lets torch.compile
    write kernels for the model before it trains. `log` is "" (none), "tensorboard", or a function
    as "module:function", which gets every epoch and the report.
    """

    batch_size: int = 64
    accumulate: int = 1
    compile: bool = False
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    targets: TrainingTargets = "hard"
    tau_km: float = 75.0
    hierarchy: float = 0.0
    balance: float = 0.0
    clip_norm: float = 1.0
    layer_decay: float = 1.0
    ema: float = 0.0
    schedule: Schedule = "plateau"
    warmup_epochs: int = 0
    plateau_factor: float = 0.5
    plateau_patience: int = 2
    save_minutes: float = 5.0
    log: str = ""
    stages: tuple[StageConfig, ...] = PAPER_STAGES

    def __post_init__(self) -> None:
        at_least(1, train_batch_size=self.batch_size, train_accumulate=self.accumulate)
        at_least(0, train_plateau_patience=self.plateau_patience)
        between(0.0, 0.99, train_label_smoothing=self.label_smoothing)
        between(0.01, 0.99, train_plateau_factor=self.plateau_factor)
        at_least(0, train_warmup_epochs=self.warmup_epochs)
        between(0.0, 1.0, train_balance=self.balance)
        between(0.0, 0.99999, train_ema=self.ema)
        between(0.01, 1.0, train_layer_decay=self.layer_decay)
        if not self.hierarchy >= 0:
            raise ConfigError(
                f"train.hierarchy is {self.hierarchy:g}; it must be 0 or more (0 turns it off)"
            )
        if not self.tau_km > 0:
            raise ConfigError(f"train.tau_km is {self.tau_km:g}; it must be above 0")
        if self.weight_decay < 0 or self.clip_norm < 0:
            raise ConfigError(
                "train.weight_decay and train.clip_norm must be 0 or more (0 turns them off)"
            )
        if self.save_minutes < 0:
            raise ConfigError(
                f"train.save_minutes is {self.save_minutes:g}; it must be 0 or more (0 keeps a "
                "snapshot after every step)"
            )
        if self.log not in ("", TENSORBOARD) and not _FUNCTION.fullmatch(self.log):
            raise ConfigError(
                f'train.log is `{self.log}`; it is "", "{TENSORBOARD}" or a function as '
                '"module:function"'
            )
        if not self.stages:
            raise ConfigError("train.stages is empty; name at least one stage")
