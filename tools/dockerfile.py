"""Take the steps of the Dockerfile where there is no Docker, in a new environment below a folder.

    python tools/dockerfile.py /tmp/geoguess
    python tools/dockerfile.py /tmp/geoguess --build-arg 'TORCH_OPTIONS=--index-url URL'

COPY goes to FOLDER/image, RUN works there with the environment's own `python`, and at last the
entry point is asked for its version. FROM, ENV and the last WORKDIR are left to Docker.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
INSTRUCTIONS = ("FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "ENTRYPOINT")


@dataclass(frozen=True)
class Step:
    """A line of a Dockerfile: its instruction, and what follows it."""

    instruction: str
    text: str


def steps_of(dockerfile: Path) -> list[Step]:
    """The steps of a Dockerfile, in order.

    Raises:
        ValueError: A line begins with an instruction that this program does not know.
    """
    text = re.sub(r"\\\n", " ", dockerfile.read_text(encoding="utf-8"))
    steps = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        instruction, _, rest = line.partition(" ")
        if instruction not in INSTRUCTIONS:
            raise ValueError(f"{dockerfile}: `{instruction}` is not one of {INSTRUCTIONS}")
        steps.append(Step(instruction, rest.strip()))
    return steps


def arguments_of(steps: list[Step], given: Mapping[str, str]) -> dict[str, str]:
    """The value of each ARG: the one given, else its default.

    Raises:
        ValueError: A given name is no ARG.
    """
    defaults = dict(step.text.split("=", 1) for step in steps if step.instruction == "ARG")
    if unknown := given.keys() - defaults.keys():
        raise ValueError(f"{', '.join(sorted(unknown))}: the arguments are {', '.join(defaults)}")
    return {**defaults, **given}


def take(steps: list[Step], folder: Path, arguments: Mapping[str, str]) -> str:
    """What the entry point says of its version, after all steps were taken below a folder."""
    image, environment = folder / "image", folder / "environment"
    image.mkdir(parents=True)
    venv.create(environment, with_pip=True)
    programs = environment / ("Scripts" if os.name == "nt" else "bin")
    variables = {**os.environ, **arguments, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    variables.pop("PYTHONPATH", None)
    said = ""
    for step in steps:
        if step.instruction == "COPY":
            *sources, target = shlex.split(step.text)
            for source in sources:
                _copy(REPOSITORY / source, image / target, single=len(sources) == 1)
        elif step.instruction == "RUN":
            subprocess.run(step.text, shell=True, check=True, cwd=image, env=variables)
        elif step.instruction == "ENTRYPOINT":
            program = [str(programs / json.loads(step.text)[0]), "--version"]
            answer = subprocess.run(
                program, check=True, cwd=folder, env=variables, capture_output=True, text=True
            )
            said = answer.stdout.strip()
    return said


def _copy(source: Path, target: Path, *, single: bool) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
    else:
        target = target if single and not target.is_dir() else target / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def main() -> None:
    """Take the steps that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("folder", type=Path, help="a new folder")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    given = dict(text.split("=", 1) for text in options.build_arg)
    steps = steps_of(REPOSITORY / "Dockerfile")
    print(take(steps, options.folder, arguments_of(steps, given)), file=sys.stderr)


if __name__ == "__main__":
    main()
