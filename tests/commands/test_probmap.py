"""`geoguess probmap` through the command line."""

import json
import shutil
import sys
from pathlib import Path

import geopandas
import pytest
from command_worlds import World
from map_worlds import content_of
from PIL import Image

from geoguess_cli.choices import OF_PROBABILITIES

INTERACTIVE = "geoguess_cli.maps.interactive"


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "geojson", "parquet"])
def test_probmap_in_every_form(trained_world, tmp_path, ending: str) -> None:
    path = tmp_path / f"map.{ending}"
    result = trained_world.run("probmap", trained_world.photo("bozeman"), "-o", path, "--json")
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    starts |= {"geojson": b"{", "parquet": b"PAR1"}
    assert path.read_bytes().startswith(starts[ending])
    # The truth comes from the photo table.
    assert json.loads(result.stdout)["distance_km"] < 100


def test_probmap_truth_by_flag_and_none(trained_world, tmp_path) -> None:
    path = tmp_path / "map.geojson"
    photo = trained_world.photo("bozeman")
    trained_world.run("probmap", photo, "-o", path, "--truth", "-45.5,-111")
    frame = geopandas.read_file(path)
    assert frame[frame["kind"] == "truth"].geometry.iloc[0].coords[0] == (-111.0, -45.5)
    assert frame[frame["kind"] == "cell"]["probability"].sum() == pytest.approx(1, abs=1e-4)
    Image.new("RGB", (48, 32)).save(tmp_path / "unknown.jpg")
    result = trained_world.run("probmap", tmp_path / "unknown.jpg", "-o", path, "--json").stdout
    assert json.loads(result)["distance_km"] is None


@pytest.mark.parametrize("point", OF_PROBABILITIES)
def test_a_map_marks_the_place_that_predict_answers(trained_world, tmp_path, point: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained_world.folder / "artifacts" / "model", model)
    config = json.loads((model / "config.json").read_text())
    config["decision"] = {"temperature": 3.0, "point": point}
    (model / "config.json").write_text(json.dumps(config))
    photo = trained_world.photo("bozeman")
    result = trained_world.run("predict", photo, "--model", model, "--point", point, "--json")
    answer = json.loads(result.stdout)
    path = tmp_path / "map.geojson"
    trained_world.run("probmap", photo, "--model", model, "-o", path)
    features = json.loads(path.read_text())["features"]
    (estimate,) = [one for one in features if one["properties"]["kind"] == "estimate"]
    place = (answer["longitude"], answer["latitude"])
    assert estimate["geometry"]["coordinates"] == pytest.approx(place, abs=1e-6)
    for key in ("expected_km", "radius_90_km"):
        assert estimate["properties"][key] == pytest.approx(answer[key], rel=1e-5)
    cells = {
        one["properties"]["token"]: one["properties"]["probability"]
        for one in features
        if one["properties"]["kind"] == "cell"
    }
    for guess in answer["guesses"]:
        assert cells[guess["token"]] == pytest.approx(guess["probability"], rel=1e-5)


def test_an_ending_nobody_draws(trained_world, tmp_path) -> None:
    result = trained_world.run(
        "probmap", trained_world.photo("bozeman"), "-o", tmp_path / "map.bmp", code=2
    )
    assert ".png" in result.stderr


def test_probmaps_of_several_photos_fill_a_folder(trained_world, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.jpg").write_bytes(b"no photo")
    for name in ("bozeman-7-0.jpg", "bozeman-7-0-2.jpg"):
        Image.new("RGB", (48, 32), "red").save(tmp_path / "mine" / name)
    result = trained_world.run(
        *("probmap", trained_world.photo("bozeman"), trained_world.photo("dallas")),
        *(tmp_path / "mine", "-o", tmp_path / "maps", "--format", "geojson", "--json"),
        code=1,
    )
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert "broken.jpg" in result.stderr
    (failed,) = [row for row in rows if "error" in row]
    assert failed["photo"].endswith("broken.jpg")
    names = {path.name for path in (tmp_path / "maps").iterdir()}
    again = {"bozeman-7-0-2.geojson", "bozeman-7-0-3.geojson"}
    assert names == {"bozeman-7-0.geojson", "dallas-7-0.geojson", *again}
    for row in rows:
        if "error" not in row:
            frame = geopandas.read_file(row["path"])
            (estimate,) = frame[frame["kind"] == "estimate"].itertuples()
            assert estimate.photo == row["photo"]
            assert estimate.latitude == pytest.approx(row["latitude"])
            assert row["expected_km"] > 0
    # Photos of the table know their truth, the other does not.
    known = [row["distance_km"] is not None for row in rows if "error" not in row]
    assert known == [True, True, False, False]


def test_probmaps_of_a_table(trained_world, tmp_path) -> None:
    head = (trained_world.folder / "photos.csv").read_text().splitlines()[:3]
    table = trained_world.folder / "two.csv"
    table.write_text("\n".join(head) + "\n")
    trained_world.run("probmap", table, "-o", tmp_path, "--format", "parquet")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 2
    for path in files:
        frame = geopandas.read_parquet(path)
        assert frame.probability.sum() == pytest.approx(1, abs=1e-4)
        assert frame.geometry.is_valid.all()


def test_a_page_of_one_photo_or_of_several(trained_world, tmp_path) -> None:
    named = [trained_world.photo("bozeman"), trained_world.photo("dallas")]
    path = tmp_path / "one.html"
    result = trained_world.run("probmap", named[0], "-o", path, "--json")
    row = json.loads(result.stdout)
    assert row["path"] == str(path)
    one = path.read_text()
    assert one.startswith("<!doctype html>")
    assert one.count("data:image/jpeg;base64,") == 1
    result = trained_world.run("probmap", *named, "--format", "html", "-o", tmp_path, "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["path"] for row in rows] == [str(tmp_path / "probability-maps.html")] * 2
    both = (tmp_path / "probability-maps.html").read_text()
    for name in named:
        assert Path(name).name in both
    assert both.count("data:image/jpeg;base64,") == 2


def test_without_bokeh_no_photo_is_read(trained_world, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    for name in [name for name in sys.modules if name.startswith(INTERACTIVE)]:
        monkeypatch.delitem(sys.modules, name)
    result = trained_world.run("probmap", "broken.jpg", "-o", "map.html", code=1)
    assert "broken.jpg does not exist" in result.stderr
    result = trained_world.run("probmap", trained_world.photo("bozeman"), "-o", "map.html", code=1)
    assert result.stderr.startswith("error: interactive maps need Bokeh")
    assert "pip install 'geoguess-cli[interactive]'" in result.stderr
    assert result.stdout == ""


def test_probmap_of_one_unreadable_photo_is_an_error(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    result = trained_world.run("probmap", tmp_path / "broken.jpg", "-o", tmp_path / "m.png", code=1)
    assert result.stderr.startswith("error: ")
    assert "broken.jpg" in result.stderr
    assert not (tmp_path / "m.png").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "one.png"], "name a folder"),
        (["--truth", "45,-111"], "--truth"),
    ],
)
def test_what_several_photos_cannot_have(trained_world, options, said: str) -> None:
    two = [trained_world.photo("bozeman"), trained_world.photo("dallas")]
    assert said in trained_world.run("probmap", *two, *options, code=2).stderr


def test_format_and_ending_must_agree(trained_world) -> None:
    one = trained_world.photo("bozeman")
    result = trained_world.run("probmap", one, "-o", "a.png", "--format", "svg", code=2)
    assert "do not agree" in result.stderr


def test_scales_and_themes_look_different(trained_world, tmp_path) -> None:
    looks = ([], ["--log"], ["--linear"], ["--theme", "dark"])
    for number, look in enumerate(looks):
        path = tmp_path / f"{number}.png"
        trained_world.run("probmap", trained_world.photo("bozeman"), "-o", path, *look)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == len(looks)


def test_a_sheet_of_probmaps_leaves_out_what_cannot_be_read(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    named = [trained_world.photo("bozeman"), tmp_path / "broken.jpg", trained_world.photo("dallas")]
    sheet = tmp_path / "sheet.png"
    result = trained_world.run("probmap", *named, "--grid", "-o", sheet, "--json", code=1)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["path"] for row in rows] == [str(sheet), str(sheet), None]
    assert "broken.jpg" in result.stderr
    with Image.open(sheet) as image:
        assert image.width == 1600
    assert trained_world.run("probmap", *named, "--grid", "-o", "a.geojson", code=2)


def test_a_map_shows_the_training_photos_that_are_asked_for(trained_world, tmp_path) -> None:
    photo = trained_world.photo()
    refused = trained_world.run("probmap", photo, "--neighbours", "3", code=1)
    assert "`geoguess calibrate --memory` adds it" in refused.stderr
    trained_world.run("calibrate", "--memory", "-o", tmp_path / "model")
    own = ("probmap", photo, "--model", tmp_path / "model")
    sizes = []
    for more in ((), ("--neighbours", "3")):
        path = tmp_path / "map.png"
        trained_world.run(*own, *more, "-o", path)
        with Image.open(path) as image:
            sizes.append(image.size)
    assert sizes[0][0] == sizes[1][0]
    assert sizes[1][1] > sizes[0][1] + 200
    for more, count in (((), 3), (("--neighbours", "2"), 2), (("--neighbours", "0"), 0)):
        trained_world.run(*own, *more, "-o", tmp_path / "map.html")
        text = (tmp_path / "map.html").read_text()
        shown = content_of(text)["views"][0]["neighbours"]
        photos = shown["photos"] if count else []
        assert len(photos) == count
        assert all(one["picture"].startswith("data:image/jpeg") for one in photos)
        assert all("Texas" in one["place"] for one in photos)
    # The same model where its photos are not.
    away = tmp_path / "away"
    away.mkdir()
    shutil.copy(trained_world.folder / photo, away / "asked.jpg")
    elsewhere = World(away)
    elsewhere.run("probmap", "asked.jpg", "--model", tmp_path / "model", "-o", "map.html")
    (first, *_) = content_of((away / "map.html").read_text())["views"][0]["neighbours"]["photos"]
    assert (first["picture"], first["missing"]) == (None, "photo not found")
    elsewhere.run(
        *("probmap", "asked.jpg", "--model", tmp_path / "model", "-o", "map.geojson"),
        *("--neighbours", "2"),
    )
    features = json.loads((away / "map.geojson").read_text())["features"]
    assert sum(one["properties"]["kind"] == "neighbour" for one in features) == 2
    sheet = trained_world.run(*own, photo, "--grid", "--neighbours", "2", code=2)
    assert "no room for --neighbours" in " ".join(sheet.stderr.replace("│", " ").split())
