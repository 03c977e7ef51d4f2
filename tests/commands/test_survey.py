"""`geoguess occlude --report DIR` through the command line."""

import json

import pytest
from PIL import Image

from geoguess_cli.commands import _occlude_set

SMALL = ("--window", "8", "--stride", "8")
FILES = {"attention.json", "attention.md", "attention.png"}


def test_it_reports_on_the_test_photos(trained_world, tmp_path) -> None:
    told = trained_world.run("occlude", *SMALL, "--report", tmp_path)
    assert "12 photos of 3 drives" in told.stdout
    assert "upper third" in told.stdout
    assert "attention.md" in told.stderr
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
    trained_world.run("occlude", *SMALL, "--report", whole)
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
        told = trained_world.run("occlude", *SMALL, "--report", cut, code=130)
    assert "holds the maps of 5 photos (12 are asked for)" in told.stderr
    assert not (cut / "attention.json").exists()
    told = trained_world.run("occlude", *SMALL, "--report", cut)
    assert "holds the maps of 5 photos; going on from there" in told.stderr
    for name in ("attention.json", "attention.md"):
        assert (cut / name).read_text() == (whole / name).read_text()
    told = trained_world.run("occlude", "--window", "8", "--stride", "4", "--report", cut)
    assert "of another model or of other settings; starting anew" in told.stderr


def test_a_limit_takes_whole_drives(trained_world, tmp_path) -> None:
    told = trained_world.run(
        *("occlude", *SMALL, "--report", tmp_path, "--limit", "10", "--split", "train", "--json")
    )
    report = json.loads(told.stdout)
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
    told = trained_world.run(
        *("occlude", *SMALL, "--photos", tmp_path / "few.csv", "--report", tmp_path / "r"),
        *("--target", "truth", "--json"),
    )
    report = json.loads(told.stdout)
    assert report["counts"]["photos"] == 2
    reasons = [one["reason"] for one in report["failures"]]
    assert "no cell" in reasons[1]
    assert "it counts in no figure" in told.stderr


def test_without_drives_no_shortcut_can_be_told(trained_world, tmp_path) -> None:
    lines = (trained_world.folder / "photos.csv").read_text().splitlines()
    bare = [",".join(line.split(",")[:3]) for line in lines]
    (trained_world.folder / "bare.csv").write_text("\n".join(bare) + "\n")
    told = trained_world.run(
        *("occlude", *SMALL, "--photos", "bare.csv", "--report", tmp_path, "--limit", "5", "--json")
    )
    assert "without drives no shortcut can be told" in told.stderr
    report = json.loads(told.stdout)
    assert report["counts"]["sequences"] == report["counts"]["photos"] == 5
    assert report["counts"]["shared_spots"] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name photos"),
        (("--split", "test"), "name photos"),
        (("photos", "--limit", "3"), "--report"),
        (("photos", "--report", "r"), "one by one"),
        (("--report", "r", "--raw", "r.npy"), "one by one"),
        (("--report", "r", "--target", "region"), "top or truth"),
    ],
)
def test_wrong_usage(trained_world, arguments: tuple[str, ...], told: str) -> None:
    assert told in " ".join(trained_world.run("occlude", *arguments, code=2).stderr.split())


def test_windows_narrower_than_the_usual_stride_lie_side_by_side(trained_world, tmp_path) -> None:
    told = trained_world.run(
        *("occlude", "--window", "8", "--report", tmp_path, "--limit", "4", "--json")
    )
    assert json.loads(told.stdout)["stride"] == 8 < _occlude_set.STRIDE
