"""docs/install.md keeps its word: extras, completion, the commands of the container."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
TEXT = (REPOSITORY / "docs" / "install.md").read_text(encoding="utf-8")


def test_the_table_names_extras_that_there_are() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    table = TEXT.partition("| extra |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)
    assert set(named) <= project["project"]["optional-dependencies"].keys()
    assert len(named) == len(set(named)) >= 8


COMMANDS = re.findall(r"_GEOGUESS_COMPLETE\W+source_(\w+)", TEXT)


@pytest.mark.parametrize("shell", COMMANDS)
def test_the_completion_of_each_shell_is_printed(shell: str) -> None:
    assert COMMANDS == ["bash", "zsh", "fish", "pwsh"]
    script = "from geoguess_cli.app import app; app(prog_name='geoguess')"
    environment = os.environ | {"_GEOGUESS_COMPLETE": f"source_{shell}"}
    answer = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert "_GEOGUESS_COMPLETE" in answer.stdout
    assert "complete" in answer.stdout.replace("_GEOGUESS_COMPLETE", "")


def test_the_commands_of_the_container_are_those_of_the_dockerfile() -> None:
    head = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").partition("FROM")[0]
    for command in re.findall(r"^docker .*", TEXT, re.MULTILINE):
        assert command in head
