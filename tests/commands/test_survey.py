"""`geoguess survey` through the command line."""

import json

import pytest
from PIL import Image

from geoguess_cli.commands import survey

SMALL = ("--window", "8", "--stride", "8")
FILES = {"attention.json", "attention.md", "attention.png"}


def test_it_reports_on_the_test_photos(trained_world, tmp_path) -> None:
    result = trained_world.run("survey", *SMALL, "-o", tmp_path)
    assert "12 photos of 3 drives" in result.stdout
    assert "upper third" in result.stdout
    assert "attention.md" in result.stderr
    report = json.loads((tmp_path / "attention.json").read_text())
    assert report["counts"]["photos"] == 12
    assert sum(share["value"] for share in report["thirds"].values()) == pytest.approx(1)
    assert {path.name for path in tmp_path.iterdir()} - {"suspects.png"} == {*FILES, "maps"}
    with Image.open(tmp_path / "attention.png") as image:
        assert image.width == 1600
    assert "12 photos of the test split" in (tmp_path / "attention.md").read_text()


def test_it_goes_on_where_it_stopped(
    trained_world, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geoguess_cli.inference.predictor import Predictor

    whole = tmp_path / "whole"
    trained_world.run("survey", *SMALL, "-o", whole)
    read = Predictor.read
    asked = []

    def interrupted(self: Predictor, path):  # type: ignore[no-untyped-def]
        asked.append(path)
        if len(asked) == 6:
            raise KeyboardInterrupt
        return read(self, path)

    cut = tmp_path / "cut"
    with monkeypatch.context() as patch:
        patch.setattr(Predictor, "read", interrupted)
        result = trained_world.run("survey", *SMALL, "-o", cut, code=130)
    assert "5 of 12 photos are scanned; the same command goes on from there" in result.stderr
    assert not (cut / "attention.json").exists()
    result = trained_world.run("survey", *SMALL, "-o", cut)
    assert "holds the maps of 5 photos; going on" in result.stderr
    for name in ("attention.json", "attention.md"):
        assert (cut / name).read_text() == (whole / name).read_text()
    result = trained_world.run("survey", "--window", "8", "--stride", "4", "-o", cut)
    assert "come from another model or other settings; starting anew" in result.stderr


def test_a_limit_takes_whole_drives(trained_world, tmp_path) -> None:
    result = trained_world.run(
        *("survey", *SMALL, "-o", tmp_path, "--limit", "10", "--split", "train", "--json")
    )
    report = json.loads(result.stdout)
    assert (report["counts"]["photos"], report["counts"]["sequences"]) == (8, 2)
    assert report["split"] == "train"


def test_unreadable_photos_and_photos_in_no_cell_are_listed(trained_world, tmp_path) -> None:
    lines = (trained_world.folder / "photos.csv").read_text().splitlines()
    drive = [line for line in lines if "dallas-7-" in line]
    (tmp_path / "photos").mkdir()
    for line in drive:
        name = line.split(",")[0]
        (tmp_path / name).write_bytes((trained_world.folder / name).read_bytes())
    (tmp_path / drive[0].split(",")[0]).write_bytes(b"no photo")
    far = drive[1].split(",")
    drive[1] = ",".join([far[0], "10.0", "10.0", *far[3:]])
    (tmp_path / "few.csv").write_text("\n".join([lines[0], *drive]) + "\n")
    result = trained_world.run(
        *("survey", tmp_path / "few.csv", *SMALL, "-o", tmp_path / "r"),
        *("--target", "truth", "--json"),
    )
    report = json.loads(result.stdout)
    assert report["counts"]["photos"] == 2
    reasons = [one["reason"] for one in report["failures"]]
    assert "no cell" in reasons[1]
    assert "it counts in no statistic" in result.stderr


def test_a_table_without_drives_has_no_shortcuts(trained_world, tmp_path) -> None:
    lines = (trained_world.folder / "photos.csv").read_text().splitlines()
    bare = [",".join(line.split(",")[:3]) for line in lines]
    (trained_world.folder / "bare.csv").write_text("\n".join(bare) + "\n")
    result = trained_world.run(
        *("survey", "bare.csv", *SMALL, "-o", tmp_path, "--limit", "5", "--json")
    )
    assert "shortcuts show only within a drive" in result.stderr
    report = json.loads(result.stdout)
    assert report["counts"]["sequences"] == report["counts"]["photos"] == 5
    assert report["counts"]["shared_spots"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "region"), "'truth'"),
        (("--split", "tests"), "'test'"),
        (("--limit", "0"), "--limit"),
    ],
)
def test_wrong_usage(trained_world, arguments: tuple[str, ...], words: str) -> None:
    assert words in " ".join(trained_world.run("survey", *arguments, code=2).stderr.split())


def test_the_report_lies_among_the_artifacts(trained_world, tmp_path) -> None:
    trained_world.run(
        "survey",
        *SMALL,
        "--limit",
        "4",
        "--artifacts",
        tmp_path,
        "--model",
        trained_world.folder / "artifacts" / "model",
    )
    assert {path.name for path in (tmp_path / "survey").iterdir()} >= FILES


def test_windows_narrower_than_the_usual_stride_lie_side_by_side(trained_world, tmp_path) -> None:
    small = ("--window", "8", "--limit", "4", "--json")
    result = trained_world.run("survey", *small, "-o", tmp_path)
    assert json.loads(result.stdout)["stride"] == 8 < survey.STRIDE
