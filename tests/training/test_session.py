"""What a training takes, and what it refuses before it begins."""

import dataclasses
import json
import math
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from process_worlds import Pair
from shared_trainings import alone, plain, refused, resume, sendable, training
from training_worlds import Lab, same, timeless

from geoguess_cli.config import Config
from geoguess_cli.errors import (
    GeoguessError,
    MissingFileError,
    PhotoTableError,
)


def test_the_caller_s_randomness_is_left_alone(lab: Lab) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    lab.train()
    assert torch.equal(torch.rand(4), expected)


def test_nothing_to_resume(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match="nothing to resume"):
        lab.train(resume=True)
    lab.interrupt("run", epoch=2, step=1)
    for path in lab.run().snapshots.folder.glob("*/state.json"):
        path.write_bytes(b"no state")
    with pytest.raises(MissingFileError, match=r"nothing to resume in .* is damaged"):
        lab.train(resume=True)


def test_photos_in_no_cell_are_not_trained_on(lab: Lab) -> None:
    inside = lab.partition.assign(lab.table.latlng) >= 0
    kept = inside | (lab.table.frame["split"] == "val").to_numpy()
    assert (~kept).sum() == 2
    with_uncovered, _ = lab.train("with")
    without, _ = lab.train("without", table=lab.table.take(np.flatnonzero(kept)))
    assert same(with_uncovered, without)


@pytest.mark.parametrize(("split", "words"), [("train", "0 training photos"), ("val", "none of")])
def test_a_split_without_covered_photos_is_refused(split: str, words: str, lab: Lab) -> None:
    with pytest.raises(PhotoTableError, match=words):
        lab.train(table=lab.moved(split, (0.0, 0.0)))
    assert not lab.run().folder.exists()


def test_every_error_is_written_for_the_user(lab: Lab) -> None:
    with pytest.raises(GeoguessError, match="this machine has"):
        lab.train(config=dataclasses.replace(lab.config, device="cuda:99"))
    with pytest.raises(GeoguessError, match="there is no stage 3"):
        lab.train(stage=3)


def test_processes_together_train_as_one(lab: Lab, pair: Pair) -> None:
    """Without dropout and norms over a batch, the curves are those of one process."""
    lab = sendable(lab, plain(lab.config, batch_size=7))
    _, one, _ = alone(lab, "one")
    (weights, first, _), (others, second, _) = pair.run(training, lab, "two")
    assert same(weights, others)
    assert timeless(first) == timeless(second)
    assert len(first) == len(one) == 4
    for mine, theirs in zip(first, one, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, abs=1e-3)
        assert mine.val_loss == pytest.approx(theirs.val_loss, abs=1e-3)
        assert (mine.val_top_1, mine.skipped) == (theirs.val_top_1, theirs.skipped)
    run = lab.run("two")
    assert run.metrics() == [dataclasses.asdict(stats) for stats in first]
    snapshot, _ = run.snapshots.latest()
    assert snapshot is not None
    assert snapshot.terms["processes"] == "2"


def test_processes_stop_together_and_go_on_bit_for_bit(lab: Lab, pair: Pair) -> None:
    """With dropout and norms over a batch; the second process alone asks for the stop."""
    lab = sendable(lab)
    (straight, stats, _), _ = pair.run(training, lab, "straight")
    pair.run(training, lab, "broken", (3, 2))
    snapshot, _ = lab.run("broken").snapshots.latest()
    assert snapshot is not None
    assert (snapshot.epoch, snapshot.phase, snapshot.step) == (2, "train", 2)
    shutil.copytree(lab.run("broken").folder, lab.run("alone").folder)
    ((resumed, rest, notes), (others, _, _)) = pair.run(resume, lab, "broken")
    assert same(straight, resumed)
    assert same(straight, others)
    assert timeless(rest) == timeless(stats[2:])
    assert notes == []
    _, rest, notes = alone(lab, "alone", resume=True)
    assert [epoch.epoch for epoch in rest] == [3, 4]
    (note,) = notes
    assert note.startswith("this run was trained by 2 processes and goes on with 1:")


def test_a_run_that_is_at_work_is_refused_in_all_processes(lab: Lab, pair: Pair) -> None:
    with lab.run("busy").locked():
        errors = pair.run(refused, sendable(lab), "busy")
    assert errors == [errors[0]] * 2
    assert "another training is at work" in errors[0]


def test_photos_in_no_cell_teach_the_levels_that_hold_them(lab: Lab) -> None:
    tree = dataclasses.replace(lab.config.train, hierarchy=0.5)
    config = dataclasses.replace(lab.config, train=tree)
    session = lab.session(config=config)
    assert (len(session.train), session.train.covered) == (26, 24)
    assert (len(lab.session("plain").train), lab.config.train.hierarchy) == (24, 0)
    stats = list(session.epochs())
    assert all(math.isfinite(epoch.loss) for epoch in stats)
    assert session.metrics()["photos"]["train_covered"] == 24


def compiled(config: Config) -> Config:
    return dataclasses.replace(config, train=dataclasses.replace(config.train, compile=True))


def test_a_compiled_model_learns_the_same_and_its_weights_keep_their_names(lab: Lab) -> None:
    (lab.folder / "world").write_bytes(pickle.dumps((lab.config, lab.table, lab.partition)))
    script = Path(__file__).resolve().parents[1] / "compiled_trainings.py"
    done = subprocess.run(
        [sys.executable, script, lab.folder], capture_output=True, text=True, check=True
    )
    result = json.loads(done.stdout)
    assert result.pop("graphs") >= 1
    message = result.pop("message")
    assert message.startswith("torch.compile fails on this machine (")
    assert "no working C++ compiler" in message
    assert message.endswith("; train without --compile")
    assert result == {"same_metrics": True, "same_names": True, "same_weights": True}


def test_a_run_may_go_on_compiled_and_says_so(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.interrupt("run", epoch=2, step=1)
    monkeypatch.setattr(torch.nn.Module, "compile", lambda _module: None)
    session = lab.session("run", resume=True, config=compiled(lab.config))
    assert session.notes == [
        "this run was trained with train.compile = false and goes on with true: its dropout and "
        "its last digits differ"
    ]
    assert [stats.epoch for stats in session.epochs()] == [2, 3, 4]
    assert lab.session("run", resume=True, config=compiled(lab.config)).notes == []
