"""The terms of a training: all that decides its result. A resumption holds to them."""

import dataclasses
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.training.epoch import PhotoSet


def training_terms(
    config: Config,
    spec: ImageSpec,
    precision: str,
    train: PhotoSet,
    val: PhotoSet,
    cells_digest: str,
) -> dict[str, str]:
    """All that decides the result of a training, by the name that the user knows it by."""
    keys = {
        **_keys("images", config.images),
        **_keys("model", config.model),
        **_keys("train", config.train),
    }
    for number, stage in enumerate(config.train.stages, start=1):
        keys |= _keys(f"train.stages[{number}]", stage)
    order = ", ".join(stage.name for stage in config.train.stages)
    terms = {
        **keys,
        "train.stages": order,
        "seed": config.seed,
        "precision": precision,
        "the photo transform": spec,
        "the partition": cells_digest[:12],
        "the training photos": _photos_digest(train),
        "the validation photos": _photos_digest(val),
    }
    return {name: str(value) for name, value in terms.items()}


def _photos_digest(photos: PhotoSet) -> str:
    """Names and targets in order; the folder may move between a training and its resumption."""
    digest = hashlib.sha256("\n".join(Path(path).name for path in photos.paths).encode())
    digest.update(photos.targets.astype("<i8").tobytes())
    return f"{len(photos)} with digest {digest.hexdigest()[:12]}"


def _keys(table: str, record: Any) -> dict[str, Any]:
    return {f"{table}.{name}": value for name, value in dataclasses.asdict(record).items()}


def check_unchanged(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse to resume a training whose terms have changed.

    Raises:
        ConfigError: It names what changed, from what to what.
    """
    changed = [
        f"{name} was {before.get(name, 'not set')} and is {now.get(name, 'not set')}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    if changed:
        raise ConfigError(
            f"cannot resume: {'; '.join(changed)}. Put it back, or train without --resume"
        )
