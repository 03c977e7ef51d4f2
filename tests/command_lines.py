"""Commands of a page or a recipe, parsed as the command line parses them, but not run."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import typer
from typer.core import TyperGroup

from geoguess_cli.app import app


def commands_of(page: Path) -> list[list[str]]:
    """The arguments of every `geoguess` command in the code blocks of a page, in order."""
    blocks = re.findall(r"^```([^\n]*)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    shown = [content for language, content in blocks if language in ("", "sh", "console")]
    lines = "\n".join(shown).replace("\\\n", " ").splitlines()
    own = [line.removeprefix("$ ") for line in lines]
    return [shlex.split(line, comments=True)[1:] for line in own if line.startswith("geoguess ")]


def check_command(arguments: Sequence[str]) -> None:
    """Parse a command with all its options; raises if there is no such command or option."""
    command = typer.main.get_command(app)
    context = command.make_context("geoguess", list(arguments))
    while isinstance(command, TyperGroup):
        rest = [*context._protected_args, *context.args]
        name, verb, rest = command.resolve_command(context, rest)
        assert verb is not None
        command, context = verb, verb.make_context(name, rest, parent=context)
