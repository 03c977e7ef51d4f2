"""`geoguess predict`, `occlude` and `probmap` through the command line."""

import csv
import io
import json
import shutil
import sys
from pathlib import Path

import geopandas
import pytest
from PIL import Image

from geoguess_cli.choices import POINT_METHODS

INTERACTIVE = "geoguess_cli.maps.interactive"


def test_predict_names_the_place(trained_world) -> None:
    told = trained_world.run("predict", trained_world.photo("dallas"), "--format", "jsonl")
    (answer,) = [json.loads(line) for line in told.stdout.splitlines()]
    assert answer["guesses"][0]["region"] == "Texas"
    assert abs(answer["latitude"] - 32.78) < 1
    chances = [guess["probability"] for guess in answer["guesses"]]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) <= 1 + 1e-5
    text = trained_world.run("predict", trained_world.photo("dallas")).stdout
    assert "Dallas, Texas, US" in text
    assert answer["place"] == answer["guesses"][0]["place"]


def test_predict_says_how_far_to_believe_it(trained_world) -> None:
    photo = trained_world.photo("dallas")
    told = trained_world.run("predict", photo)
    answer = json.loads(trained_world.run("predict", photo, "--json").stdout)
    assert answer["sure"] is True
    assert answer["expected_km"] > 0
    assert answer["radius_90_km"] > 0
    assert told.stdout.startswith(
        f"{photo}: {answer['latitude']:.4f}, {answer['longitude']:.4f}, expected distance "
        f"{answer['expected_km']:,.0f} km, 90% within {answer['radius_90_km']:,.0f} km\n"
    )
    assert told.stderr == ""


@pytest.mark.parametrize("point", POINT_METHODS)
def test_predict_by_each_point_method(trained_world, point: str) -> None:
    told = trained_world.run("predict", trained_world.photo("dallas"), "--point", point, "--json")
    answer = json.loads(told.stdout)
    assert abs(answer["latitude"] - 32.78) < 3
    assert answer["region"] == "Texas"
    refused = trained_world.run("predict", "x.jpg", "--point", "median", code=2)
    assert "geoscore" in refused.stderr
    assert refused.stdout == ""


def test_predict_is_not_sure_below_the_least_confidence(trained_world) -> None:
    photo = trained_world.photo("dallas")
    ask = ("predict", photo, "--min-confidence", "1")
    likeliest = json.loads(trained_world.run("predict", photo, "--json").stdout)["guesses"][0]
    assert likeliest["probability"] < 1
    told = trained_world.run(*ask)
    assert told.stdout.startswith(
        f"{photo}: not sure, the likeliest cell has {likeliest['probability']:.1%}\n"
    )
    assert "Texas" in told.stdout
    record = json.loads(trained_world.run(*ask, "--format", "jsonl").stdout)
    assert (record["sure"], record["latitude"], record["expected_km"]) == (False, None, None)
    assert record["guesses"][0] == likeliest
    (row,) = csv.DictReader(io.StringIO(trained_world.run(*ask, "--format", "csv").stdout))
    assert (row["sure"], row["latitude"], row["radius_90_km"]) == ("false", "", "")
    assert float(row["probability_1"]) == likeliest["probability"]
    features = json.loads(trained_world.run(*ask, "--format", "geojson").stdout)["features"]
    assert features[0]["geometry"] is None
    assert features[0]["properties"]["sure"] is False
    for wrong in ("1.5", "-0.1"):
        refused = trained_world.run("predict", photo, "--min-confidence", wrong, code=2)
        assert "--min-confidence" in refused.stderr
        assert refused.stdout == ""


def test_predict_a_folder_in_order(trained_world) -> None:
    told = trained_world.run("predict", "photos", "--format", "csv", "-k", "2")
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert len(rows) == 96
    assert [row["photo"] for row in rows] == sorted(row["photo"] for row in rows)
    assert {"token_1", "probability_2"} <= set(rows[0])
    assert "token_3" not in rows[0]


def test_predict_a_table_as_geojson(trained_world, tmp_path) -> None:
    trained_world.run("predict", "photos.csv", "-k", "1", "-o", tmp_path / "guesses.geojson")
    frame = geopandas.read_file(tmp_path / "guesses.geojson")
    assert (frame["kind"] == "estimate").sum() == 96
    assert (frame["kind"] == "guess").sum() == 96


def test_predict_says_which_photo_fails_and_goes_on(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    told = trained_world.run(
        *("predict", tmp_path / "broken.jpg", trained_world.photo("bozeman")),
        *("--format", "jsonl"),
        code=1,
    )
    broken, sound = (json.loads(line) for line in told.stdout.splitlines())
    assert "broken.jpg" in broken["error"]
    assert broken["guesses"] == []
    assert sound["error"] is None
    assert "broken.jpg" in told.stderr
    assert "error" in trained_world.run("predict", tmp_path / "broken.jpg", code=1).stdout


def test_predict_nothing_there(trained_world) -> None:
    told = trained_world.run("predict", "nowhere.jpg", code=1)
    assert told.stderr.startswith("error: no photo, folder or table at nowhere.jpg")
    assert told.stdout == ""


@pytest.mark.parametrize("ending", ["png", "svg", "pdf", "geojson", "parquet"])
def test_probmap_in_every_form(trained_world, tmp_path, ending: str) -> None:
    path = tmp_path / f"map.{ending}"
    told = trained_world.run("probmap", trained_world.photo("bozeman"), "-o", path, "--json")
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}
    starts |= {"geojson": b"{", "parquet": b"PAR1"}
    assert path.read_bytes().startswith(starts[ending])
    # The truth comes from the photo table.
    assert json.loads(told.stdout)["distance_km"] < 100


def test_probmap_truth_by_flag_and_none(trained_world, tmp_path) -> None:
    path = tmp_path / "map.geojson"
    photo = trained_world.photo("bozeman")
    trained_world.run("probmap", photo, "-o", path, "--truth", "-45.5,-111")
    frame = geopandas.read_file(path)
    assert frame[frame["kind"] == "truth"].geometry.iloc[0].coords[0] == (-111.0, -45.5)
    assert frame[frame["kind"] == "cell"]["probability"].sum() == pytest.approx(1, abs=1e-4)
    Image.new("RGB", (48, 32)).save(tmp_path / "unknown.jpg")
    told = trained_world.run("probmap", tmp_path / "unknown.jpg", "-o", path, "--json").stdout
    assert json.loads(told)["distance_km"] is None


@pytest.mark.parametrize("point", POINT_METHODS)
def test_a_map_marks_the_place_that_predict_answers(trained_world, tmp_path, point: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained_world.folder / "artifacts" / "model", model)
    config = json.loads((model / "config.json").read_text())
    config["decision"] = {"temperature": 3.0, "point": point}
    (model / "config.json").write_text(json.dumps(config))
    photo = trained_world.photo("bozeman")
    told = trained_world.run("predict", photo, "--model", model, "--point", point, "--json")
    answer = json.loads(told.stdout)
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
    told = trained_world.run(
        "probmap", trained_world.photo("bozeman"), "-o", tmp_path / "map.bmp", code=2
    )
    assert ".png" in told.stderr


def test_probmaps_of_several_photos_fill_a_folder(trained_world, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "broken.jpg").write_bytes(b"no photo")
    for name in ("bozeman-7-0.jpg", "bozeman-7-0-2.jpg"):
        Image.new("RGB", (48, 32), "red").save(tmp_path / "mine" / name)
    told = trained_world.run(
        *("probmap", trained_world.photo("bozeman"), trained_world.photo("dallas")),
        *(tmp_path / "mine", "-o", tmp_path / "maps", "--format", "geojson", "--json"),
        code=1,
    )
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert "broken.jpg" in told.stderr
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
    told = trained_world.run("probmap", named[0], "-o", path, "--json")
    row = json.loads(told.stdout)
    assert row["path"] == str(path)
    one = path.read_text()
    assert one.startswith("<!doctype html>")
    assert one.count("data:image/jpeg;base64,") == 1
    told = trained_world.run("probmap", *named, "--format", "html", "-o", tmp_path, "--json")
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["path"] for row in rows] == [str(tmp_path / "probability-maps.html")] * 2
    both = (tmp_path / "probability-maps.html").read_text()
    for name in named:
        assert Path(name).name in both
    assert both.count("data:image/jpeg;base64,") == 2


def test_without_bokeh_no_photo_is_read(trained_world, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bokeh", None)
    for name in [name for name in sys.modules if name.startswith(INTERACTIVE)]:
        monkeypatch.delitem(sys.modules, name)
    told = trained_world.run("probmap", "broken.jpg", "-o", "map.html", code=1)
    assert "no photo" in told.stderr  # what is named must be there
    told = trained_world.run("probmap", trained_world.photo("bozeman"), "-o", "map.html", code=1)
    assert told.stderr.startswith("error: interactive maps need Bokeh")
    assert "pip install 'geoguess-cli[interactive]'" in told.stderr
    assert told.stdout == ""


def test_probmap_of_one_unreadable_photo_is_an_error(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    told = trained_world.run("probmap", tmp_path / "broken.jpg", "-o", tmp_path / "m.png", code=1)
    assert told.stderr.startswith("error: ")
    assert "broken.jpg" in told.stderr
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
    told = trained_world.run("probmap", one, "-o", "a.png", "--format", "svg", code=2)
    assert "do not agree" in told.stderr


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
    told = trained_world.run("probmap", *named, "--grid", "-o", sheet, "--json", code=1)
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [row["path"] for row in rows] == [str(sheet), str(sheet), None]
    assert "broken.jpg" in told.stderr
    with Image.open(sheet) as image:
        assert image.width == 1600
    assert trained_world.run("probmap", *named, "--grid", "-o", "a.geojson", code=2)
