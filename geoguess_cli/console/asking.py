"""A question before something that costs or that cannot be taken back."""

import sys

import typer

from geoguess_cli.errors import UnansweredError


def is_answered() -> bool:
    """Whether somebody sits at a terminal and can answer."""
    return sys.stdin.isatty()


def confirm(question: str, unanswered: str) -> None:
    """Ask whether to go on, on stderr.

    Args:
        question: What the user answers with y or n.
        unanswered: What did not happen if nobody can answer, and the command that needs no answer.

    Raises:
        UnansweredError: There is no terminal to answer at.
        typer.Abort: The answer is no.
    """
    if not is_answered():
        raise UnansweredError(f"there is no terminal to answer at, so {unanswered}")
    typer.confirm(question, abort=True, err=True)
