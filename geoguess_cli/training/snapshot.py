"""Snapshots of a training: everything that its next step depends on, kept whole or not at all.

A snapshot is a folder with a number for a name. It is written beside its place, flushed to the disk
and then renamed, so a folder with a number is whole unless the disk damaged it later:

digests.json          SHA-256 of each other file
state.json            terms, position, sums, metrics; the plain values of optimizer and schedule
training.safetensors  the weights, and the tensors of the optimizer
best.safetensors      the best weights so far; the same file in snapshots that share them

The newest two are kept. There is no pickle.
"""

import dataclasses
import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from geoguess_cli.errors import ModelError
from geoguess_cli.files import make_folder, require_room, writing
from geoguess_cli.model.states import read_state, state_bytes
from geoguess_cli.training.progress import Phase
from geoguess_cli.training.stages import PlannedStage

FORMAT = 2
"""Number of this layout; a change that older versions would misread raises it."""

KEPT = 2
DIGESTS, STATE, TENSORS, BEST = (
    "digests.json",
    "state.json",
    "training.safetensors",
    "best.safetensors",
)


@dataclass(frozen=True)
class Best:
    """The best weights so far: their validation loss in nats, and the number of their epoch."""

    val_loss: float = math.inf
    epoch: int = 0

    @classmethod
    def of(cls, metrics: Sequence[Mapping[str, Any]]) -> "Best":
        """The best epoch of those written down, as lines of `metrics.jsonl`."""
        line = min(metrics, key=lambda line: line["val_loss"], default=None)
        return cls() if line is None else cls(line["val_loss"], line["epoch"])


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A training between two steps.

    Attributes:
        terms: `terms.training_terms` of the training.
        only_stage: The stage that the training was asked for, from 1; None for all stages.
        stage: Number of the running stage, from 1.
        epoch: Number of epochs that are done.
        phase: The phase of the epoch that runs.
        step: Batches of this phase that are done.
        tallies: `Tally.record` of each phase of the epoch that runs.
        best: Which epoch the best weights are from.
        metrics: The lines of `metrics.jsonl`.
        geolocator: The weights.
        optimizer: `state_dict` of the optimizer.
        scheduler: `state_dict` of the schedule.
        average: The averaged weights, if the training has them.
    """

    terms: Mapping[str, str]
    only_stage: int | None
    stage: int
    epoch: int
    phase: Phase
    step: int
    tallies: Mapping[Phase, Mapping[str, Any]]
    best: Best
    metrics: list[dict[str, Any]]
    geolocator: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    scheduler: Mapping[str, Any]
    average: Mapping[str, Tensor] = field(default_factory=dict)

    def continues(self, planned: PlannedStage) -> bool:
        """Whether this stage was running, so that its optimizer and schedule go on."""
        return self.stage == planned.number and self.epoch < planned.end

    def not_finite(self) -> str | None:
        """The name of a tensor with a number that is not finite; None if there is none."""
        return next((name for name, own in _tensors(self) if not own.isfinite().all()), None)


@dataclass(eq=False)
class Snapshots:
    """The snapshots of a run.

    Args:
        folder: Where they are; it need not exist.
    """

    folder: Path
    _digests: dict[str, str] = field(default_factory=dict, init=False)

    def numbers(self) -> list[int]:
        """The numbers of all snapshots, the newest first."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return sorted((int(name) for name in names if name.isdecimal()), reverse=True)

    def path(self, number: int) -> Path:
        """The folder of a snapshot."""
        return self.folder / f"{number:06d}"

    @property
    def best_path(self) -> Path | None:
        """The best weights in the newest snapshot; None if it has none."""
        paths = [self.path(number) / BEST for number in self.numbers()[:1]]
        return next((path for path in paths if path.is_file()), None)

    def save(self, snapshot: Snapshot, best: bytes | Path | None) -> None:
        """Keep a snapshot; the one before it is kept too, and older ones are removed.

        Args:
            snapshot: The training.
            best: The file of the best weights, or its bytes; None if there are none yet.

        Raises:
            OutputError: The disk is full, or the folder cannot be written.
        """
        number = max(self.numbers(), default=0) + 1
        partial = self.folder / f".{number:06d}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        try:
            with writing(self.path(number), size=_bytes_of(snapshot, best)):
                digests = self._write_files(snapshot, best, partial)
                partial.rename(self.path(number))
                _flush(self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        self._digests = digests
        for old in self.numbers()[KEPT:]:
            shutil.rmtree(self.path(old), ignore_errors=True)

    def check_space(self, tensors: int) -> None:
        """Raise an error unless there is room for the snapshots of a training.

        Args:
            tensors: Bytes of the weights, the sums of the optimizer and the best weights.

        Raises:
            OutputError: The disk has too little room.
        """
        require_room(
            self.folder,
            (KEPT + 1) * tensors,
            what="the snapshots of this training take up to",
            elsewhere="name a folder on another disk with --artifacts",
        )

    def latest(self) -> tuple[Snapshot | None, list[str]]:
        """The newest snapshot that is whole, on the CPU, and a sentence about each damaged one.

        A damaged one is removed, so that the one before it is then the newest.

        Raises:
            ModelError: Another version of geoguess wrote it.
        """
        notes = []
        for number in self.numbers():
            try:
                snapshot = self._read(self.path(number))
            except _DamagedError as error:
                notes.append(f"the snapshot {self.path(number)} is damaged ({error}) and not used")
                shutil.rmtree(self.path(number), ignore_errors=True)
            else:
                return snapshot, notes
        return None, notes

    def _write_files(
        self, snapshot: Snapshot, best: bytes | Path | None, folder: Path
    ) -> dict[str, str]:
        """Write all files of a snapshot, and return their digests."""
        make_folder(folder)
        digests = {
            STATE: _write(_plain(snapshot), folder / STATE),
            TENSORS: _write(state_bytes(dict(_tensors(snapshot))), folder / TENSORS),
        }
        if isinstance(best, Path):
            digests[BEST] = self._linked(best, folder / BEST)
        elif best is not None:
            digests[BEST] = _write(best, folder / BEST)
        _write(json.dumps(digests).encode(), folder / DIGESTS)
        _flush(folder)
        return digests

    def _read(self, path: Path) -> Snapshot:
        try:
            digests = json.loads((path / DIGESTS).read_bytes())
            for name in {STATE, TENSORS, *digests}:
                if _digest_of(path / name) != digests[name]:
                    raise _DamagedError(f"{name} is not as it was written")
            plain = json.loads((path / STATE).read_bytes())
            if plain.pop("format") != FORMAT:
                raise ModelError(
                    f"{path} was written by another version of geoguess; train without --resume"
                )
            tensors, _ = read_state(path / TENSORS)
            snapshot = _snapshot(plain, tensors)
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            if isinstance(error, ModelError) and "another version" in str(error):
                raise
            if isinstance(error, OSError) and error.errno not in _MISSING:
                raise  # such as a file that this user may not read: it is no reason to remove it
            raise _DamagedError(f"{type(error).__name__}: {error}") from error
        self._digests = digests
        return snapshot

    def _linked(self, best: Path, path: Path) -> str:
        """Give the best weights a second name in a new snapshot, and return their digest."""
        link_or_copy(best, path)
        known = best.parent.parent == self.folder and self._digests.get(BEST)
        return known or _digest_of(path)


def _bytes_of(snapshot: Snapshot, best: bytes | Path | None) -> int:
    """Bytes of the files of a snapshot, but for the few of its plain values."""
    own = len(best) if isinstance(best, bytes) else 0  # a path gets a second name
    return own + sum(tensor.nbytes for _, tensor in _tensors(snapshot))


_MISSING = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EIO, None)
"""Errors of the system where a file of a snapshot is not there or cannot be read any more."""


class _DamagedError(Exception):
    """A file of a snapshot is missing, cut off or changed."""


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target`, which must not exist, the same file as `source`; a copy where links fail."""
    try:
        os.link(source, target)
    except OSError:  # some file systems have no hard links
        shutil.copyfile(source, target)


def _plain(snapshot: Snapshot) -> bytes:
    """All of a snapshot that is not a tensor, as JSON."""
    optimizer = {
        "state": {
            str(index): {key: value for key, value in own.items() if not isinstance(value, Tensor)}
            for index, own in snapshot.optimizer["state"].items()
        },
        "param_groups": snapshot.optimizer["param_groups"],
    }
    own = {entry.name: getattr(snapshot, entry.name) for entry in dataclasses.fields(snapshot)}
    plain = own | {"best": dataclasses.asdict(snapshot.best), "optimizer": optimizer}
    del plain["geolocator"], plain["average"]
    return json.dumps({"format": FORMAT, **plain}).encode()


def _tensors(snapshot: Snapshot) -> Iterator[tuple[str, Tensor]]:
    """The weights as `geolocator.NAME`, their average as `average.NAME`, and the optimizer's
    tensors as `optimizer.INDEX.KEY`."""
    for kind, weights in (("geolocator", snapshot.geolocator), ("average", snapshot.average)):
        for name, tensor in weights.items():
            yield f"{kind}.{name}", tensor
    for index, own in snapshot.optimizer["state"].items():
        for key, value in own.items():
            if isinstance(value, Tensor):
                yield f"optimizer.{index}.{key}", value


def _snapshot(plain: dict[str, Any], tensors: Mapping[str, Tensor]) -> Snapshot:
    """What `_plain` and `_tensors` took apart."""
    optimizer = plain["optimizer"]
    states = {int(index): dict(own) for index, own in optimizer["state"].items()}
    weights: dict[str, dict[str, Tensor]] = {"geolocator": {}, "average": {}}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind in weights:
            weights[kind][rest] = tensor
        else:
            index, _, key = rest.partition(".")
            states[int(index)][key] = tensor
    groups = [
        {key: tuple(value) if key == "betas" else value for key, value in group.items()}
        for group in optimizer["param_groups"]
    ]
    return Snapshot(
        **plain
        | {
            "best": Best(**plain["best"]),
            **weights,
            "optimizer": {"state": states, "param_groups": groups},
        }
    )


def _write(data: bytes, path: Path) -> str:
    """Write a file to the disk and not only to its cache, and return its digest."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return hashlib.sha256(data).hexdigest()


def _flush(folder: Path) -> None:
    """Make the names in a folder last; Windows does so by itself and cannot be asked."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
