"""`geoguess occlude` through the command line."""

import json

import numpy as np
import pytest
from PIL import Image

SMALL = ("--window", "8", "--stride", "4", "--steps", "3")


def test_it_draws_and_keeps_the_map(trained_world, tmp_path) -> None:
    result = trained_world.run(
        *("occlude", trained_world.photo("portland"), *SMALL, "--target", "truth"),
        *("-o", tmp_path / "o.png", "--raw", tmp_path / "o.npy", "--json"),
    )
    drop = np.load(tmp_path / "o.npy")
    assert drop.shape == (32, 32)
    result = json.loads(result.stdout)
    assert result["greatest_drop"] == pytest.approx(drop.max())
    assert 0 <= result["value"] <= 1
    assert result["faithfulness"]["better_than_random"] in (True, False)
    with Image.open(tmp_path / "o.png") as image:
        assert image.width > 800


def test_it_says_what_the_map_is_worth(trained_world, tmp_path) -> None:
    run = ("occlude", trained_world.photo("dallas"), *SMALL, "-o", tmp_path / "o.json")
    result = trained_world.run(*run).stdout
    assert "Texas, US" in result
    assert "deletion" in result
    assert "of 19 random orders" in result
    record = json.loads((tmp_path / "o.json").read_text())
    assert record["window"] == 8
    assert len(record["window_drops"]) == 7
    assert record["faithfulness"]["map"]["deletion"][0] == pytest.approx(record["value"], abs=1e-5)
    assert "random" not in trained_world.run(*run, "--no-faithfulness").stdout
    assert json.loads((tmp_path / "o.json").read_text())["faithfulness"] is None


def test_it_says_which_photo_is_unlike_the_training_photos(trained_world, tmp_path) -> None:
    grey = tmp_path / "grey.png"  # the world has red, green and blue photos
    Image.new("RGB", (48, 32), (128, 128, 128)).save(grey)
    run = ("occlude", trained_world.photo(), grey, *SMALL, "-o", tmp_path / "o.svg")
    words = trained_world.run(*run).stdout
    assert words.count("The photo is unlike the training photos: farther from them than") == 1
    assert (tmp_path / "o.svg").read_text().count("unlike the training photos") == 1
    lines = trained_world.run(*run, "--json").stdout.splitlines()
    assert [json.loads(line)["unlike"] for line in lines] == [False, True]


def test_several_photos_share_a_sheet(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    photos = (trained_world.photo("dallas"), tmp_path / "broken.jpg", trained_world.photo())
    result = trained_world.run(
        *("occlude", *photos, *SMALL, "--view", "contour", "--json"),
        *("-o", tmp_path / "sheet.svg", "--raw", tmp_path / "maps.npy"),
        code=1,
    )
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["error"] is None for record in records] == [True, True, False]
    assert "broken.jpg" in result.stderr
    assert np.load(tmp_path / "maps.npy").shape == (2, 32, 32)
    sheet = (tmp_path / "sheet.svg").read_text()
    assert sheet.startswith("<?xml")


def test_every_target_measure_and_baseline(trained_world, tmp_path) -> None:
    photo = trained_world.photo("bozeman")
    options = ("occlude", photo, *SMALL, "--no-faithfulness", "--json", "-o", tmp_path / "o.npy")

    def result(*more: str) -> dict:  # type: ignore[type-arg]
        return json.loads(trained_world.run(*options, *more).stdout)

    top = result("--measure", "log-odds")
    assert top["measure"] == "log-odds"
    region = result("--target", "region", "--near", "45.68,-111.04", "--radius-km", "300")
    assert region["value"] >= top["value"] - 1e-6
    assert "300 km" in region["target"]
    everywhere = result("--target", "region", "--near", "truth", "--radius-km", "20100")
    assert everywhere["value"] == pytest.approx(1, abs=1e-5)
    assert everywhere["greatest_drop"] == pytest.approx(0, abs=1e-5)
    distance = result("--target", "distance", "--near", "truth")
    assert distance["measure"] == "km"
    assert distance["value"] > 0
    maps = {}
    for names in (("mean",), ("blur",), ("noise",), ("mean", "blur", "noise")):
        result(*(word for name in names for word in ("--baseline", name)))
        maps[names] = np.load(tmp_path / "o.npy")
    mean = np.mean([maps["mean",], maps["blur",], maps["noise",]], axis=0)
    assert maps["mean", "blur", "noise"] == pytest.approx(mean, abs=1e-5)


def test_an_adaptive_map_says_what_it_left_out(trained_world, tmp_path) -> None:
    photo, path = trained_world.photo("portland"), tmp_path / "o.json"
    run = ("occlude", photo, "--window", "8", "--stride", "3", "--no-faithfulness", "-o", path)
    words = trained_world.run(*run, "--adaptive").stdout
    assert "of 81 windows were covered" in words
    assert "percentage points in the mean" in words
    note = json.loads(path.read_text())["interpolation"]
    assert note["windows"] == 81
    assert note["covered"] <= 27
    assert note["greatest_difference"] >= note["mean_difference"] >= 0
    assert "interpolated" not in trained_world.run(*run).stdout
    assert json.loads(path.read_text())["interpolation"] is None


def test_it_refuses_what_it_cannot_follow(trained_world, tmp_path) -> None:
    photo = trained_world.photo("portland")
    assert "window" in trained_world.run("occlude", photo, "--window", "999", code=1).stderr
    assert "cells show" in trained_world.run("occlude", photo, "--target", "4c", code=1).stderr
    Image.new("RGB", (48, 32)).save(tmp_path / "unknown.jpg")
    unknown = trained_world.run("occlude", tmp_path / "unknown.jpg", "--target", "truth", code=1)
    assert "--truth" in unknown.stderr
    sea = trained_world.run(
        "occlude", photo, *SMALL, "--target", "truth", "--truth", "0,-150", code=1
    )
    assert sea.stderr.startswith("error: ")
    assert "no cell" in sea.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("-o", "map.bmp"), ".png"),
        (("--raw", "map.png"), ".npy"),
        (("--near", "truth"), "--target region"),
        (("--near", "here", "--target", "region"), "LAT,LON"),
        (("--radius-km", "5"), "--target region"),
        (("--measure", "km"), "kilometres"),
        (("--measure", "log-odds", "--target", "distance"), "km"),
        (("--steps", "1"), "--steps"),
        (("photos", "--truth", "1,1"), "--truth takes one photo"),
        (("photos",), "at most 60 photos"),
    ],
)
def test_wrong_usage(trained_world, options: tuple[str, ...], words: str) -> None:
    result = trained_world.run("occlude", trained_world.photo(), *options, code=2)
    assert words in " ".join(result.stderr.replace("│", " ").split())
