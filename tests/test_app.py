"""The command line as a whole: its speed to answer, its errors, its help."""

import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

import geoguess_cli
from geoguess_cli import __version__
from geoguess_cli.app import app
from geoguess_cli.errors import GeoguessError, GeoguessWarning

PACKAGE = Path(geoguess_cli.__file__).parent


def verbs(command: Any, name: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The words that call a command and each command below it."""
    below = getattr(command, "commands", {})
    return [name, *(words for key in below for words in verbs(below[key], (*name, key)))]


VERBS = verbs(get_command(app))


def test_every_verb_is_there() -> None:
    """One module of `commands/` for each verb or group of verbs; `data` has several."""
    modules = {path.stem.split("_")[0] for path in (PACKAGE / "commands").glob("[!_]*.py")}
    assert {words[0] for words in VERBS if words} == modules - {"evaluate"} | {"eval"}


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help_loads_nothing_heavy(verb: tuple[str, ...]) -> None:
    script = (
        "import sys\n"
        f"sys.argv = ['geoguess', *{verb!r}, '--help']\n"
        "from geoguess_cli.app import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code\n"
        "heavy = {'torch', 'timm', 'matplotlib', 'cartopy', 'polars', 'numpy', 'shapely'}\n"
        "heavy |= {'bokeh', 'fastapi', 'uvicorn'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_the_end_looks_for_no_garbage() -> None:
    """With torch loaded that takes as long as its import."""
    script = (
        "import gc, sys\n"
        "sys.argv = ['geoguess', '--version']\n"
        "from geoguess_cli.app import main\n"
        "try:\n    main()\n"
        "except SystemExit:\n    print(gc.get_freeze_count() > 0, gc.collect())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "True 0", done.stderr


def test_a_start_imports_the_verb_that_is_called() -> None:
    script = (
        "import sys\n"
        "from geoguess_cli.app import app\n"
        "app(['predict', '--help'], standalone_mode=False)\n"
        "print([name for name in sys.modules if name.startswith('geoguess_cli.commands.')])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "['geoguess_cli.commands.predict']"


def test_help_answers_at_once(tmp_path) -> None:
    """At most twice the processor time of an app of two commands, which Typer and Rich need."""
    # As in an installed program, all modules are compiled before.
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    bare = (
        "import typer\n"
        "app = typer.Typer()\n"
        "app.command('one')(lambda: None)\n"
        "app.command('two')(lambda: None)\n"
        "app()\n"
    )

    def spent(*command: str) -> float:
        before = os.times()
        call = [sys.executable, *command, "--help"]
        subprocess.run(call, capture_output=True, check=True, env=environment)
        after = os.times()
        user = after.children_user - before.children_user
        return user + after.children_system - before.children_system

    # By turns, and the least of each: other programs make single runs longer.
    pairs = [(spent("-m", "geoguess_cli"), spent("-c", bare)) for _ in range(6)]
    ours, least = (min(times) for times in zip(*pairs, strict=True))
    assert ours <= 2 * least


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"geoguess {__version__}\n"


def test_every_error_is_also_a_standard_one() -> None:
    for kind in GeoguessError.__subclasses__():
        assert issubclass(kind, ValueError | OSError | ImportError | MemoryError), kind


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("std::bad_alloc"), OSError(12, "Cannot allocate memory")]
)
@pytest.mark.promise("fault", "too little memory in any verb")
def test_too_little_memory_is_one_line(error, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("geoguess_cli.console.verbs.settings", fail)
    result = CliRunner().invoke(app, ["cells", "show"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: out of memory: there is too little memory; give a")
    assert result.stderr.count("\n") == 1
    assert CliRunner().invoke(app, ["--debug", "cells", "show"]).exception is error


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO])
@pytest.mark.promise("fault", "a file that may not be read or changed, in any verb")
def test_a_file_that_may_not_be_opened_is_one_line(number: int, monkeypatch) -> None:
    error = OSError(number, os.strerror(number), "some/file")

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("geoguess_cli.console.verbs.settings", fail)
    result = CliRunner().invoke(app, ["cells", "show"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: some/file: {os.strerror(number).lower()}; give a path")
    assert result.stderr.count("\n") == 1
    assert CliRunner().invoke(app, ["--debug", "cells", "show"]).exception is error


def test_a_warning_is_shown_once_whatever_libraries_filter(monkeypatch, tmp_path) -> None:
    def warn(*_: object, **__: object) -> None:
        for text in ("too little", "too little", "too much"):
            warnings.warn(text, GeoguessWarning, stacklevel=1)
            warnings.filterwarnings("ignore", message="of a library")
        raise GeoguessError("the end")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("geoguess_cli.console.verbs.settings", warn)
    told = CliRunner().invoke(app, ["cells", "show"]).stderr.splitlines()
    assert told == ["warning: too little", "warning: too much", "error: the end"]


def test_an_error_is_one_line_and_debug_shows_more(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["cells", "show"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: no cells at ")
    assert len(result.stderr.splitlines()) == 1
    assert isinstance(
        CliRunner().invoke(app, ["--debug", "cells", "show"]).exception, GeoguessError
    )


def test_a_bug_keeps_its_traceback(monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("geoguess_cli.console.verbs.settings", lambda *_, **__: 1 / 0)
    assert isinstance(CliRunner().invoke(app, ["cells", "show"]).exception, ZeroDivisionError)


@pytest.mark.parametrize("wrong", [("predict",), ("trian",), ("predict", "x", "-k", "0")])
def test_wrong_usage_exits_with_2(wrong: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, list(wrong)).exit_code == 2


def test_configuration_errors_name_the_key(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "geoguess.toml").write_text("[cells]\nmax_photo = 3\n")
    result = CliRunner().invoke(app, ["cells", "show"])
    assert "did you mean `max_photos`?" in result.stderr
    assert result.exit_code == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["recipe", "list", "--json"]])
@pytest.mark.promise("fault", "a full disk behind stdout")
def test_a_full_disk_behind_stdout_is_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:
        command = [sys.executable, "-m", "geoguess_cli", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    message = "error: no space is left for the output; send it to another disk\n"
    assert (done.returncode, done.stderr) == (1, message)
