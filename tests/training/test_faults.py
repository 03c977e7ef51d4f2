"""Faults of a step end a training in one line that helps; what was kept before stays."""

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from kill_worlds import Killer, needs_fork
from training_worlds import Lab

from geoguess_cli.config import Config, to_toml
from geoguess_cli.errors import ModelError, OutOfMemoryError
from geoguess_cli.files import write_text
from geoguess_cli.geo.partition import write_partition
from geoguess_cli.photos.table import write_photo_table
from geoguess_cli.training.epoch import Engine
from geoguess_cli.training.run import Run


def hungry(config: Config) -> Config:
    """A training whose first step takes more than half a gigabyte."""
    train = dataclasses.replace(config.train, batch_size=24, stages=config.train.stages[1:])
    images = dataclasses.replace(config.images, size=320)
    return dataclasses.replace(config, images=images, train=train)


@needs_fork
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs the memory of Linux")
@pytest.mark.promise("fault", "too little memory for a step, by a limit of the system")
def test_too_little_memory_names_what_fits(lab: Lab) -> None:
    """A library that crashes when it gets no memory leaves the snapshot whole."""
    messages = []
    with Killer("train_jobs") as killer:
        for room in (300, 250, 200):
            folder = lab.folder / str(room)
            config = dataclasses.replace(hungry(lab.config), photos=folder / "photos.parquet")
            write_text(to_toml(config), folder / "geoguess.toml")
            write_photo_table(lab.table, config.photos)
            write_partition(lab.partition, folder / "cells.parquet")
            if killer.run("starve", folder) is not None:
                messages.append((folder / "told.txt").read_text(encoding="utf-8"))
            snapshot, notes = Run(folder / "run").snapshots.latest()
            assert snapshot is not None
            assert (snapshot.step, notes) == (0, [])
    for message in messages:
        found = re.fullmatch(
            r"stage 1 \(everything\), epoch 1, step 1: out of memory with 24 photos at once: "
            r"(?:\d\S* .B more were needed|there is too little memory); "
            r"(?:(\d+) at once fit: add --accumulate (\d+)|not even one fits: make images.size .*)",
            message,
        )
        assert found, message
        if found[1]:
            fitting, accumulate = map(int, found.groups())
            assert 24 / accumulate <= fitting < 24
    if not messages:
        pytest.skip("a library crashed in place of saying that it has no memory")


def short_of(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no more than this number of photos go through a model at once."""
    logits = Engine._logits

    def allocate(self: Engine, images: torch.Tensor, network: torch.nn.Module) -> torch.Tensor:
        if len(images) > most and network.training:
            raise RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate "
                "memory: you tried to allocate 123456789 bytes. Error code 12"
            )
        return logits(self, images, network)

    monkeypatch.setattr(Engine, "_logits", allocate)


def test_a_training_goes_on_in_parts_where_memory_ends(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.interrupt("run", epoch=2, step=1)
    short_of(3, monkeypatch)
    with pytest.raises(OutOfMemoryError) as caught:
        lab.train("run", resume=True)
    assert str(caught.value) == (
        "stage 1 (heads), epoch 2, step 1: out of memory with 8 photos at once: 123 MB more were "
        "needed; 2 at once fit: add --accumulate 4"
    )
    parted = dataclasses.replace(lab.config.train, accumulate=4)
    config = dataclasses.replace(lab.config, train=parted)
    session = lab.session("run", resume=True, config=config)
    (note,) = session.notes
    assert note.startswith("this run was trained with train.accumulate = 1 and goes on with 4:")
    assert [stats.epoch for stats in session.epochs()] == [2, 3, 4]


def test_not_even_one_photo_fits(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    short_of(0, monkeypatch)
    with pytest.raises(OutOfMemoryError, match=r"not even one fits: make images\.size smaller"):
        lab.train()


def test_an_error_of_another_kind_stays_what_it_is(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Engine, "_logits", fail)
    with pytest.raises(RuntimeError, match="a bug"):
        lab.train()


@pytest.mark.parametrize("spoiled", ["weight", "sum of the optimizer"])
@pytest.mark.promise("fault", "a weight, or a sum of the optimizer, that is not finite")
def test_a_number_that_is_not_finite_is_never_kept(
    spoiled: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loss of the step is finite; its update is not."""
    train = dataclasses.replace(lab.config.train, save_minutes=0.0)
    config = dataclasses.replace(lab.config, train=train)
    calls = iter(range(100))
    step = torch.optim.AdamW.step

    def spoiling(self: torch.optim.AdamW, *args: Any) -> Any:
        done = step(self, *args)
        if next(calls) == 4:  # an epoch takes 3 steps
            parameter = self.param_groups[0]["params"][0]
            if spoiled != "weight":
                parameter = self.state[parameter]["exp_avg_sq"]
            parameter.data.view(-1)[0] = math.inf
        return done

    monkeypatch.setattr(torch.optim.AdamW, "step", spoiling)
    with pytest.raises(ModelError) as caught:
        lab.train(config=config)
    message = str(caught.value)
    assert re.match(
        r"stage 1 \(heads\), epoch 2, step 2: \S+ holds a number that is not finite\. Lower the "
        r"stage's learning_rate \(0\.003\), set train\.clip_norm, or use --precision fp32; the "
        r"best weights so far are in ",
        message,
    ), message
    snapshot, notes = lab.run().snapshots.latest()
    assert snapshot is not None
    assert (snapshot.epoch, snapshot.step, notes) == (1, 1, [])
    assert snapshot.not_finite() is None
