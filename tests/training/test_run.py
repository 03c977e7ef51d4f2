"""The folder of a run survives a kill at any write, and the training ends as if there was none."""

import dataclasses
import json
import time
from typing import Any

import pytest
import torch
from kill_worlds import Writes, in_a_child, needs_fork
from training_worlds import Lab, same

from geoguess_cli.config import StageConfig
from geoguess_cli.errors import BusyError, MissingFileError
from geoguess_cli.training.run import Run

TIMINGS = ("seconds", "photos_per_second")
SHARDS = 4
"""The kills are tried in this number of tests, so that they can run side by side."""


@pytest.fixture
def short(lab: Lab) -> Lab:
    """A training of two stages, one epoch each, with a snapshot after every step."""
    stages = (
        StageConfig("heads", epochs=1, learning_rate=3e-3, freeze=("backbone", "vit")),
        StageConfig("everything", epochs=1, learning_rate=1e-3),
    )
    train = dataclasses.replace(lab.config.train, stages=stages, save_minutes=0.0)
    return dataclasses.replace(lab, config=dataclasses.replace(lab.config, train=train))


def trained(lab: Lab, name: str, *, kill_before: int | None = None) -> int | None:
    """Train in a child as `--resume auto` does; the number of writes, None if it was killed."""
    torch.manual_seed(time.monotonic_ns())
    # Made before the fork, because the threads of Polars do not live on in a child.
    session = lab.session(name, resume=lab.run(name).begun)

    def work() -> int:
        writes = Writes(lab.folder / name, kill_before)
        list(session.epochs())
        return writes.count

    return in_a_child(work)


def left(run: Run) -> dict[str, Any]:
    """All that a finished run leaves, without timings."""
    metrics = [
        {key: value for key, value in line.items() if key not in TIMINGS} for line in run.metrics()
    ]
    weights = {path.name: path.read_bytes() for path in sorted(run.folder.glob("*.safetensors"))}
    return {**weights, "metrics": metrics, "config": run.config_path.read_text()}


@needs_fork
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.promise("kill", "`train`: before each write of the folder of a run")
def test_a_kill_before_any_write_changes_nothing(shard: int, short: Lab) -> None:
    writes = trained(short, "straight")
    assert writes is not None
    assert writes > 100, "the audit sees every write"
    expected = left(short.run("straight"))
    assert {"best.safetensors", "stage-1.safetensors", "stage-2.safetensors"} < expected.keys()
    for kill_before in range(shard, writes, SHARDS):
        name = f"killed-{kill_before}"
        assert trained(short, name, kill_before=kill_before) is None
        assert trained(short, name) is not None
        assert left(short.run(name)) == expected, f"killed before write {kill_before}"


@needs_fork
@pytest.mark.promise("kill", "`train` with worker processes: before two of its writes")
def test_kills_with_workers_leave_no_process_and_change_nothing(short: Lab) -> None:
    """`in_a_child` waits until every process is gone that came from the killed one."""
    assert trained(short, "straight") is not None
    helped = dataclasses.replace(short, config=dataclasses.replace(short.config, workers=2))
    for kill_before in (40, 90):
        assert trained(helped, "helped", kill_before=kill_before) is None
    assert trained(helped, "helped") is not None
    assert left(short.run("helped")) | {"config": ""} == left(short.run("straight")) | {
        "config": ""
    }


@pytest.mark.promise("kill", "`train`: twice, and the newest snapshot damaged")
def test_two_kills_and_a_damaged_snapshot_change_nothing(lab: Lab) -> None:
    straight, _ = lab.train("straight")
    lab.interrupt("run", epoch=2, step=2)
    lab.interrupt("run", epoch=4, step=1, resume=True)
    run = lab.run("run")
    newest = run.snapshots.path(run.snapshots.numbers()[0])
    with (newest / "training.safetensors").open("r+b") as file:
        file.seek(2000)
        file.write(b"\0" * 8)
    session = lab.session("run", resume=True)
    assert len(session.notes) == 1
    assert "training.safetensors is not as it was written" in session.notes[0]
    list(session.epochs())
    assert same(straight, session.trained().geolocator.state_dict())
    assert left(run) == left(lab.run("straight"))


@pytest.mark.promise("fault", "two trainings in one run")
def test_a_second_training_in_one_run_is_refused(lab: Lab) -> None:
    first = lab.session().epochs()
    next(first)
    with pytest.raises(BusyError, match=r"another training is at work in .*--name"):
        lab.train()
    first.close()
    lab.train(resume=True)


def test_nothing_is_kept_before_an_epoch_has_ended(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match="no epoch of it has ended"):
        lab.run("nothing").best(cells_digest=lab.digest)


def test_metrics_survive_a_torn_last_line(lab: Lab) -> None:
    lab.train(stage=1)
    run = lab.run()
    with run.metrics_path.open("a") as file:
        file.write('{"epoch": 3, "val_lo')
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    assert all(json.loads(line) for line in run.metrics_path.read_text().splitlines()[:-1])
