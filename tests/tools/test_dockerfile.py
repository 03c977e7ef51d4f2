"""The files, extras and arguments of the Dockerfile exist, and its steps run without Docker."""

import importlib.util
import json
import os
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from geoguess_cli import __version__

REPOSITORY = Path(__file__).resolve().parents[2]


def _load(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


tool = _load(REPOSITORY / "tools" / "dockerfile.py")
STEPS = tool.steps_of(REPOSITORY / "Dockerfile")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def texts(instruction: str) -> list[str]:
    """What follows each such instruction."""
    return [step.text for step in STEPS if step.instruction == instruction]


def test_what_is_copied_exists() -> None:
    copied = [name for text in texts("COPY") for name in text.split()[:-1]]
    assert {"pyproject.toml", "geoguess_cli"} <= set(copied)
    for name in copied:
        assert (REPOSITORY / name).exists(), name
    build = PROJECT["readme"], *PROJECT["license-files"]
    assert set(build) <= set(copied)


def test_extras_and_arguments_exist() -> None:
    runs = " ".join(texts("RUN"))
    (extras,) = re.findall(r"\.\[([\w,-]+)\]", runs)
    assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys()
    assert set(re.findall(r"\$\{(\w+)\}", runs)) == tool.arguments_of(STEPS, {}).keys()


def test_the_entry_point_is_the_console_script() -> None:
    (entry,) = texts("ENTRYPOINT")
    assert json.loads(entry) == list(PROJECT["scripts"])


def test_an_argument_replaces_its_default() -> None:
    assert tool.arguments_of(STEPS, {"TORCH_OPTIONS": "x"})["TORCH_OPTIONS"] == "x"
    with pytest.raises(ValueError, match="the arguments are TORCH_OPTIONS"):
        tool.arguments_of(STEPS, {"TORCH": "x"})


def test_lines_are_joined_and_comments_left_out(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("# a\nFROM x\n\nRUN a \\\n  && b\n")
    assert tool.steps_of(tmp_path / "Dockerfile") == [
        tool.Step("FROM", "x"),
        tool.Step("RUN", "a    && b"),
    ]
    (tmp_path / "Dockerfile").write_text("VOLUME /x\n")
    with pytest.raises(ValueError, match="`VOLUME` is not one of"):
        tool.steps_of(tmp_path / "Dockerfile")


@pytest.mark.slow
@pytest.mark.skipif("GEOGUESS_DOCKERFILE" not in os.environ, reason="installs everything anew")
def test_the_steps_run_in_a_new_environment(tmp_path: Path) -> None:
    assert (
        tool.take(STEPS, tmp_path / "image", tool.arguments_of(STEPS, {}))
        == f"geoguess {__version__}"
    )
