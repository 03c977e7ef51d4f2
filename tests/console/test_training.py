"""The progress of a training in the terminal: one heading, then one line an epoch."""

import pytest

from geoguess_cli.console.output import Sink
from geoguess_cli.console.training import NAMED, TrainingDisplay
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


@pytest.mark.promise("fault", "a photo folder that is gone while `train` runs")
def test_of_many_photos_that_cannot_be_read_the_first_are_named(capsys) -> None:
    with TrainingDisplay(Sink(), stages=2) as display:
        for number in range(823):
            display.failure(f"{number}.jpg does not exist")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:NAMED] == [f"warning: {n}.jpg does not exist; skipped" for n in range(NAMED)]
    assert [line[:32] for line in lines[NAMED:]] == ["warning: more than 20 photos can"]


def steps_seen(count: int, seconds: float, *, epochs: int = 4) -> TrainingDisplay:
    """A display after the steps of a first epoch, each of which took this time."""
    now = iter(number * seconds for number in range(count + 1))
    where = {**WHERE, "epochs": epochs}
    with TrainingDisplay(Sink(), stages=2, clock=lambda: next(now)) as display:
        for step in range(1, count + 1):
            display.step(
                StepStats(
                    **where,
                    epoch=1,
                    phase="train",
                    step=step,
                    steps=90,
                    loss=1.5,
                    photos_per_second=80.0,
                )
            )
    return display


def test_how_long_it_takes_is_said_once_in_the_first_epoch(capsys) -> None:
    steps_seen(9, seconds=2.0)
    assert capsys.readouterr().err == "about 13 min for 4 epochs at this speed, 3 min each\n"
    steps_seen(3, seconds=2.0)
    assert capsys.readouterr().err == ""  # not yet
    steps_seen(90, seconds=0.1)  # too fast for ten seconds, but the epoch ends
    assert capsys.readouterr().err == ""  # a minute at most needs no forecast
    steps_seen(90, seconds=0.1, epochs=100)
    assert capsys.readouterr().err == "about 17 min for 100 epochs at this speed, 10 s each\n"


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
