"""What a training would meet is said before it begins, and looking changes nothing."""

import dataclasses
import math
from pathlib import Path

import polars as pl
import torch
from torch import nn
from training_worlds import Lab, same, timeless

from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.foresight import (
    KERNELS,
    NEAR,
    foresee,
    kept_bytes,
    short_memory,
    step_memory,
    unreadable_photos,
)


def test_a_forward_pass_keeps_what_its_layers_need() -> None:
    """By hand: the photo for the convolution, and its result for ReLU and the linear layer."""
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 16 * 16, 5)
    )
    for photos in (1, 6):
        images = torch.zeros(photos, 3, 16, 16)
        assert kept_bytes(network, images) == photos * (3 + 8) * 16 * 16 * 4
    network[0].requires_grad_(False)  # then the photo itself is not needed
    assert kept_bytes(network, torch.zeros(2, 3, 16, 16)) == 2 * 8 * 16 * 16 * 4


def test_a_step_near_the_limit_names_a_remedy_that_fits(lab: Lab) -> None:
    session = lab.session()
    step = step_memory(session)
    learning = sum(p.nbytes for p in session.geolocator.parameters())
    assert step.always >= 3 * learning + KERNELS  # gradients, and two sums of AdamW
    needed = step.of(8)
    assert short_memory(session, free=2 * needed) == []
    free = math.ceil(step.of(3) / NEAR) + 1
    (sentence,) = short_memory(session, free=free)
    assert "; --accumulate 3 takes " in sentence
    (sentence,) = short_memory(session, free=step.always)
    assert sentence.endswith(
        "a smaller images.size or model.backbone takes less, or more frozen parts"
    )
    parted = dataclasses.replace(lab.config.train, accumulate=3)
    config = dataclasses.replace(lab.config, train=parted)
    assert short_memory(lab.session(config=config), free=free) == []


def test_photos_that_cannot_be_read_are_named(lab: Lab, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo")
    train = pl.col("split") == "train"
    every_second = train & (pl.int_range(pl.len()).over("split") % 2 == 0)
    photo = pl.when(every_second).then(pl.lit(str(broken))).otherwise(pl.col("photo"))
    table = PhotoTable(lab.table.frame.with_columns(photo.alias("photo")), lab.table.root)
    (sentence,) = unreadable_photos(lab.session(table=table))
    assert sentence.startswith("12 photos of 34 looked at cannot be read (35 %), and would be skip")
    assert sentence.count(str(broken)) >= 3
    assert sentence.endswith("; 9 more")
    assert unreadable_photos(lab.session()) == []


def test_looking_ahead_changes_nothing(lab: Lab) -> None:
    straight, stats = lab.train("straight")
    session = lab.session("looked")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert foresee(session) == []
    assert torch.equal(torch.get_rng_state(), before)
    again = list(session.epochs())
    assert timeless(again) == timeless(stats)
    assert same(straight, session.trained().geolocator.state_dict())
