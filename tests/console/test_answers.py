"""What a person at a terminal sees, and what a pipe gets."""

import re

import pytest
from rich.cells import cell_len

USA = "United States of America"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text: str) -> list[str]:
    return [ESCAPE.sub("", line).rstrip() for line in text.splitlines()]


@pytest.mark.usefixtures("terminal")
def test_predict_on_a_terminal_fits_it(trained_world) -> None:
    photo = trained_world.photo("dallas")
    result = trained_world.run("predict", photo, "--min-confidence", "0")
    assert "\x1b[" in result.stdout
    lines = plain(result.stdout)
    assert lines[0] == f" {photo}"
    assert lines[1].endswith("Dallas, Texas, US")
    assert "expected distance" in lines[2]
    assert all(cell_len(line) <= 80 for line in lines)
    (first,) = [line for line in lines if line.split()[:1] == ["1"]]
    assert "█" in first
    assert "Texas, US" in first


def test_predict_in_a_pipe_is_plain(trained_world) -> None:
    result = trained_world.run("predict", trained_world.photo("dallas"), "--map")
    assert "\x1b" not in result.stdout + result.stderr
    heading = result.stdout.splitlines()[1]
    assert heading.split() == ["#", "probability", "place", "latitude", "longitude", "token"]
    assert "from ░" in result.stdout
    assert "●" in result.stdout


@pytest.mark.usefixtures("terminal")
def test_many_photos_get_a_line_each(trained_world) -> None:
    result = trained_world.run("predict", "photos")
    lines = plain(result.stdout)
    photos = [line for line in lines if ".jpg" in line]
    assert len(photos) == 96
    assert sum("Texas" in line for line in photos) > 20
    assert all(cell_len(line) <= 80 for line in lines)
    # -k asks for the guesses themselves.
    result = trained_world.run("predict", "photos", "-k", "1")
    assert sum(line.startswith(" photos/") for line in plain(result.stdout)) == 96


@pytest.mark.usefixtures("terminal")
def test_the_overview_says_who_is_not_sure_and_what_cannot_be_read(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    photos = [trained_world.photo("dallas", 7, number) for number in range(4)]
    result = trained_world.run(
        "predict", *photos, tmp_path / "broken.jpg", "--min-confidence", "1", code=1
    )
    lines = plain(result.stdout)
    assert sum("not sure" in line for line in lines) == 4
    (broken,) = [line for line in lines if "broken.jpg" in line]
    assert broken.endswith("cannot be read")


@pytest.mark.usefixtures("terminal")
def test_predict_draws_a_map_on_a_terminal(trained_world, monkeypatch) -> None:
    photo = trained_world.photo("dallas")
    result = trained_world.run("predict", photo, "--map").stdout
    lines = plain(result)
    assert 15 <= sum("▀" in line for line in lines) <= 20
    assert any("●" in line and "truth" in line for line in lines)
    assert all(cell_len(line) <= 80 for line in lines)
    assert "\x1b[38;2;" in result
    monkeypatch.setenv("NO_COLOR", "1")
    result = trained_world.run("predict", photo, "--map").stdout
    assert "38;" not in result
    assert "▀" not in result
    assert "from ░" in result


def test_a_map_is_for_tables_only(trained_world, tmp_path) -> None:
    for ask in (("--json",), ("--format", "csv"), ("-o", tmp_path / "out.csv")):
        refused = trained_world.run("predict", trained_world.photo("dallas"), "--map", *ask, code=2)
        assert "probmap" in refused.stderr
        assert refused.stdout == ""


@pytest.mark.usefixtures("terminal")
def test_cells_show_on_a_terminal_has_places_and_bars(trained_world) -> None:
    lines = plain(trained_world.run("cells", "show").stdout)
    assert all(cell_len(line) <= 80 for line in lines)
    assert sum("█" in line for line in lines) >= 3
    assert any("Montana" in line or ", MT" in line for line in lines)
