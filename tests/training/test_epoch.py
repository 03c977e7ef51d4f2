"""One epoch: any batch size, any precision, and photos that cannot be read."""

import copy
import dataclasses
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from device_waits import Waits
from process_worlds import Pair
from shared_trainings import gradients, plain, summed
from training_worlds import Lab

from geoguess_cli.errors import ModelError, PhotoTableError
from geoguess_cli.model.geolocator import build_geolocator
from geoguess_cli.model.processes import ALONE
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.training.epoch import Engine
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.progress import Tally
from geoguess_cli.training.readings import Readings
from geoguess_cli.training.stages import plan, start_stage


@pytest.mark.promise("fault", "training photos that cannot be read, some or all")
def test_unreadable_photos_are_counted_reported_once_and_skipped(lab: Lab, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    first = pl.int_range(pl.len()).over("split") == 0

    def with_broken(rows: pl.Expr) -> PhotoTable:
        photo = pl.when(rows).then(pl.lit(str(broken))).otherwise(pl.col("photo"))
        return PhotoTable(lab.table.frame.with_columns(photo.alias("photo")), lab.table.root)

    failures: list[Path] = []
    train = pl.col("split") == "train"
    _, stats = lab.train(
        table=with_broken(first & train),
        stage=1,
        on_failure=lambda path, _reason: failures.append(path),
    )
    assert [s.skipped for s in stats] == [1, 1]
    assert failures == [broken]
    assert all(math.isfinite(s.loss) for s in stats)
    with pytest.raises(PhotoTableError, match="none of the 24 training photos can be read"):
        lab.train(table=with_broken(train))
    with pytest.raises(PhotoTableError, match="none of the 10 validation photos can be read"):
        lab.train(table=with_broken(~train))


def test_a_last_batch_of_one_photo_does_no_harm(lab: Lab) -> None:
    """A batch norm over one value has no spread: 32 px end in a map of one place."""
    train = dataclasses.replace(lab.config.train, batch_size=23)
    config = dataclasses.replace(lab.config, train=train)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        lab.build()(torch.zeros(1, 3, 32, 32))
    _, stats = lab.train(config=config)
    assert all(math.isfinite(s.loss) for s in stats)


def test_bf16_learns_and_keeps_fp32_weights(lab: Lab) -> None:
    state, stats = lab.train(config=dataclasses.replace(lab.config, precision="bf16"))
    assert stats[-1].loss < stats[0].loss
    assert all(value.dtype != torch.bfloat16 for value in state.values())


def test_processes_together_have_the_gradients_of_one(
    lab: Lab, sets: tuple[TrainingPhotos, TrainingPhotos], pair: Pair, tmp_path: Path
) -> None:
    """Unequal shares, an unreadable photo in one share, and a last batch of one or two photos."""
    learning = sets[0].only_covered()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    files = [*learning.files[:23], broken]
    photos = dataclasses.replace(learning, files=PhotoList.of_files(files))
    model = dataclasses.replace(plain(lab.config).model)
    for size in (11, 7, 23):  # 24 photos: a last batch of 2, of 3, of 1
        geolocator = build_geolocator(model, cells=4, image_size=32)
        (one, sums, failures), *many = (
            gradients(ALONE, geolocator, photos, size),
            *pair.run(gradients, geolocator, photos, size),
        )
        assert (sums.photos, sums.skipped, len(failures)) == (23, 1, 1)
        for steps, tally, reasons in many:
            assert reasons == failures
            assert (tally.photos, tally.skipped, tally.covered) == (23, 1, sums.covered)
            assert tally.loss == pytest.approx(sums.loss, abs=1e-5)
            assert len(steps) == len(one) == -(-24 // size)
            for mine, theirs in zip(steps, one, strict=True):
                assert mine.keys() == theirs.keys()
                for name, gradient in mine.items():
                    torch.testing.assert_close(gradient, theirs[name], rtol=0, atol=1e-5)


@pytest.mark.parametrize("accumulate", [2, 3, 20])
def test_parts_of_a_batch_have_its_gradients(
    accumulate: int, lab: Lab, sets: tuple[TrainingPhotos, TrainingPhotos], pair: Pair
) -> None:
    """Unequal parts, more parts than photos, and the same with two processes."""
    photos = sets[0].only_covered()  # 24, so that a last batch of 11 has 2
    geolocator = build_geolocator(plain(lab.config).model, cells=4, image_size=32)
    whole, sums, _ = gradients(ALONE, geolocator, photos, 11)
    parted, tally, _ = gradients(ALONE, geolocator, photos, 11, accumulate)
    together, *_ = pair.run(gradients, geolocator, photos, 11, accumulate)
    assert tally.loss == pytest.approx(sums.loss, abs=1e-5)
    assert (tally.photos, tally.covered) == (sums.photos, sums.covered)
    for steps, tolerance in ((parted, 1e-6), (together[0], 1e-5)):
        assert len(steps) == len(whole) == 3
        for mine, theirs in zip(steps, whole, strict=True):
            assert mine.keys() == theirs.keys()
            for name, gradient in mine.items():
                torch.testing.assert_close(gradient, theirs[name], rtol=tolerance, atol=tolerance)


def test_processes_add_up_their_gradients_once_a_batch(
    lab: Lab, sets: tuple[TrainingPhotos, TrainingPhotos], pair: Pair
) -> None:
    photos = sets[0].only_covered()
    geolocator = build_geolocator(plain(lab.config).model, cells=4, image_size=32)
    assert pair.run(summed, geolocator, photos, 12, 3) == [2, 2]  # 2 batches, 6 backward passes


def test_parts_with_norms_over_a_batch_learn_too(lab: Lab) -> None:
    train = dataclasses.replace(lab.config.train, accumulate=5)
    _, stats = lab.train(config=dataclasses.replace(lab.config, train=train))
    assert stats[-1].loss < stats[0].loss
    assert stats[-1].val_top_1 > 0


def test_no_step_waits_for_its_device(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers of twelve steps are read twice, and are those of steps that are read at once."""
    train = dataclasses.replace(lab.config.train, batch_size=2, hierarchy=0.5, ema=0.9)
    session = lab.session(config=dataclasses.replace(lab.config, train=train))
    engine = session._engine(lambda *_: None)
    first = copy.deepcopy(session.geolocator.state_dict())

    def epoch(tally: Tally, judged: Tally) -> None:
        session.geolocator.load_state_dict(first)
        planned = plan(session.config.train.stages)[1]
        stage = start_stage(session.geolocator, planned, session.config.train)
        how = {"after": lambda *_: None}
        with session._loader(session.train) as learned, session._loader(session.val) as other:
            engine.train(
                session.train,
                learned.epoch(0),
                stage.optimizer,
                epoch=0,
                tally=tally,
                learned=stage.learned(session.geolocator, planned.first, 12),
                **how,
            )
            engine.validate(session.val, other.epoch(0), tally=judged, **how)

    at_once = Tally(), Tally()
    epoch(*at_once)
    seldom = Tally(readings=Readings(10)), Tally(readings=Readings(10))
    with monkeypatch.context() as patch, Waits(patch) as waits:
        epoch(*seldom)
    assert waits.names == ["tolist", "tolist", "tolist"]  # 10 and 3 steps, 5 of validation
    for own, other in zip(seldom, at_once, strict=True):
        assert dataclasses.replace(own, started=None) == dataclasses.replace(other, started=None)
    assert at_once[0].covered == 26


def test_a_loss_that_is_read_late_keeps_its_step_and_is_never_kept(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Readings, "from_device", lambda _device: Readings(10))
    train = dataclasses.replace(lab.config.train, batch_size=2)
    config = dataclasses.replace(lab.config, train=train)
    calls = iter(range(100))
    own_loss = Engine._part_loss

    def spoiled(self: Engine, *arguments: Any) -> torch.Tensor:
        return own_loss(self, *arguments) * (math.nan if next(calls) == 3 else 1)

    monkeypatch.setattr(Engine, "_part_loss", spoiled)
    steps: list[int] = []
    with pytest.raises(ModelError, match=r"epoch 1, step 4: the training loss is nan"):
        lab.train(config=config, on_step=lambda stats: steps.append(stats.step))
    assert steps == list(range(1, 10))  # the tenth reads
    snapshot, _ = lab.run().snapshots.latest()
    assert snapshot is not None
    assert (snapshot.epoch, snapshot.step) == (0, 0)

    every_step = dataclasses.replace(train, save_minutes=0.0)
    calls = iter(range(100))
    with pytest.raises(ModelError, match=r"epoch 1, step 4: the training loss is nan"):
        lab.train("often", config=dataclasses.replace(config, train=every_step))
    snapshot, _ = lab.run("often").snapshots.latest()
    assert snapshot is not None
    assert (snapshot.step, snapshot.tallies["train"]["covered"]) == (3, 6)
