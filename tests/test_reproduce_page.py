"""docs/reproduce.md keeps its word: its commands exist, and those that need no download run."""

from pathlib import Path

import pytest
from command_lines import check_command, commands_of
from typer.testing import CliRunner

from geoguess_cli.app import app

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reproduce.md"
COMMANDS = commands_of(PAGE)

RUN = [
    ["recipe", "use", "paper"],
    ["data", "split", "photos.parquet"],
    ["data", "leaks", "photos.parquet", "--no-photos"],
    ["cells", "build"],
    ["cells", "show", "--limit", "20"],
    ["recipe", "use", "notebook", "-o", "notebook.toml"],
]
"""Commands of the page that run on any photo table, in their order on the page."""


def test_the_page_has_the_whole_way() -> None:
    verbs = {command[0] for command in COMMANDS}
    assert verbs == {
        "recipe",
        "data",
        "cells",
        "train",
        "eval",
        "occlude",
        "survey",
        "probmap",
        "calibrate",
    }


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_parses(command: list[str]) -> None:
    check_command(command)


def test_those_that_need_no_download_run_in_their_order(world, monkeypatch) -> None:
    monkeypatch.chdir(world.folder)
    (world.folder / "geoguess.toml").unlink()
    world.run("data", "import", "photos.csv", "-o", "photos.parquet")
    assert [command for command in COMMANDS if command in RUN] == RUN
    for command in RUN:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, f"{command}\n{result.stderr}"


def test_a_command_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(Exception, match=r"(?i)no such (command|option)"):
        check_command(["data", "inspekt", "x"])
    with pytest.raises(Exception, match=r"(?i)no such option"):
        check_command(["cells", "build", "--max-fotos", "3"])
