"""`geoguess model`: a group of verbs."""

from typer.main import get_command

from geoguess_cli.app import app


def test_the_group_lists_its_verbs() -> None:
    group = get_command(app).commands["model"]  # type: ignore[attr-defined]
    assert "adopt" in group.commands
