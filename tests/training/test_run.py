"""The folder of a run survives an interruption between two writes."""

import itertools
import json
from typing import Any

import pytest
from training_worlds import Lab, same

from geoguess_cli.training.run import Run


def test_an_epoch_that_was_kept_but_not_marked_is_run_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power fails after an epoch's best weights and metrics, before its resume state."""
    straight, _ = lab.train("straight")
    saves = itertools.count()
    save = Run.save_resume

    def failing(run: Run, state: dict[str, Any]) -> None:
        if next(saves) == 3:
            raise KeyboardInterrupt
        save(run, state)

    monkeypatch.setattr(Run, "save_resume", failing)
    with pytest.raises(KeyboardInterrupt):
        lab.train("broken")
    monkeypatch.undo()
    assert [line["epoch"] for line in lab.run("broken").metrics()] == [1, 2, 3]
    resumed, rest = lab.train("broken", resume=True)
    assert [s.epoch for s in rest] == [3, 4]
    assert same(straight, resumed)
    assert [line["epoch"] for line in lab.run("broken").metrics()] == [1, 2, 3, 4]


def test_metrics_survive_a_torn_last_line(lab: Lab) -> None:
    lab.train(stage=1)
    run = lab.run()
    with run.metrics_path.open("a") as file:
        file.write('{"epoch": 3, "val_lo')
    assert [line["epoch"] for line in run.metrics()] == [1, 2]
    assert all(json.loads(line) for line in run.metrics_path.read_text().splitlines()[:-1])
