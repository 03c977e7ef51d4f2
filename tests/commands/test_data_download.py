"""`geoguess data download` through the command line, against a server on this machine."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hub_servers import Hub, environment_of
from typer.testing import CliRunner, Result

from geoguess_cli.app import app
from geoguess_cli.sources.downloads import DATA_SETS


@pytest.fixture
def run(tmp_path, monkeypatch) -> Callable[..., Result]:
    """Runs `data download` in a folder of its own and checks its exit code."""
    monkeypatch.chdir(tmp_path)

    def runner(*arguments: str, code: int = 0) -> Result:
        result = CliRunner().invoke(app, ["data", "download", *arguments])
        assert result.exit_code == code, result.output
        return result

    return runner


@pytest.fixture
def whole_osv_mini(small_osv_mini, monkeypatch):
    """OSV-Mini whose published counts are those of its photos."""
    train, test = small_osv_mini.parts
    parts = (replace(train, rows=4), replace(test, rows=2))
    data_set = replace(small_osv_mini, parts=parts)
    monkeypatch.setitem(DATA_SETS, data_set.name, data_set)
    return data_set


def test_it_tells_what_it_fetches_and_refuses_without_an_answer(run, small_osv_mini, hub) -> None:
    said = run("osv-mini-129k", code=1).stderr
    size = len(hub.archives[small_osv_mini.repository])
    for words in ("OSV-Mini-129k", "129,083 photos", "CC BY-SA 4.0", "kaggle.com", "version  7"):
        assert words in said
    assert f"{size / 1000:.1f} kB" in said or f"{size / 1000:.0f} kB" in said
    assert "geoguess data download osv-mini-129k --yes" in said
    assert hub.sent("archive.zip") == []


def test_the_photo_table_has_the_official_split(run, small_osv_mini, monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(DATA_SETS, "osv-mini-129k", small_osv_mini)
    result = run("osv-mini-129k", "--yes", "--to", "here", code=1)
    table = pl.read_parquet(tmp_path / "here" / "photos.parquet")
    assert table["split"].value_counts().sort("split").rows() == [("test", 2), ("train", 4)]
    assert (tmp_path / "here" / table["photo"][0]).is_file()
    assert "photos of train 4, published 5" in result.stderr
    assert "Delete here and fetch it again" in result.stderr
    assert "DIFFERS" in result.stdout


def test_counts_as_published_end_with_the_next_command(run, hub, small_im2gps3k, monkeypatch):
    monkeypatch.setitem(DATA_SETS, "im2gps3k", small_im2gps3k)
    result = run("im2gps3k", "-y")
    assert "DIFFERS" not in result.stdout
    assert "next: geoguess" in result.stderr
    again = run("im2gps3k")  # nothing is left to ask about
    assert "everything is here already" in again.stderr
    assert len(hub.sent("im2gps3ktest.zip")) == 1


def test_json_is_one_document_on_stdout(run, small_im2gps3k, monkeypatch) -> None:
    monkeypatch.setitem(DATA_SETS, "im2gps3k", small_im2gps3k)
    record = json.loads(run("im2gps3k", "--yes", "--json").stdout)
    assert (record["photos"], record["splits"]) == (3, {"test": 3})
    assert len(record["revision"]) == 40
    assert all(check["holds"] for check in record["checks"])


def test_only_a_part(run, small_osv_5m, hub, monkeypatch) -> None:
    monkeypatch.setitem(DATA_SETS, "osv-5m", small_osv_5m)
    record = json.loads(run("osv-5m", "--only", "test", "--yes", "--json").stdout)
    assert record["splits"] == {"test": 2}
    assert hub.sent("train.csv") == []


def test_a_process_of_its_own_reaches_the_server_by_the_environment(hub: Hub, tmp_path) -> None:
    hub.token = "secret"
    command = [sys.executable, "-m", "geoguess_cli", "data", "download"]
    environment = environment_of(hub, str(tmp_path)) | {
        "PATH": "",
        "PYTHONPATH": ":".join(sys.path),
    }
    for name, remedy in (("osv-mini-129k", "KAGGLE_API_TOKEN"), ("osv-5m", "HF_TOKEN")):
        result = subprocess.run(
            [*command, name, "--yes"], env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 1
        assert "HTTP 401" in result.stderr
        assert remedy in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.usefixtures("hub")
def test_the_commands_of_the_page_name_data_sets_and_parts_that_there_are(run) -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text(encoding="utf-8")
    commands = re.findall(r"^geoguess data download (.*?)(?: *#.*)?$", page, flags=re.MULTILINE)
    assert {command.split()[0] for command in commands} == set(DATA_SETS)
    for command in commands:  # the hub is empty: a wrong part is refused before it is asked
        assert "HTTP 404" in run(*command.split(), code=1).stderr
