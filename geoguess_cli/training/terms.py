"""The terms of a training: everything that decides its result. A resumed training keeps them."""

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.wording import counted

THREADS = "compute threads"
PROCESSES = "processes"
ACCUMULATE = "train.accumulate"
COMPILE = "train.compile"

SOUND = (PROCESSES, ACCUMULATE, COMPILE)
"""Terms that decide last digits only: they may change, which `changed_soundly` says."""

UNDECIDING = ("train.save_minutes", "train.log")
"""Keys that change no result, so that they may change between a training and its resumption."""


def training_terms(
    config: Config,
    spec: ImageSpec,
    precision: str,
    threads: int,
    train: TrainingPhotos,
    val: TrainingPhotos,
    cells_digest: str,
    processes: int = 1,
) -> dict[str, str]:
    """Everything that decides the result of a training, as text by the name that the user knows.

    Args:
        config: Its seed and the tables `[images]`, `[model]`, `[train]` and `[features]` count.
        spec: The photo transform.
        precision: The number format of the forward pass.
        threads: Compute threads; sums in another order have other last digits.
        train: Photos to learn from.
        val: Photos to choose the best epoch by.
        cells_digest: `states.cells_digest` of the partition.
        processes: How many share each batch; another number may go on, with other last digits.
    """
    terms = _config_terms(config) | {
        "train.stages": ", ".join(stage.name for stage in config.train.stages),
        "seed": config.seed,
        "precision": precision,
        THREADS: threads,
        "the photo transform": spec,
        PROCESSES: processes,
        "the partition": cells_digest[:12],
        "the training photos": _photos_digest(train),
        "the validation photos": _photos_digest(val),
    }
    return {name: str(value) for name, value in terms.items()}


def _config_terms(config: Config) -> dict[str, Any]:
    """The keys of the tables that decide a result, and their values."""
    stages = enumerate(config.train.stages, start=1)
    tables: dict[str, Any] = {
        "images": config.images,
        "model": config.model,
        "train": config.train,
        "features": config.features,
    }
    tables |= {f"train.stages[{number}]": stage for number, stage in stages}
    return {
        f"{table}.{key}": value
        for table, record in tables.items()
        for key, value in dataclasses.asdict(record).items()
        if f"{table}.{key}" not in UNDECIDING
    }


def _photos_digest(photos: TrainingPhotos) -> str:
    """File names and cells in order. The folder may move between a training and its resumption."""
    digest = hashlib.sha256("\n".join(photos.files.base_names()).encode())
    digest.update(photos.cells.astype("<i8").tobytes())
    return f"{len(photos)} with digest {digest.hexdigest()[:12]}"


def check_unchanged(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise an error if the terms of a training have changed since it was interrupted.

    A key that did not exist yet when the training began had its default.

    Args:
        before: The terms that were stored.
        now: The terms of the training that would go on.

    Raises:
        ConfigError: A term has changed; the message names each, with its old and new value.
    """
    defaults = {name: str(value) for name, value in _config_terms(Config()).items()}
    own = {name: now[name] for name in (THREADS,) if name in now}
    before = own | {name: defaults[name] for name in defaults if name in now} | dict(before)
    changed = [
        f"{name} was {before.get(name, 'not set')} and is {now.get(name, 'not set')}"
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name) and name not in SOUND
    ]
    if changed:
        raise ConfigError(
            f"cannot resume: {'; '.join(changed)}. Put it back, or train without --resume"
        )


def changed_soundly(before: Mapping[str, str], processes: int, config: Config) -> list[str]:
    """A sentence for each term that may change although it decides the last digits.

    Args:
        before: The terms that were stored.
        processes: The number of processes now.
        config: The configuration now.
    """
    notes = []
    then = int(before.get(PROCESSES, "1"))
    if then != processes:
        notes.append(
            f"this run was trained by {counted(then, 'process')} and goes on with {processes}: "
            "each photo still counts once an epoch, and the last digits differ"
        )
    then, now = int(before.get(ACCUMULATE, "1")), config.train.accumulate
    if then != now:
        notes.append(
            f"this run was trained with {ACCUMULATE} = {then} and goes on with {now}: its last "
            "digits differ, and norms over a batch see other photos together"
        )
    compiled = str(config.train.compile)
    if before.get(COMPILE, compiled) != compiled:
        notes.append(
            f"this run was trained with {COMPILE} = {before[COMPILE].lower()} and goes on with "
            f"{compiled.lower()}: its dropout and its last digits differ"
        )
    return notes
