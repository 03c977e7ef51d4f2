"""The progress of a training in the terminal: one heading, then one line an epoch."""

import pytest

from geoguess_cli.console.output import Sink
from geoguess_cli.console.training import TrainingDisplay
from geoguess_cli.training.progress import EpochStats, StepStats

WHERE = {"stage": 1, "stage_name": "heads", "epochs": 4, "learning_rate": 1e-3}


def epoch(number: int, *, best: bool) -> EpochStats:
    return EpochStats(
        **WHERE,
        epoch=number,
        loss=2.5,
        val_loss=2.25,
        val_top_1=0.125,
        val_top_5=0.5,
        photos_per_second=80.4,
        seconds=3.0,
        best=best,
        skipped=0,
    )


def test_each_epoch_is_a_line_under_one_heading(capsys) -> None:
    with TrainingDisplay(Sink(), stages=2) as display:
        display.epoch(epoch(1, best=True))
        display.epoch(epoch(2, best=False))
    text, errors = capsys.readouterr()
    assert text == ""
    heading, first, second = errors.splitlines()
    assert heading.split()[:2] == ["stage", "epoch"]
    assert first.split()[:5] == ["heads", "1/4", "2.500", "2.250", "12.5%"]
    assert first.split()[5:] == ["50.0%", "1.0e-03", "80", "best"]
    assert second.split()[-1] == "80"
    assert heading.index("top-1") + len("top-1") == first.index("12.5%") + len("12.5%")


def test_the_bar_moves_through_training_and_validation() -> None:
    with TrainingDisplay(Sink(), stages=2) as display:
        (task,) = display._progress.tasks
        for phase, step, steps, done in (("train", 5, 10, 1.45), ("val", 1, 2, 1.95)):
            display.step(
                StepStats(
                    **WHERE,
                    epoch=2,
                    phase=phase,
                    step=step,
                    steps=steps,
                    loss=1.5,
                    photos_per_second=80.0,
                )
            )
            assert (task.completed, task.total) == (pytest.approx(done), 4)
            assert task.description == f"stage 1/2 heads, epoch 2/4, {phase}"
