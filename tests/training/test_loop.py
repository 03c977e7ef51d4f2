"""Training: it learns, it stops and goes on exactly, and it says what is wrong."""

import dataclasses
import itertools
import math
from typing import Any

import pytest
import torch
from training_worlds import Lab, same, smaller, timeless

from geoguess_cli.config import StageConfig, load_config
from geoguess_cli.errors import (
    ConfigError,
    MissingFileError,
    ModelError,
)
from geoguess_cli.training.progress import StepStats


def test_it_learns_the_four_colours(lab: Lab) -> None:
    long = dataclasses.replace(
        lab.config.train,
        stages=(lab.config.train.stages[0], StageConfig("everything", 14, learning_rate=1e-3)),
    )
    _, stats = lab.train(config=dataclasses.replace(lab.config, train=long))
    best = min(stats, key=lambda epoch: epoch.val_loss)
    assert best.val_loss < 0.5 < stats[0].val_loss
    assert best.val_top_1 == pytest.approx(0.8)  # the two of ten in no cell count as wrong
    assert best.val_top_5 == pytest.approx(0.8)


def test_epochs_are_counted_through_the_stages_and_written_down(lab: Lab) -> None:
    _, stats = lab.train()
    assert [(s.stage, s.stage_name, s.epoch, s.epochs) for s in stats] == [
        (1, "heads", 1, 4),
        (1, "heads", 2, 4),
        (2, "everything", 3, 4),
        (2, "everything", 4, 4),
    ]
    assert [s.learning_rate for s in stats] == [3e-3, 3e-3, 1e-3, 1e-3]
    run = lab.run()
    assert run.metrics() == [dataclasses.asdict(s) for s in stats]
    assert load_config(run.config_path, environment={}).train == lab.config.train


def test_the_best_weights_are_the_ones_that_remain(lab: Lab) -> None:
    session = lab.session()
    weights = {}
    for stats in session.epochs():
        state = session.geolocator.state_dict()
        weights[stats.val_loss] = {name: tensor.clone() for name, tensor in state.items()}
        assert stats.best == (stats.val_loss == min(weights))
    least = min(weights)
    assert same(session.trained().geolocator.state_dict(), weights[least])
    assert same(lab.run().best(cells_digest=lab.digest), weights[least])
    snapshot, _ = lab.run().snapshots.latest()
    assert snapshot is not None
    assert snapshot.best.val_loss == least


@pytest.mark.parametrize(
    ("epoch", "step", "phase"), [(2, 2, "train"), (3, 1, "train"), (4, 2, "val"), (1, 1, "train")]
)
def test_an_interrupted_training_goes_on_bit_for_bit(
    epoch: int, step: int, phase: str, lab: Lab
) -> None:
    straight, all_stats = lab.train("straight")
    lab.interrupt("broken", epoch=epoch, step=step, phase=phase)
    assert [line["epoch"] for line in lab.run("broken").metrics()] == list(range(1, epoch))
    torch.manual_seed(1234)  # a new process has other randomness, and other first weights
    resumed, rest = lab.train("broken", weights=99, resume=True)
    assert same(straight, resumed)
    assert timeless(rest) == timeless(all_stats[epoch - 1 :])
    assert [line["epoch"] for line in lab.run("broken").metrics()] == [1, 2, 3, 4]


def test_a_finished_training_resumes_to_its_result(lab: Lab) -> None:
    straight, _ = lab.train()
    resumed, rest = lab.train(weights=99, resume=True)
    assert rest == []
    assert same(straight, resumed)


def test_workers_change_nothing(lab: Lab) -> None:
    alone, stats = lab.train("alone")
    helped, helped_stats = lab.train("helped", config=dataclasses.replace(lab.config, workers=2))
    assert same(alone, helped)
    assert timeless(stats) == timeless(helped_stats)


def test_the_seed_decides(lab: Lab) -> None:
    one, _ = lab.train("one")
    torch.manual_seed(77)
    again, _ = lab.train("again")
    other, _ = lab.train("other", config=dataclasses.replace(lab.config, seed=6))
    assert same(one, again)
    assert not same(one, other)


def test_stage_by_stage_is_thesame_as_all_at_once(lab: Lab) -> None:
    together, stats = lab.train("together")
    _, first = lab.train("apart", stage=1)
    apart, second = lab.train("apart", weights=99, stage=2)
    assert same(together, apart)
    assert [s.epoch for s in first + second] == [1, 2, 3, 4]
    assert [s.val_loss for s in first + second] == [s.val_loss for s in stats]
    assert [line["epoch"] for line in lab.run("apart").metrics()] == [1, 2, 3, 4]


def test_a_single_stage_can_be_interrupted_too(lab: Lab) -> None:
    together, _ = lab.train("together")
    lab.train("apart", stage=1)

    def on_step(stats: StepStats) -> None:
        if stats.epoch == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lab.train("apart", stage=2, on_step=on_step)
    with pytest.raises(ConfigError, match=r"cannot resume stage 1: .* was training stage 2"):
        lab.train("apart", stage=1, resume=True)
    resumed, rest = lab.train("apart", weights=99, resume=True)
    assert [s.epoch for s in rest] == [4]
    assert same(together, resumed)


def test_a_stage_run_again_forgets_its_first_try_and_all_that_followed(lab: Lab) -> None:
    lab.train()
    lab.train(stage=1)
    run = lab.run()
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    assert run.stage_path(1).is_file()
    assert not run.stage_path(2).exists()


def test_a_stage_without_its_predecessor_says_so(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match=r"stage 2 starts from the result of stage 1.*none"):
        lab.train(stage=2)
    lab.train(stage=1)
    with pytest.raises(ModelError, match="trained on another partition"):
        lab.train(stage=2, partition=smaller(lab.partition))
    model = dataclasses.replace(lab.config.model, grid=3)
    with pytest.raises(ModelError, match="another architecture"):
        lab.train(stage=2, config=dataclasses.replace(lab.config, model=model))


def test_a_plateau_lowers_the_rate_of_its_stage_only(lab: Lab) -> None:
    stages = (
        StageConfig("still", epochs=4, learning_rate=1e-12, freeze=("backbone", "vit")),
        StageConfig("everything", epochs=1, learning_rate=1e-3),
    )
    train = dataclasses.replace(
        lab.config.train, stages=stages, plateau_patience=0, plateau_factor=0.1
    )
    _, stats = lab.train(config=dataclasses.replace(lab.config, train=train))
    rates = [s.learning_rate for s in stats]
    # A rate too small to change the loss: the first epoch sets the mark, the others miss it.
    assert rates[0] == rates[1] == 1e-12
    assert rates[2] == pytest.approx(1e-13)
    assert rates[4] == 1e-3


@pytest.mark.promise("fault", "a loss that is not finite")
def test_a_loss_that_diverges_keeps_the_best_and_advises(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoguess_cli.training import epoch, targets

    loss, calls = targets.cell_loss, itertools.count()

    def diverging(*args: Any, **options: Any) -> torch.Tensor:
        # An epoch takes 3 batches to learn from and one to validate; the last lies in no cell.
        return loss(*args, **options) * (math.nan if next(calls) == 5 else 1.0)

    for module in (epoch, targets):
        monkeypatch.setattr(module, "cell_loss", diverging)
    with pytest.raises(ModelError) as caught:
        lab.train()
    message = str(caught.value)
    assert message.startswith("stage 1 (heads), epoch 2, step 2: the training loss is nan. Lower")
    assert "learning_rate (0.003)" in message
    assert str(lab.run().best_path) in message
    state = lab.run().best(cells_digest=lab.digest)
    snapshot, _ = lab.run().snapshots.latest()
    assert snapshot is not None
    assert snapshot.best.epoch == 1
    assert all(torch.isfinite(value).all() for value in state.values())


def test_a_cosine_and_distance_targets_go_on_bit_for_bit(lab: Lab) -> None:
    changed = dataclasses.replace(
        lab.config.train, schedule="cosine", warmup_epochs=1, targets="distance"
    )
    config = dataclasses.replace(lab.config, train=changed)
    straight, stats = lab.train("straight", config=config)
    assert [epoch.learning_rate for epoch in stats] == pytest.approx([1.5e-3, 3e-3, 5e-4, 1e-3])
    lab.interrupt("broken", epoch=2, step=1, phase="val", config=config)
    resumed, rest = lab.train("broken", weights=99, resume=True, config=config)
    assert same(straight, resumed)
    assert timeless(rest) == timeless(stats[1:])


@pytest.mark.parametrize("train", [{"ema": 0.9}, {"balance": 1.0}, {"layer_decay": 0.7}])
def test_what_is_off_in_the_paper_goes_on_bit_for_bit(lab: Lab, train: dict[str, float]) -> None:
    config = dataclasses.replace(lab.config, train=dataclasses.replace(lab.config.train, **train))
    plain, _ = lab.train("plain", weights=0)
    straight, stats = lab.train("straight", weights=0, config=config)
    assert any(not torch.equal(straight[name], plain[name]) for name in plain)
    lab.interrupt("broken", epoch=2, step=2, weights=0, config=config)
    resumed, rest = lab.train("broken", resume=True, config=config)
    assert all(torch.equal(resumed[name], straight[name]) for name in straight)
    assert [entry.val_loss for entry in rest] == [entry.val_loss for entry in stats][1:]
