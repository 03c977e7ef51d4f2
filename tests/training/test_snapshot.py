"""A snapshot is whole or not there, holds all that it was given, and a damaged one is known."""

import errno
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from training_worlds import Lab

from geoguess_cli.errors import ModelError, OutputError
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.training import snapshot as module
from geoguess_cli.training.snapshot import BEST, DIGESTS, STATE, TENSORS, Best, Snapshot, Snapshots
from geoguess_cli.training.stages import plan, start_stage


@pytest.fixture
def snapshot(lab: Lab, build: Callable[..., Geolocator]) -> Snapshot:
    """A tiny model after one step of its second stage."""
    geolocator = build()
    (planned,) = plan(lab.config.train.stages, 2)
    stage = start_stage(geolocator, planned, lab.config.train)
    geolocator.eval()(torch.rand(2, 3, 32, 32)).sum().backward()
    stage.optimizer.step()
    return Snapshot(
        terms={"seed": "5"},
        only_stage=None,
        stage=2,
        epoch=2,
        phase="train",
        step=1,
        tallies={"train": {"photos": 8, "loss": 1 / 3, "earlier": 0.25}},
        best=Best(0.1 + 0.2, 2),
        metrics=[{"epoch": 1, "val_loss": 2.5, "best": True}],
        geolocator=geolocator.state_dict(),
        optimizer=stage.optimizer.state_dict(),
        scheduler=stage.scheduler.state_dict(),
    )


def equal(a: object, b: object) -> bool:
    """Whether two trees of plain values and tensors are the same, bit for bit."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    return type(a) is type(b) and a == b


def test_what_is_kept_comes_back(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path / "snapshots")
    assert snapshots.latest() == (None, [])
    snapshots.save(snapshot, b"the best")
    back, notes = Snapshots(tmp_path / "snapshots").latest()
    assert back is not None
    assert notes == []
    for name in ("terms", "stage", "epoch", "phase", "step", "tallies", "best", "metrics"):
        assert getattr(back, name) == getattr(snapshot, name)
    assert equal(dict(back.geolocator), dict(snapshot.geolocator))
    assert equal(back.optimizer, snapshot.optimizer)
    assert equal(back.scheduler, snapshot.scheduler)
    assert back.scheduler["best"] == math.inf


def test_two_are_kept_and_share_their_best_weights(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save(snapshot, b"the best")
    for _ in range(3):
        snapshots.save(snapshot, snapshots.best_path)
    assert snapshots.numbers() == [4, 3]
    newest, before = (snapshots.path(number) / BEST for number in snapshots.numbers())
    assert newest.read_bytes() == b"the best"
    assert newest.samefile(before)
    assert Snapshots(tmp_path).latest()[1] == []


@pytest.mark.parametrize("name", [DIGESTS, STATE, TENSORS, BEST])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "changed"])
@pytest.mark.promise("fault", "a snapshot with a file missing, empty, cut or changed")
def test_a_damaged_snapshot_is_named_and_the_one_before_it_used(
    name: str, damage: str, snapshot: Snapshot, tmp_path: Path
) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save(snapshot, b"the best")
    snapshots.save(snapshot, b"better")
    path = snapshots.path(2) / name
    data = path.read_bytes()
    path.unlink()
    middle = len(data) // 2
    changed = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut": data[:middle], "changed": changed}[damage])
    back, (note,) = Snapshots(tmp_path).latest()
    assert back is not None
    assert note.startswith(f"the snapshot {snapshots.path(2)} is damaged (")
    assert snapshots.numbers() == [1]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EMFILE, errno.ENOMEM])
@pytest.mark.promise("fault", "a snapshot that cannot be read now, though it is whole")
def test_a_snapshot_that_cannot_be_read_is_not_taken_for_damaged(
    number: int, snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Snapshots(tmp_path).save(snapshot, None)

    def refuse(path: Path, *_: object) -> None:
        raise OSError(number, "no", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refuse)
        with pytest.raises(OSError, match="no"):
            Snapshots(tmp_path).latest()
    assert Snapshots(tmp_path).latest()[1] == []


def test_a_half_written_snapshot_is_no_snapshot(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save(snapshot, None)
    shutil.copytree(snapshots.path(1), tmp_path / ".000002.partial")
    assert snapshots.numbers() == [1]
    snapshots.save(snapshot, None)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000001", "000002"]


def test_another_version_is_refused(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "FORMAT", 99)
        Snapshots(tmp_path).save(snapshot, None)
    with pytest.raises(ModelError, match="was written by another version of geoguess"):
        Snapshots(tmp_path).latest()
    assert Snapshots(tmp_path).numbers() == [1]


@pytest.mark.promise("fault", "a full disk while a snapshot is written")
def test_a_full_disk_leaves_the_snapshots_as_they_were(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = Snapshots(tmp_path)
    snapshots.save(snapshot, None)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match=r"no space is left to write .*000002, which takes \d"):
        snapshots.save(snapshot, None)
    assert [path.name for path in tmp_path.iterdir()] == ["000001"]


@pytest.mark.promise("fault", "a disk too small for the snapshots of a training")
def test_a_disk_too_small_for_the_training_is_refused_before_it(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(OutputError, match=r"take up to .* MB, and .* has 1\.0 MB left; free"):
        lab.train()
    assert not lab.run().begun
