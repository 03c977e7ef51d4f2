"""Where the output of a verb goes, and how wide and colourful it may be."""

import json
import re
from pathlib import Path

import pytest
import typer
from rich.text import Text

from geoguess_cli.console.output import Sink, ending_of

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def test_results_go_to_stdout_and_notices_to_stderr(capsys) -> None:
    sink = Sink()
    sink.text("a result")
    sink.json({"place": "Bogotá"})
    sink.notice("[a] notice")
    sink.warn("a fault")
    sink.wrote("map", Path("map.png"))
    output, errors = capsys.readouterr()
    assert output.splitlines()[0] == "a result"
    assert json.loads(output.splitlines()[1]) == {"place": "Bogotá"}
    assert errors.splitlines() == ["[a] notice", "warning: a fault", "map: map.png"]


def test_quiet_writes_results_only(capsys) -> None:
    sink = Sink(quiet=True)
    sink.text("a result")
    sink.warn("a fault")
    with sink.progress() as bar:
        bar.add_task("photos", total=3)
    assert capsys.readouterr() == ("a result\n", "")


def test_the_ending_of_a_path_is_one_of_those_known() -> None:
    assert ending_of(Path("map.PNG"), (".png", ".svg")) == ".png"
    with pytest.raises(typer.BadParameter, match=r"map\.gif must end in one of \.png, \.svg"):
        ending_of(Path("map.gif"), (".png", ".svg"))


def test_a_table_in_a_pipe_is_plain_aligned_columns(capsys) -> None:
    Sink().table(("cell", "photos"), [("864c", 3), ("87", 12)], right=("photos",))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["cell  photos", "864c       3", "87        12"]


@pytest.mark.usefixtures("terminal")
def test_a_table_keeps_the_style_of_its_text(capsys) -> None:
    sink = Sink()
    sink.table(("a",), [(Text("red", style="red"),), ("plain",)])
    assert "\x1b[31mred" in capsys.readouterr().out
    sink.table(("a",), [("1",)], title="a title that is longer than its table")
    assert "a title that is longer than its table\n" in ESCAPE.sub("", capsys.readouterr().out)
    assert sink.terminal_width == 80
    assert sink.colors
    assert Sink.room(80, (10, 10)) == 80 - 20 - 10


def test_without_a_terminal_there_is_no_width(monkeypatch, capsys) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    sink = Sink()
    assert sink.terminal_width is None
    assert not sink.colors
    sink.lines([Text("x" * 500, style="red")])
    assert capsys.readouterr().out == "x" * 500 + "\n"


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("changes", "colors"),
    [
        ({}, True),
        ({"COLORTERM": ""}, True),  # 256 colours
        ({"COLORTERM": "", "TERM": "xterm"}, False),  # 16: too few for a scale
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
    ],
)
def test_colors_are_used_where_a_scale_can_be_seen(monkeypatch, changes, colors) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    assert Sink().colors is colors
