"""A verb that torchrun starts several times: one prints and writes, an error is told once."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from command_worlds import World, write_world
from process_worlds import Pair

import geoguess_cli
import geoguess_cli.model.processes as connected
from geoguess_cli.config import Config
from geoguess_cli.console import processes
from geoguess_cli.errors import ConfigError
from geoguess_cli.model.processes import ALONE, Processes

STARTED = {
    "RANK": "5",
    "WORLD_SIZE": "8",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "4",
    "TORCHELASTIC_RESTART_COUNT": "2",
}


def test_the_variables_of_torchrun_say_who_prints() -> None:
    assert (processes.count({}), processes.leads({})) == (1, True)
    assert (processes.count(STARTED), processes.leads(STARTED)) == (8, False)
    assert processes.leads({**STARTED, "RANK": "0"})
    # Some services set it in each process of a job although the processes do not work together.
    assert processes.count({"WORLD_SIZE": "8"}) == 1
    with pytest.raises(ConfigError, match=r"variable WORLD_SIZE is `all`; torchrun sets it to a"):
        processes.count({"RANK": "0", "WORLD_SIZE": "all"})


def test_a_verb_joins_its_job_and_leaves_it_unless_there_was_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(connected, "join", lambda own, *, device: seen.append(device) or own)
    monkeypatch.setattr(connected, "leave", seen.append)
    config = Config(device="cuda")
    with processes.joined(config, dict(STARTED)) as job:
        assert job == Processes(rank=5, count=8, local_rank=1, local_count=4, attempt=2)
    assert seen == ["cuda", job]
    with pytest.raises(typer.Exit), processes.joined(config, dict(STARTED)):
        raise typer.Exit(0)
    assert seen[2:] == ["cuda", job]
    with pytest.raises(ConfigError), processes.joined(config, dict(STARTED)):
        raise ConfigError("the others must notice")
    assert seen[4:] == ["cuda"]
    with processes.joined(config, {}) as job:
        assert job is ALONE


def told(of_job: Processes, *messages: str) -> bool:
    """Whether this process prints its message."""
    environment = {"RANK": str(of_job.rank), "WORLD_SIZE": str(of_job.count)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        return processes.tells(messages[of_job.rank])


def test_an_error_of_all_is_told_by_one(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes.tells("alone")
    assert sorted(pair.run(told, "the same", "the same")) == [False, True]
    assert pair.run(told, "one", "another") == [True, True]
    # Before the processes are connected.
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    for rank, tells in ("0", True), ("1", False):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", "2")
        assert processes.tells("no table") is tells
    assert waited == [processes.LEADER_SPEAKS_S]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    """Two copies of a world with cells; the second one shows what the second process writes."""
    first = World(write_world(tmp_path_factory.mktemp("first") / "world"))
    first.run("cells", "build")
    second = tmp_path_factory.mktemp("second") / "world"
    shutil.copytree(first.folder, second)
    return first, World(second)


def listed(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_train_stops_and_goes_on_and_only_the_first_process_writes(
    worlds: tuple[World, World], pair: Pair
) -> None:
    folder, others = worlds[0].folder, worlds[1].folder
    before = listed(others)
    train = ("train", "--stage", "1", "--name", "two")
    (first, second) = pair.geoguess(folder, *train, "--stop-after", "0s", others=others)
    # Exit code 75 would be a failure for torchrun.
    assert (first[0], second) == (0, (0, "", ""))
    assert "stopped before its time limit; artifacts/runs/two holds every step" in first[2]
    (first, second) = pair.geoguess(folder, *train, "--resume", "auto", others=others)
    assert (first[0], second) == (0, (0, "", ""))
    assert "continuing artifacts/runs/two" in first[2]
    assert first[1].startswith("best epoch")
    assert (folder / "artifacts/model/model.safetensors").is_file()
    assert (folder / "artifacts/runs/two/curves.png").is_file()
    assert listed(others) == before


def test_an_error_of_a_verb_is_one_line(worlds: tuple[World, World], pair: Pair) -> None:
    runs = pair.geoguess(worlds[0].folder, "train", "--photos", "none.csv")
    assert [code for code, _, _ in runs] == [1, 1]
    (line,) = "".join(error for _, _, error in runs).splitlines()
    assert line.startswith("error: no photos at none.csv;")


def test_a_verb_of_one_process_is_refused(worlds: tuple[World, World], pair: Pair) -> None:
    runs = pair.geoguess(worlds[0].folder, "cells", "build")
    assert [code for code, _, _ in runs] == [1, 1]
    (line,) = "".join(error for _, _, error in runs).splitlines()
    assert line == (
        "error: `build` works in one process, and torchrun started 2; start it without torchrun"
    )


BREAKING = """
import os
from geoguess_cli.app import main
from geoguess_cli.console.training import TrainingDisplay
from geoguess_cli.errors import PhotoError

step, attempt = TrainingDisplay.step, int(os.environ["TORCHELASTIC_RESTART_COUNT"])

def breaking(self, stats):
    step(self, stats)
    if os.environ["RANK"] == "1" and stats.phase == "val" and attempt == 0:
        raise PhotoError("the second process has a fault of its own")

TrainingDisplay.step = breaking
main()
"""


def test_torchrun_ends_all_with_the_error_of_one_and_then_goes_on(
    worlds: tuple[World, World], tmp_path: Path
) -> None:
    (tmp_path / "job.py").write_text(BREAKING)
    options = ["--standalone", "--nproc-per-node", "2", "--max-restarts", "3"]
    verb = ["train", "--stage", "1", "--resume", "auto", "--name", "broken"]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *options, tmp_path / "job.py", *verb],
        cwd=worlds[0].folder,
        env=os.environ | {"PYTHONPATH": str(Path(geoguess_cli.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines.count("error: the second process has a fault of its own") == 1
    assert sum(line.startswith("continuing") for line in lines) == 1
    assert done.stdout.startswith("best epoch")
    metrics = worlds[0].folder / "artifacts" / "runs" / "broken" / "metrics.jsonl"
    assert len(metrics.read_text().splitlines()) == 1
