"""A run that an older geoguess interrupted is continued."""

import dataclasses
from typing import Any

import pytest
import torch
from training_worlds import Lab, same, timeless

from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.training.legacy import latest_snapshot
from geoguess_cli.training.run import Run


def as_before(run: Run, **changes: Any) -> None:
    """Rewrite a run as it was kept before there were snapshots: after its last whole epoch."""
    snapshot, _ = run.snapshots.latest()
    assert snapshot is not None
    assert snapshot.step == 0
    terms = {name: value for name, value in snapshot.terms.items() if name != "compute threads"}
    state = {
        "format": 1,
        "terms": terms,
        "stage": snapshot.only_stage,
        "epoch": snapshot.epoch,
        "best": dataclasses.astuple(snapshot.best),
        "geolocator": dict(snapshot.geolocator),
        "optimizer": snapshot.optimizer,
        "scheduler": snapshot.scheduler,
    }
    torch.save(state | changes, run.old_state_path)
    for path in sorted(run.snapshots.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    run.snapshots.folder.rmdir()


@pytest.mark.parametrize("epoch", [1, 2, 3, 4])
def test_an_old_run_continues_bit_for_bit(epoch: int, lab: Lab) -> None:
    straight, all_stats = lab.train("straight")
    lab.interrupt("old", epoch=epoch, step=1)
    as_before(lab.run("old"))
    resumed, rest = lab.train("old", weights=99, resume=True)
    assert same(straight, resumed)
    assert timeless(rest) == timeless(all_stats[epoch - 1 :])
    for stage in (1, 2):
        paths = [lab.run(name).stage_path(stage) for name in ("straight", "old")]
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_old_run_that_is_damaged_or_too_old_says_so(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match="nothing to resume"):
        latest_snapshot(lab.run("none"))
    lab.interrupt("old", epoch=2, step=1)
    as_before(lab.run("old"), format=0)
    with pytest.raises(ModelError, match="another version of geoguess"):
        latest_snapshot(lab.run("old"))
    lab.run("old").old_state_path.write_bytes(b"no state")
    with pytest.raises(ModelError, match="is damaged; train without --resume"):
        latest_snapshot(lab.run("old"))
