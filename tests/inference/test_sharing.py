"""Processes that share photos give the rows of one process, in its order."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_worlds import World
from process_worlds import Pair, approximately

from geoguess_cli.errors import PhotoError
from geoguess_cli.inference.sharing import assist, dismiss, shared
from geoguess_cli.model.processes import Processes

FOLDERS = ("one", "two")
"""What one process writes, and what two write."""


@dataclasses.dataclass(frozen=True)
class Counting:
    """Numbers in turn; the process that has the bad one fails."""

    parts: int
    bad: int = -1

    def results(self, processes: Processes) -> Iterator[int]:
        for part in range(processes.rank, self.parts, processes.count):
            if part == self.bad:
                raise PhotoError(f"rank {processes.rank} fails at {part}")
            yield part


def counted(processes: Processes) -> list[Any]:
    """What the leader gets of several tasks, one of which fails."""
    if not processes.leads:
        return [assist(processes)]
    seen: list[Any] = [list(shared(processes, Counting(7))), list(shared(processes, Counting(0)))]
    failing = shared(processes, Counting(9, bad=3))
    try:
        seen.append([])
        seen[-1] += failing
    except PhotoError as error:
        seen.append(str(error))
    seen.append(list(shared(processes, Counting(2))))
    dismiss(processes)
    return seen


def test_parts_come_in_order_and_an_error_ends_one_task_alone(pair: Pair) -> None:
    leader, helper = pair.run(counted)
    assert leader[0] == list(range(7))
    assert leader[1] == []
    assert leader[3] == "rank 1 fails at 3"
    assert leader[4] == [0, 1]
    assert helper == [True]


@pytest.fixture(scope="module")
def unreadable(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The table of the trained world, whose sixth photo cannot be read."""
    folder = tmp_path_factory.mktemp("unreadable")
    (folder / "bad.jpg").write_text("no photo")
    table = pl.read_csv(trained_world.folder / "photos.csv")
    photos = [str(trained_world.folder / name) for name in table["photo"]]
    photos[5] = str(folder / "bad.jpg")
    table.with_columns(pl.Series("photo", photos)).write_csv(folder / "photos.csv")
    return folder / "photos.csv"


def test_predict_gives_the_rows_of_one_process(
    trained_world: World, pair: Pair, unreadable: Path, tmp_path: Path
) -> None:
    verb = ("predict", unreadable, "--batch-size", "8", "-o")
    trained_world.run(*verb, tmp_path / "one.jsonl", code=1)
    first, second = pair.geoguess(trained_world.folder, *verb, tmp_path / "two.jsonl")
    assert (first[0], second) == (1, (0, "", ""))
    assert first[2].count("bad.jpg") == 1
    one, two = (
        [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("one.jsonl", "two.jsonl")
    )
    assert len(one) == len(two) == 96
    assert [row["photo"] for row in one] == [row["photo"] for row in two]
    for mine, theirs in zip(one, two, strict=True):
        assert mine == approximately(theirs)


def test_the_report_is_that_of_one_process(
    trained_world: World, pair: Pair, tmp_path: Path
) -> None:
    verb = ("eval", "--batch-size", "5", "--report")
    first, second = pair.geoguess(trained_world.folder, *verb, tmp_path / "two")
    assert (first[0], second) == (0, (0, "", ""))
    trained_world.run(*verb, tmp_path / "one")
    one, two = (json.loads((tmp_path / name / "report.json").read_text()) for name in FOLDERS)
    assert two == approximately(one)
    frames = [pl.read_parquet(tmp_path / name / "predictions.parquet") for name in FOLDERS]
    assert frames[0]["photo"].to_list() == frames[1]["photo"].to_list()


def test_groups_and_views_are_those_of_one_process(
    trained_world: World, pair: Pair, unreadable: Path, tmp_path: Path
) -> None:
    """The photos of a group are answered by both processes; one of them cannot be read."""
    verb = ("predict", unreadable, "--group-by", "sequence", "--batch-size", "5", "-o")
    trained_world.run(*verb, tmp_path / "one.jsonl", code=1)
    first, second = pair.geoguess(trained_world.folder, *verb, tmp_path / "two.jsonl")
    assert (first[0], second) == (1, (0, "", ""))
    one, two = (
        [json.loads(line) for line in (tmp_path / name).read_text().splitlines()]
        for name in ("one.jsonl", "two.jsonl")
    )
    assert len(one) == len(two) == 24
    assert [row["photos"] for row in one] == [4] * 24
    for mine, theirs in zip(one, two, strict=True):
        assert mine == approximately(theirs)
    judged = ("eval", "--group-by", "sequence", "--views", "2", "--batch-size", "5", "--report")
    trained_world.run(*judged, tmp_path / "one")
    first, second = pair.geoguess(trained_world.folder, *judged, tmp_path / "two")
    assert (first[0], second) == (0, (0, "", ""))
    reports = [json.loads((tmp_path / name / "report.json").read_text()) for name in FOLDERS]
    assert reports[1] == approximately(reports[0])
    assert reports[0]["model"]["views"] == 2
    assert reports[0]["counts"]["photos"] == 3


def test_calibration_is_that_of_one_process_with_kept_features(
    trained_world: World, pair: Pair, tmp_path: Path
) -> None:
    """When they are asked again, the processes read the features that the others have kept."""
    settings, table = tmp_path / "geoguess.toml", trained_world.folder / "photos.csv"
    own = (trained_world.folder / "geoguess.toml").read_text()
    own = own.replace('"photos.csv"', f'"{table.as_posix()}"')
    settings.write_text(f'{own}[features]\ndtype = "float32"\n')
    model = trained_world.folder / "artifacts" / "model"
    verb = ("calibrate", "--config", settings, "--model", model, "--batch-size", "5", "-o")
    for name in ("two", "again"):
        first, second = pair.geoguess(tmp_path, *verb, tmp_path / name)
        assert (first[0], second) == (0, (0, "", ""))
        assert (tmp_path / "artifacts" / "features").is_dir()
    trained_world.run("calibrate", "--batch-size", "5", "-o", tmp_path / "one")
    one, *others = (
        json.loads((tmp_path / name / "config.json").read_text()) for name in (*FOLDERS, "again")
    )
    assert all(other == approximately(one) for other in others)
