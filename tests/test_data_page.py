"""docs/data.md keeps its word: its trees are what a source holds, and its commands run on it."""

import re
import shlex
from pathlib import Path

import polars as pl
import pytest
from source_worlds import SOURCES
from typer.testing import CliRunner, Result

from geoguess_cli.app import app
from geoguess_cli.photos.table import read_photo_table
from geoguess_cli.sources.layouts import LAYOUTS
from geoguess_cli.sources.reading import read_source

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*) *([\w-]*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
"""The language, the name of the source and the content of each block of the page."""

SESSIONS = [(name, content) for language, name, content in BLOCKS if language == "console"]
TREES = [(name, content) for language, name, content in BLOCKS if language == "text"]


def names(blocks: list[tuple[str, str]]) -> list[str]:
    return [name for name, _ in blocks]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of a source, which is built in the current folder."""
    name: str = request.param
    SOURCES[name].build(tmp_path)
    monkeypatch.chdir(tmp_path)
    return name


def geoguess(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_every_block_shows_a_source() -> None:
    assert SESSIONS
    for language, name, content in BLOCKS:
        # test_readme.py reads toml; sh asks a public server, and test_data_download.py reads it.
        if language not in {"toml", "sh"}:
            assert language in {"console", "text"}, content
            assert name in SOURCES, content


def test_every_source_is_shown() -> None:
    assert set(SOURCES) == set(names(SESSIONS))
    for name, content in SESSIONS:
        assert "$ geoguess " in content, name
    layouts = {layout.name for layout in LAYOUTS} - {"places"}  # no photos, so no folder of them
    assert layouts <= {source.kind for source in SOURCES.values()}


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(("built", "session"), SESSIONS, ids=names(SESSIONS), indirect=["built"])
def test_the_commands_run_and_say_what_is_shown(session: str) -> None:
    steps = re.split(r"^\$ geoguess ", session, flags=re.MULTILINE)
    assert not steps[0].strip(), "a session begins with a command"
    for step in steps[1:]:
        command, _, shown = step.partition("\n")
        result = geoguess(*shlex.split(command, comments=True))
        said = " ".join((result.stdout + result.stderr).split())
        refused = shown.startswith("error: ")
        assert result.exit_code == (1 if refused else 0), f"{command}\n{said}"
        for line in filter(None, shown.splitlines()):
            assert " ".join(line.split()) in said, f"{command}\n{said}"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(("built", "tree"), TREES, ids=names(TREES), indirect=["built"])
def test_the_tree_is_there(tree: str) -> None:
    """Folders end in `/`, their content is indented; two spaces go before the start of a file."""
    above: list[tuple[int, Path]] = [(-1, Path())]
    for line in tree.splitlines():
        entry, _, first = line.strip().partition("  ")
        depth = len(line) - len(line.lstrip())
        above = [(outer, folder) for outer, folder in above if outer < depth]
        path = above[-1][1] / entry
        if entry.endswith("/"):
            assert path.is_dir(), path
            above.append((depth, path))
            continue
        assert path.is_file(), path
        if first.strip():
            content = path.read_text(encoding="utf-8")
            assert content.startswith(first.strip().removesuffix("…").strip()), content


READABLE = [name for name, source in SOURCES.items() if source.kind is not None]


@pytest.mark.parametrize("built", READABLE, indirect=True)
def test_the_rows_are_exact(built: str) -> None:
    source = SOURCES[built]
    reading = read_source(Path(source.path), check_files=True, allow_parquet=True)
    found = reading.table.frame.select("photo", "latitude", "longitude").rows()
    assert (reading.kind, found) == (source.kind, list(source.rows))


@pytest.mark.parametrize("built", READABLE, indirect=True)
def test_cells_are_built_with_no_script(built: str) -> None:
    source = SOURCES[built]
    for arguments in (
        ["data", "import", source.path, "-o", "imported.parquet"],
        ["cells", "build", "--photos", "imported.parquet", "--min-photos", "1", "-o", "c.parquet"],
    ):
        result = geoguess(*arguments)
        assert result.exit_code == 0, result.stderr
    table = read_photo_table(Path("imported.parquet"))
    cells = pl.read_parquet("c.parquet")
    assert len(table) == len(source.rows)
    assert cells["photos"].sum() == table.splits.get("train", len(table))
