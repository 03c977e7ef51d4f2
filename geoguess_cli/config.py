"""The configuration: `geoguess.toml` and the environment, read into frozen dataclasses.

Precedence is option > environment > file > default. This module reads the last three; a verb puts
its options on top with one `dataclasses.replace`. The defaults are those of the paper. A relative
path in the file starts from the folder of the file; one in an option or the environment starts
from the working directory.

The name of an environment variable is `GEOGUESS_`, the table if there is one, and the key:
`GEOGUESS_SEED`, `GEOGUESS_CELLS_MAX_PHOTOS`, `GEOGUESS_TRAIN_BATCH_SIZE`.
"""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from geoguess_cli.choices import MAX_PIXELS, Head, KeptFeatures, Precision, Resize, Uncovered
from geoguess_cli.errors import ConfigError, MissingFileError
from geoguess_cli.toml_records import (
    NO_KEY,
    at_least,
    between,
    keys_of,
    record_from_tree,
    toml_text,
    value_from_text,
)
from geoguess_cli.training_config import NO_VIT as NO_VIT
from geoguess_cli.training_config import PAPER_STAGES as PAPER_STAGES
from geoguess_cli.training_config import PARTS as PARTS
from geoguess_cli.training_config import StageConfig as StageConfig
from geoguess_cli.training_config import TrainConfig as TrainConfig

FILE_NAME = "geoguess.toml"
ENVIRONMENT_PREFIX = "GEOGUESS_"


@dataclass(frozen=True)
class CellsConfig:
    """`[cells]`: how the Earth is split."""

    max_photos: int = 100
    min_photos: int = 20
    max_level: int = 30
    uncovered: Uncovered = "drop"

    def __post_init__(self) -> None:
        at_least(1, cells_max_photos=self.max_photos, cells_min_photos=self.min_photos)
        between(0, 30, cells_max_level=self.max_level)


@dataclass(frozen=True)
class ImagesConfig:
    """`[images]`: how a photo becomes a tensor. `size = 0` takes the size of the backbone.

    `views` is the number of augmented views that a training photo has, which take turns from epoch
    to epoch; 0 makes a new one in each epoch.
    """

    size: int = 0
    resize: Resize = "squash"
    augment: bool = True
    crop_scale: float = 0.7
    color_jitter: float = 0.2
    flip: bool = False
    views: int = 0

    def __post_init__(self) -> None:
        at_least(0, images_size=self.size, images_views=self.views)
        between(0.6, 1.0, images_crop_scale=self.crop_scale)
        between(0.0, 1.0, images_color_jitter=self.color_jitter)


@dataclass(frozen=True)
class ModelConfig:
    """`[model]`: the architecture, and the source of its first weights.

    `backbone_stage` counts the feature maps of the backbone backwards from the last (-1).
    `backbone_stages` names several in its place: each is pooled to the grid, and their channels are
    put side by side.
    `vit_blocks = 0` keeps all blocks of the ViT. Without `position_embedding` and `final_norm` the
    model is that of the paper's public notebook. `weights` is "imagenet", "none", a path or
    a model on the hub, hf://OWNER/NAME.
    `drop_path` is the share of a photo's residual branches that a step leaves out in the last block
    of backbone and ViT, less in earlier ones (stochastic depth, arXiv 1603.09382, by timm).
    With `vit = "none"` the backbone is any model of timm, whose own pooled embedding goes to the
    head; then the keys of feature map, patches and ViT have no meaning. With `projected` it keeps
    its last layer, which is the projection of a CLIP, and its output goes to the head.
    The head "gallery" is that of an adopted model, from whose folder `weights` must come.
    """

    backbone: str = "resnet50"
    backbone_stage: int = -1
    backbone_stages: tuple[int, ...] = ()
    vit: str = "vit_small_patch16_224"
    vit_blocks: int = 0
    grid: int = 14
    dropout: float = 0.2
    head: Head = "linear"
    projected: bool = False
    drop_path: float = 0.0
    position_embedding: bool = True
    final_norm: bool = True
    weights: str = "imagenet"

    def __post_init__(self) -> None:
        at_least(1, model_grid=self.grid)
        at_least(0, model_vit_blocks=self.vit_blocks)
        between(0.0, 0.99, model_dropout=self.dropout)
        between(0.0, 0.99, model_drop_path=self.drop_path)
        for key, stages in (
            ("backbone_stage", (self.backbone_stage,)),
            ("backbone_stages", self.backbone_stages),
        ):
            if max(stages, default=-1) >= 0 or len(set(stages)) < len(stages):
                raise ConfigError(
                    f"model.{key} is {', '.join(map(str, stages))}; a feature map is counted from "
                    "the last backwards, so each must be -1 or less, and no two the same"
                )

    @property
    def feature_maps(self) -> tuple[int, ...]:
        """The feature maps of the backbone that are used, the earliest first."""
        return tuple(sorted(self.backbone_stages)) or (self.backbone_stage,)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of this geolocator, in the order of the forward pass."""
        return PARTS if self.vit != NO_VIT else ("backbone", "head")

    def check_stages(self, stages: Iterable[StageConfig]) -> None:
        """Raise ConfigError if a stage freezes a part that this geolocator lacks, or all it has."""
        own = " and ".join(self.parts) if len(self.parts) == 2 else ", ".join(self.parts)
        for stage in stages:
            for part in stage.freeze:
                if part not in self.parts:
                    raise ConfigError(
                        f"train.stages[{stage.name}].freeze names `{part}`, and with model.vit = "
                        f'"{self.vit}" the parts are {own}; freeze `backbone`, so that the head '
                        "alone learns, or nothing"
                    )
            if set(stage.freeze) == set(self.parts):
                raise ConfigError(
                    f"train.stages[{stage.name}].freeze names every part ({own}), so nothing would "
                    "learn; leave out at least one part"
                )


@dataclass(frozen=True)
class FeaturesConfig:
    """`[features]`: whether the features of photos are kept where all before the head rests.

    `dtype` is "off", or the number type in which they are kept.
    """

    dtype: KeptFeatures = "off"


@dataclass(frozen=True)
class ColumnsConfig:
    """`[columns]`: what tables call the columns of a photo table; "" leaves it to the usual names.

    A name counts in each table that has it. `point` is a column of points, in place of latitude and
    longitude. `demanded` are the columns that --column names; every table must have those.
    """

    photo: str = ""
    latitude: str = ""
    longitude: str = ""
    point: str = ""
    id: str = ""
    split: str = ""
    sequence: str = ""
    creator: str = ""
    license: str = ""
    captured_at: str = ""
    country: str = ""
    region: str = ""
    demanded: tuple[str, ...] = field(default=(), metadata=NO_KEY)

    @property
    def chosen(self) -> dict[str, str]:
        """The names that --column gives, by column."""
        return {column: getattr(self, column) for column in self.demanded}

    @property
    def preferred(self) -> dict[str, str]:
        """The names that the file and the environment give, by column."""
        names = {key: getattr(self, key) for key in keys_of(type(self)) if key not in self.demanded}
        return {column: name for column, name in names.items() if name}


@dataclass(frozen=True)
class Config:
    """All of `geoguess.toml`. `workers = -1`, `threads = 0` and "auto" choose by the machine.

    `max_pixels` is the largest width × height of a photo; the default is that of Pillow.
    """

    photos: Path = Path("photos.parquet")
    artifacts: Path = Path("artifacts")
    seed: int = 0
    device: str = "auto"
    precision: Precision = "auto"
    workers: int = -1
    threads: int = 0
    max_pixels: int = MAX_PIXELS
    columns: ColumnsConfig = field(default_factory=ColumnsConfig)
    cells: CellsConfig = field(default_factory=CellsConfig)
    images: ImagesConfig = field(default_factory=ImagesConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    features: FeaturesConfig = field(default_factory=FeaturesConfig)

    def __post_init__(self) -> None:
        at_least(-1, workers=self.workers)
        at_least(1, max_pixels=self.max_pixels)
        at_least(0, seed=self.seed, threads=self.threads)

    def tree(self) -> dict[str, Any]:
        """All keys and values as plain JSON, as a TOML parser reads them."""
        return tomllib.loads(to_toml(self))

    @property
    def cells_path(self) -> Path:
        """The file of the partition, which `cells build` writes and the other verbs read."""
        return self.artifacts / "cells.parquet"

    @property
    def features_path(self) -> Path:
        """The folder of the kept features, which all runs share."""
        return self.artifacts / "features"

    @property
    def model_path(self) -> Path:
        """The model folder that `train` writes and the other verbs read."""
        return self.artifacts / "model"


def load_config(
    path: Path | None = None, *, environment: Mapping[str, str], directory: Path | None = None
) -> Config:
    """The configuration of a working directory: its file, changed by the environment.

    Args:
        path: The file to read (default: `geoguess.toml` in `directory`, if it exists).
        environment: Environment variables; those that begin with `GEOGUESS_` count.
        directory: The working directory (default: the current one).

    Raises:
        MissingFileError: `path` is given and does not exist.
        ConfigError: The file is not TOML, or has an unknown key or a value of the wrong type or
            range.
    """
    if path is not None and not path.is_file():
        raise MissingFileError(
            f"there is no configuration at {path}; --config names a geoguess.toml"
        )
    file = path or (directory or Path()) / FILE_NAME
    config = _read(file) if file.is_file() else Config()
    return _apply_environment(config, environment)


def from_dict(tree: Mapping[str, Any], *, where: str = FILE_NAME) -> Config:
    """The configuration in a parsed TOML tree; absent keys keep their defaults.

    Args:
        tree: The parsed file.
        where: The name of the file, for messages.

    Raises:
        ConfigError: A key is unknown (the message has the nearest known key), or a value has the
            wrong type or range.
    """
    return record_from_tree(Config, tree, where=where)


def is_local(weights: str) -> bool:
    """Whether `model.weights` is a path, and not a word or an address of the hub."""
    return weights not in ("imagenet", "none") and not weights.startswith("hf:")


def to_toml(config: Config) -> str:
    """The whole configuration as TOML, from which `load_config` reads an equal configuration."""
    return toml_text(config)


def _read(file: Path) -> Config:
    """The configuration of a file; the relative paths that it names start from its folder."""
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from error
    config = from_dict(tree, where=str(file))
    model = config.model
    if is_local(model.weights) and not Path(model.weights).is_absolute():
        model = dataclasses.replace(model, weights=str(file.parent / model.weights))
    given = [name for name in ("photos", "artifacts") if name in tree]
    paths: dict[str, Any] = {name: file.parent / getattr(config, name) for name in given}
    return dataclasses.replace(config, model=model, **paths)


def _apply_environment(config: Config, environment: Mapping[str, str]) -> Config:
    for variable, text in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX):
            key = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            config = _with_variable(config, key, text, variable)
    return config


def _with_variable(record: Any, key: str, text: str, variable: str) -> Any:
    """A record in which the key that an environment variable names has the value of its text."""
    hints = keys_of(type(record))
    table, _, inner = key.partition("_")
    if dataclasses.is_dataclass(hints.get(table)):
        section = _with_variable(getattr(record, table), inner, text, variable)
        return dataclasses.replace(record, **{table: section})
    if key not in hints or key == "stages":
        raise ConfigError(
            f"environment: {variable} names no key of {FILE_NAME}; "
            f"the form is {ENVIRONMENT_PREFIX}SEED or {ENVIRONMENT_PREFIX}CELLS_MAX_PHOTOS"
        )
    value = value_from_text(hints[key], text, variable)
    try:
        return dataclasses.replace(record, **{key: value})
    except ConfigError as error:
        raise ConfigError(f"environment: {variable}: {error}") from error
