"""The commands and the Python of the README run, and its links lead somewhere."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geoguess_cli.app import app
from geoguess_cli.config import load_config

REPOSITORY = Path(__file__).resolve().parents[1]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SESSION = README.split("## A session")[1].split("\n## ")[0]


def session_commands() -> list[list[str]]:
    """The commands after `$ ` in the session, in order."""
    lines = re.findall(r"^\$ geoguess (.*)$", SESSION, flags=re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts of the repository that the session uses, with a training of an epoch a stage."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "sample_data").symlink_to(REPOSITORY / "sample_data")
    text = (REPOSITORY / "geoguess.toml").read_text(encoding="utf-8")
    (folder / "geoguess.toml").write_text(re.sub(r"epochs = \d+", "epochs = 1", text))
    shutil.copytree(REPOSITORY / "docs", folder / "docs")
    return folder


@pytest.mark.slow
def test_the_session_runs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = session_commands()
    shown = {command[0] for command in commands}
    assert shown == {"cells", "train", "eval", "predict", "occlude", "probmap"}
    monkeypatch.chdir(clone)
    for command in commands:
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, f"{command}\n{result.stderr}"
        assert result.stdout or result.stderr

    (code,) = re.findall(r"## In Python.*?```python\n(.*?)```", README, flags=re.DOTALL)
    printed: list[str] = []
    exec(compile(code, "README.md", "exec"), {"print": lambda *values: printed.append(values)})
    assert printed


def test_links_and_pictures_are_there() -> None:
    for path in (*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_verb_is_shown() -> None:
    for verb in ("cells build", "train", "eval", "predict", "occlude", "probmap", "data split"):
        assert f"geoguess {verb}" in README


def test_the_configurations_shown_are_read(tmp_path: Path) -> None:
    for page in (REPOSITORY / "docs").glob("*.md"):
        for block in re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            (tmp_path / "geoguess.toml").write_text(block)
            assert load_config(tmp_path / "geoguess.toml", environment={}).photos.name


def test_the_readme_is_read_at_one_sitting() -> None:
    assert len(README.splitlines()) <= 180
