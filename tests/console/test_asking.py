"""A question is answered at a terminal, or it is an error that names the other way."""

import pytest
import typer
from typer.testing import CliRunner

from geoguess_cli.console import asking
from geoguess_cli.errors import UnansweredError

app = typer.Typer()


@app.command()
def act() -> None:
    """Do something that cannot be taken back."""
    asking.confirm("Do it?", "nothing was done; `act --yes` does it without a question")
    typer.echo("done")


def test_without_a_terminal_the_other_way_is_named() -> None:
    error = CliRunner().invoke(app, []).exception
    assert isinstance(error, UnansweredError)
    assert str(error) == (
        "there is no terminal to answer at, so nothing was done; `act --yes` does it without a "
        "question"
    )


@pytest.mark.parametrize(("answer", "code", "done"), [("y\n", 0, "done\n"), ("n\n", 1, "")])
def test_the_answer_decides(
    monkeypatch: pytest.MonkeyPatch, answer: str, code: int, done: str
) -> None:
    monkeypatch.setattr(asking, "is_answered", lambda: True)
    result = CliRunner().invoke(app, [], input=answer)
    assert result.exit_code == code
    assert ("done" in result.stdout) == bool(done)  # Click echoes the answer there too
    assert "Do it?" in result.stderr
