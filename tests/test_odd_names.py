"""Names that are not UTF-8, decomposed accents, and outputs that lack characters, in every verb."""

import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from geoguess_cli.names import file_of

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")

NAMES = ("Łódź.jpg", "Zu\u0308rich.jpg", "caf%E9.jpg", "100%25caf%E9.jpg")
"""Names as text; the last two stand for names whose bytes are not UTF-8."""


@pytest.fixture
def odd(tmp_path, write_photo) -> Path:
    """A folder whose own name is not UTF-8, with photos of Dallas."""
    folder = tmp_path / os.fsdecode(b"m\xe9s")
    for row, name in enumerate(NAMES):
        write_photo(file_of(folder / name), size=(48, 32), gps=(32.78 + row / 100, -96.8))
    assert sorted(os.listdir(os.fsencode(folder)))[0] == b"100%caf\xe9.jpg"
    return folder


def run(trained_world, *arguments: object, code: int = 0, **environment: str) -> bytes:
    done = subprocess.run(
        [sys.executable, "-m", "geoguess_cli", *map(str, arguments)],
        cwd=trained_world.folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
    )
    assert done.returncode == code, done.stderr.decode()
    assert b"Traceback" not in done.stderr
    return done.stdout


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_a_table_of_such_photos_finds_them_again(trained_world, odd, tmp_path, ending):
    table = tmp_path / f"t.{ending}"
    trained_world.run("data", "import", odd, "-o", table)
    readers = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}
    assert set(readers[ending](table)["photo"]) == {f"m%E9s/{name}" for name in NAMES}
    inside = odd / f"t.{ending}"  # the path of the table itself is not UTF-8
    trained_world.run("data", "import", table, "-o", inside)
    for source in (table, inside):
        found = json.loads(trained_world.run("data", "inspect", source, "--json").stdout)
        assert (found["photos"], found["missing"], found["bad_rows"]) == (4, [], [])
    answers = trained_world.run("predict", inside, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["error"] for line in answers] == [None] * 4


@pytest.mark.parametrize("form", ["csv", "jsonl", "geojson", "table"])
def test_answers_name_every_photo(trained_world, odd, form):
    said = trained_world.run("predict", odd, "--format", form).stdout
    for name in NAMES:
        assert f"m%E9s/{name}" in said


@pytest.mark.parametrize("ending", ["png", "svg", "html", "geojson"])
def test_maps_of_such_photos_are_written(trained_world, odd, ending):
    path = odd / f"m.{ending}"
    trained_world.run("probmap", file_of(odd / "caf%E9.jpg"), "-o", path)
    assert path.stat().st_size > 500


def test_occlusion_maps_of_such_photos_are_written(trained_world, odd):
    photo = file_of(odd / "caf%E9.jpg")
    trained_world.run("occlude", photo, "-o", odd / "o.json")
    assert json.loads((odd / "o.json").read_text())["photo"].endswith("m%E9s/caf%E9.jpg")
    trained_world.run("occlude", photo, "-o", odd / "o.png")


def test_a_survey_of_such_photos_is_written(trained_world, odd, tmp_path):
    trained_world.run("data", "import", odd, "-o", tmp_path / "t.csv")
    trained_world.run("survey", tmp_path / "t.csv", "-o", odd / "survey")
    assert (odd / "survey" / "attention.md").is_file()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_output_that_lacks_characters_gets_all_answers(trained_world, odd, encoding):
    said = run(trained_world, "predict", odd, "--format", "jsonl", PYTHONIOENCODING=encoding)
    photos = [json.loads(line)["photo"] for line in said.decode(encoding).splitlines()]
    assert {photo.rpartition("/")[2] for photo in photos} == set(NAMES)
    table = run(trained_world, "predict", odd, PYTHONIOENCODING=encoding).decode(encoding)
    assert "\\u0141" in table


def test_an_error_names_such_a_photo(trained_world, odd):
    gone = odd / os.fsdecode(b"gone\xe9.jpg")
    result = trained_world.run("predict", gone, code=1)
    assert "gone" in result.stderr
    run(trained_world, "predict", gone, code=1, LC_ALL="C", PYTHONIOENCODING="ascii")
