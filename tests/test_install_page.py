"""docs/install.md keeps its word: extras, completion, the commands of the container."""

import os
import re
import shutil
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


ASK = {
    "bash": """source SCRIPT
COMP_WORDS=(geoguess data sp) COMP_CWORD=2
_geoguess_completion geoguess
echo "${COMPREPLY[@]}" """,
    "fish": """source SCRIPT
complete --do-complete "geoguess data sp" """,
    # What the script calls is given by `compinit`, and works in a terminal only.
    "zsh": """compdef() { [[ "$*" == "_geoguess_completion geoguess" ]] && bound=1 }
_arguments() { print -r -- "$@" }
source SCRIPT
words=(geoguess data sp) CURRENT=3
(( bound )) && _geoguess_completion""",
}
"""A script of each shell that asks for the verbs of `data` that begin with `sp`."""


@pytest.mark.skipif(os.name == "nt", reason="the shells of Unix")
@pytest.mark.parametrize("shell", ASK)
def test_a_shell_completes_a_verb(shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"{shell} is not on this machine")
    command = tmp_path / "geoguess"
    command.write_text(f"#!{sys.executable}\nfrom geoguess_cli.app import main\n\nmain()\n")
    command.chmod(0o755)
    environment = {
        **{name: own for name, own in os.environ.items() if not name.startswith("BASH_")},
        "HOME": str(tmp_path),
        "PATH": os.pathsep.join((str(tmp_path), os.environ["PATH"])),
        "PYTHONPATH": str(REPOSITORY),
    }

    def run(*words: str, **more: str) -> str:
        return subprocess.run(
            words, env=environment | more, capture_output=True, text=True, check=True
        ).stdout

    script = tmp_path / "completion"
    script.write_text(run("geoguess", _GEOGUESS_COMPLETE=f"source_{shell}"))
    run(found, "-n", str(script))  # the shell can parse it
    asking = tmp_path / "ask"
    asking.write_text(ASK[shell].replace("SCRIPT", str(script)))
    answer = run(found, str(asking))
    assert "split" in answer
    assert "columns" not in answer


def test_the_commands_of_the_container_are_those_of_the_dockerfile() -> None:
    head = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8").partition("FROM")[0]
    for command in re.findall(r"^docker .*", TEXT, re.MULTILINE):
        assert command in head
