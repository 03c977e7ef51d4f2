"""A verb gets its configuration and its sink from the options behind them."""

from pathlib import Path

import typer
from typer.testing import CliRunner

from geoguess_cli.config import Config
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured

app = typer.Typer()


@app.command()
@configured("table", "cells__max_photos", "device")
def look(*, times: int = 1, config: Config, sink: Sink) -> None:
    """Say what the verb was given.

    The second paragraph has
    two lines.
    """
    given = (times, config.photos.as_posix(), config.cells.max_photos, config.device, sink.quiet)
    sink.json(given) if sink.as_json else sink.text(" ".join(map(str, given)))


def run(folder: Path, *arguments: str) -> str:
    """What the verb prints in a folder with a configuration."""
    (folder / "geoguess.toml").write_text('device = "cpu"\n[cells]\nmax_photos = 7\n')
    named = ["--config", str(folder / "geoguess.toml"), *arguments]
    result = CliRunner().invoke(app, named)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def test_an_option_that_is_not_given_leaves_the_configuration(tmp_path: Path) -> None:
    assert run(tmp_path).endswith(" 7 cpu False")


def test_an_option_replaces_its_key(tmp_path: Path) -> None:
    answer = run(tmp_path, "here.csv", "--max-photos", "9", "--times", "3", "--quiet", "--json")
    assert answer == '[3, "here.csv", 9, "cpu", true]'


def test_the_help_lists_own_options_first() -> None:
    text = CliRunner().invoke(app, ["--help"]).stdout
    places = [text.index(name) for name in ("--times", "--max-photos", "--config", "--json")]
    assert places == sorted(places)
    assert "--artifacts" not in text


def test_help_folds_paragraphs_to_the_terminal() -> None:
    assert look.__doc__ == "Say what the verb was given.\n\nThe second paragraph has two lines."
