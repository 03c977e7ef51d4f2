"""`geoguess predict` through the command line."""

import csv
import io
import json

import geopandas
import polars as pl
import pytest
from PIL import Image
from polars.testing import assert_frame_equal

from geoguess_cli.choices import OF_PROBABILITIES, POINT_METHODS


def test_predict_names_the_place(trained_world) -> None:
    result = trained_world.run("predict", trained_world.photo("dallas"), "--format", "jsonl")
    (answer,) = [json.loads(line) for line in result.stdout.splitlines()]
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
    result = trained_world.run("predict", photo)
    answer = json.loads(trained_world.run("predict", photo, "--json").stdout)
    assert answer["sure"] is True
    assert answer["expected_km"] > 0
    assert answer["radius_90_km"] > 0
    assert result.stdout.startswith(
        f"{photo}: {answer['latitude']:.4f}, {answer['longitude']:.4f}, expected distance "
        f"{answer['expected_km']:,.0f} km, 90% within {answer['radius_90_km']:,.0f} km\n"
    )
    assert result.stderr == ""


@pytest.mark.parametrize("point", OF_PROBABILITIES)
def test_predict_by_each_point_method(trained_world, point: str) -> None:
    result = trained_world.run("predict", trained_world.photo("dallas"), "--point", point, "--json")
    answer = json.loads(result.stdout)
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
    result = trained_world.run(*ask)
    assert result.stdout.startswith(
        f"{photo}: not sure, the likeliest cell has {likeliest['probability']:.1%}\n"
    )
    assert "Texas" in result.stdout
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


def test_predict_says_which_photo_is_unlike_the_training_photos(trained_world, tmp_path) -> None:
    grey = tmp_path / "grey.png"  # the world has red, green and blue photos
    Image.new("RGB", (48, 32), (128, 128, 128)).save(grey)
    photos = (trained_world.photo(), grey)
    lines = trained_world.run("predict", *photos, "--json", "--abstain-unlike").stdout
    own, other = map(json.loads, lines.splitlines())
    assert (own["unlike"], own["sure"]) == (False, True)
    assert (other["unlike"], other["sure"], other["latitude"]) == (True, False, None)
    assert own["feature_distance"] < other["feature_distance"]
    assert own["feature_percentile"] <= 95 < other["feature_percentile"]
    words = trained_world.run("predict", grey).stdout
    assert "; unlike the training photos: farther from them than all training photos left" in words
    together = ("--together", "--json", "--abstain-unlike")  # as most of the group are
    for files, unlike in (((photos[0], photos[0], grey), False), ((photos[0], grey, grey), True)):
        group = json.loads(trained_world.run("predict", *files, *together).stdout)
        assert (group["photos"], group["unlike"], group["sure"]) == (3, unlike, not unlike)


def test_predict_names_the_training_photos_that_a_photo_resembles(trained_world, tmp_path) -> None:
    photo = trained_world.photo(drive=0)  # a training photo
    refused = trained_world.run("predict", photo, "--neighbours", "3", code=1)
    assert "`geoguess calibrate --memory` adds it" in refused.stderr
    kept = trained_world.run("calibrate", "--memory", "-o", tmp_path / "model")
    assert "the model carries the features of 72 training photos" in kept.stderr
    own = ("predict", photo, "--model", tmp_path / "model", "--neighbours", "3")
    answer = json.loads(trained_world.run(*own, "--json").stdout)
    first, *others = answer["neighbours"]
    assert first["photo"].endswith("dallas-0-0.jpg")
    assert first["similarity"] == pytest.approx(1, abs=1e-3)
    assert first["latitude"] == pytest.approx(32.78, abs=0.3)
    assert [one["similarity"] for one in others] == sorted(
        (one["similarity"] for one in others), reverse=True
    )
    assert all("dallas" in one["photo"] for one in others)
    table = trained_world.run(*own).stdout
    assert "of the training photos, which are not in the model themselves" in table
    assert first["photo"] in table
    refused = trained_world.run(*own, "--format", "gpx", code=2)
    assert "--json" in refused.stderr
    rows = list(csv.DictReader(io.StringIO(trained_world.run(*own, "--format", "csv").stdout)))
    assert [rows[0][f"neighbour_photo_{rank}"] for rank in (1, 2, 3)] == [
        one["photo"] for one in answer["neighbours"]
    ]
    parts = tmp_path / "parts"
    trained_world.run(*own, "-o", parts)
    frame = pl.read_parquet(parts / "predictions.parquet")
    assert frame["neighbour_photo_1"].to_list() == [first["photo"]]
    changed = trained_world.run(*own[:-1], "2", "-o", parts, code=1)
    assert "--neighbours was 3 and is 2" in changed.stderr
    both = ("predict", photo, trained_world.photo(drive=1), "--together", *own[2:], "--json")
    together = json.loads(trained_world.run(*both).stdout)
    assert len(together["neighbours"]) == 3
    assert all("dallas" in one["photo"] for one in together["neighbours"])


def test_predict_answers_with_the_place_of_training_photos(trained_world, tmp_path) -> None:
    photo = trained_world.photo()
    refused = trained_world.run("predict", photo, "--point", "neighbours", code=1)
    assert "`geoguess calibrate --memory` adds it" in refused.stderr
    trained_world.run("calibrate", "--memory", "-o", tmp_path / "model")
    own = ("--model", tmp_path / "model", "--json")
    medians = json.loads((tmp_path / "model" / "metrics.json").read_text())["point_estimate"]
    assert list(medians["median_km"]) == list(POINT_METHODS)
    answer = json.loads(trained_world.run("predict", photo, "--point", "neighbours", *own).stdout)
    table = pl.read_csv(trained_world.folder / "photos.csv").filter(pl.col("split") == "train")
    places = table.select("latitude", "longitude").rows()
    assert (answer["latitude"], answer["longitude"]) in places
    assert answer["region"] == "Texas"
    # Within a region, for a group, on a map and in a report.
    within = ("--within", "Oregon, US", "--point", "neighbours", *own)
    assert json.loads(trained_world.run("predict", photo, *within).stdout)["region"] == "Oregon"
    decided = json.loads((tmp_path / "model" / "config.json").read_text())
    decided["decision"]["point"] = "neighbours"
    (tmp_path / "model" / "config.json").write_text(json.dumps(decided))
    both = ("predict", photo, trained_world.photo(number=1), "--together", *own)
    group = json.loads(trained_world.run(*both).stdout)
    assert (group["latitude"], group["longitude"]) in places
    trained_world.run("probmap", photo, *own[:2], "-o", tmp_path / "map.geojson")
    features = json.loads((tmp_path / "map.geojson").read_text())["features"]
    (estimate,) = [one for one in features if one["properties"]["kind"] == "estimate"]
    assert estimate["properties"]["latitude"] == answer["latitude"]
    judged = trained_world.run("eval", *own, "--report", tmp_path / "eval")
    report = json.loads(judged.stdout)
    assert report["point_estimates"]["neighbours"]["own"]
    assert report["point_estimates"]["neighbours"]["median_km"] == report["median_km"]
    assert "middle of the training photos" in (tmp_path / "eval" / "report.md").read_text()
    # Training photos find no photo of their own drive.
    seen = trained_world.run("eval", "--split", "train", *own, "--report", tmp_path / "train")
    rows = pl.read_parquet(tmp_path / "train" / "predictions.parquet")
    assert json.loads(seen.stdout)["counts"]["photos"] == len(rows) == len(table)
    assert rows["distance_km"].min() > 0
    # A model whose memory was taken away still opens, and says what to do.
    (tmp_path / "model" / "memory.safetensors").unlink()
    bare = trained_world.run("predict", photo, *own, code=1)
    assert "`geoguess calibrate` alone chooses another method" in bare.stderr
    trained_world.run("predict", photo, "--point", "distance", *own)
    trained_world.run("calibrate", *own[:2])
    assert json.loads(trained_world.run("predict", photo, *own).stdout)["region"] == "Texas"


def test_predict_looks_at_several_views(trained_world, tmp_path) -> None:
    photos = [trained_world.photo(number=number) for number in range(3)]
    plain = [json.loads(line) for line in ask_lines(trained_world, photos)]
    views = [json.loads(line) for line in ask_lines(trained_world, photos, "--views", "4")]
    assert [own["photo"] for own in views] == photos
    for one, other in zip(plain, views, strict=True):
        assert one["guesses"][0]["probability"] != other["guesses"][0]["probability"]
        assert one["guesses"][0]["token"] == other["guesses"][0]["token"]
        assert one["feature_distance"] == pytest.approx(other["feature_distance"], rel=1e-3)
    trained_world.run("predict", *photos, "--views", "2", "-o", tmp_path / "parts")
    changed = trained_world.run(
        "predict", *photos, "--views", "3", "-o", tmp_path / "parts", code=1
    )
    assert "--views was 2 and is 3" in changed.stderr
    assert trained_world.run("predict", *photos, "--views", "7", code=2).stdout == ""


def ask_lines(trained_world, photos, *more: str) -> list[str]:
    return trained_world.run("predict", *photos, "--json", *more).stdout.splitlines()


def test_predict_a_folder_in_order(trained_world) -> None:
    result = trained_world.run("predict", "photos", "--format", "csv", "-k", "2")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 96
    assert [row["photo"] for row in rows] == sorted(row["photo"] for row in rows)
    assert {"token_1", "probability_2"} <= set(rows[0])
    assert "token_3" not in rows[0]


def test_predict_a_table_as_geojson(trained_world, tmp_path) -> None:
    trained_world.run("predict", "photos.csv", "-k", "1", "-o", tmp_path / "guesses.geojson")
    frame = geopandas.read_file(tmp_path / "guesses.geojson")
    assert (frame["kind"] == "estimate").sum() == 96
    assert (frame["kind"] == "guess").sum() == 96


def test_predict_writes_waypoints(trained_world, tmp_path) -> None:
    folder = trained_world.folder / "photos"
    trained_world.run("predict", "photos", "-k", "1", "-o", tmp_path / "guesses.gpx")
    frame = geopandas.read_file(tmp_path / "guesses.gpx", layer="waypoints")
    assert frame["name"].tolist() == sorted(path.name for path in folder.iterdir())
    printed = trained_world.run("predict", trained_world.photo("dallas"), "--format", "kml").stdout
    assert printed.count("<Placemark>") == 1


def test_predict_writes_sidecars_and_touches_nothing_else(trained_world, tmp_path) -> None:
    names = [trained_world.photo(town) for town in ("dallas", "bozeman")]
    photos = [tmp_path / f"{at}.jpg" for at in range(2)]
    for name, photo in zip(names, photos, strict=True):
        photo.write_bytes((trained_world.folder / name).read_bytes())
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    (tmp_path / "1.xmp").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    result = trained_world.run("predict", tmp_path, "--format", "xmp", code=1)
    assert result.stdout == ""
    assert f"no sidecar for {photos[1]}: {tmp_path / '1.xmp'} exists" in result.stderr
    assert "1 sidecar written, 2 left out" in result.stderr
    assert result.stderr.count("broken.jpg") == 1
    after = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path: after[path] for path in before} == before
    assert set(after) - set(before) == {tmp_path / "0.xmp"}
    ask = ("predict", *photos, "--format", "xmp", "-o", tmp_path / "out", "--json")
    records = [json.loads(line) for line in trained_world.run(*ask).stdout.splitlines()]
    assert [record["written"] for record in records] == [True, True]
    refused = trained_world.run("predict", photos[0], "-o", tmp_path / "x.xmp", code=2)
    assert "name a folder" in refused.stderr


def test_predict_several_photos_of_one_place(trained_world, tmp_path) -> None:
    photos = [trained_world.photo("dallas", number=number) for number in range(3)]
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    result = trained_world.run(
        "predict", *photos, tmp_path / "broken.jpg", "--together", "--json", code=1
    )
    (answer,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (answer["photos"], answer["guesses"][0]["region"]) == (4, "Texas")
    assert answer["photo"] == "dallas-7-0.jpg + dallas-7-1.jpg + dallas-7-2.jpg + 1 more"
    assert "broken.jpg" in result.stderr
    text = trained_world.run("predict", "photos.csv", "--group-by", "sequence", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(text.stdout)))
    assert len(rows) == 24
    assert {row["photos"] for row in rows} == {"4"}
    assert rows[0]["photo"] == "bozeman-0"
    trained_world.run("predict", "photos.csv", "--group-by", "sequence", "-k", "1", "--map", "-q")
    refused = trained_world.run("predict", "photos.csv", "--group-by", "street", code=1)
    assert "no value in a column `street`" in refused.stderr


def test_predict_within_a_region(trained_world, tmp_path) -> None:
    photo = trained_world.photo("dallas")
    result = trained_world.run("predict", photo, "--within", "Oklahoma, US", "--json")
    answer = json.loads(result.stdout)
    assert (answer["within"], answer["region"]) == ("Oklahoma, US", "Oklahoma")
    assert 0 < answer["inside"] < 1
    assert {guess["region"] for guess in answer["guesses"]} == {"Oklahoma"}
    text = trained_world.run("predict", photo, "--within", "-104,33,-94,37.5").stdout
    assert "% lay in -104,33,-94,37.5" in text
    refused = trained_world.run("predict", photo, "--within", "Oklahomma", code=1)
    assert refused.stderr.startswith("error: `Oklahomma` is no region")
    assert "`Oklahoma, US`" in refused.stderr
    parts = ("predict", "photos", "-o", tmp_path / "parts", "-q")
    trained_world.run(*parts, "--within", "US")
    assert "--within" in trained_world.run(*parts, "--within", "Texas", code=1).stderr


def test_predict_says_which_photo_fails_and_goes_on(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    result = trained_world.run(
        *("predict", tmp_path / "broken.jpg", trained_world.photo("bozeman")),
        *("--format", "jsonl"),
        code=1,
    )
    broken, sound = (json.loads(line) for line in result.stdout.splitlines())
    assert "broken.jpg" in broken["error"]
    assert broken["guesses"] == []
    assert sound["error"] is None
    assert "broken.jpg" in result.stderr
    assert "error" in trained_world.run("predict", tmp_path / "broken.jpg", code=1).stdout


def test_predict_nothing_there(trained_world) -> None:
    result = trained_world.run("predict", "nowhere.jpg", code=1)
    assert result.stderr.startswith("error: nowhere.jpg does not exist")
    assert result.stdout == ""


def test_predict_a_table_in_parts(trained_world, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("geoguess_cli.inference.parts.ROWS", 32)
    ask = ("predict", "photos.csv", "-k", "2", "-o", tmp_path / "out")
    result = trained_world.run(*ask, "--shard", "2/2")
    assert "2 of 3 parts are missing" in result.stderr
    result = trained_world.run(*ask)
    assert "1 of 3 parts are there" in result.stderr
    assert result.stderr.endswith(f"predictions: {tmp_path}/out/predictions.parquet\n")
    rows = pl.read_parquet(tmp_path / "out" / "predictions.parquet")
    trained_world.run("predict", "photos.csv", "-k", "2", "-o", tmp_path / "whole.csv")
    whole = pl.read_csv(tmp_path / "whole.csv", schema_overrides=rows.schema)
    assert_frame_equal(rows, whole, abs_tol=1e-5)
    again = trained_world.run(*ask)
    assert again.stderr == f"predictions: {tmp_path}/out/predictions.parquet\n"
    refused = trained_world.run(*ask, "--point", "centroid", "-k", "3", code=1)
    assert "--top-k was 2 and is 3" in refused.stderr
    refused = trained_world.run("predict", "photos.csv", "--shard", "1/2", code=2)
    assert "--shard needs a folder" in refused.stderr


def test_predict_in_parts_counts_the_photos_that_fail(trained_world, tmp_path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    ask = ("predict", tmp_path / "broken.jpg", trained_world.photo(), "-o", tmp_path / "out")
    for _ in range(2):  # the second time they come from the folder
        result = trained_world.run(*ask, code=1)
        assert "warning: 1 photo could not be read (" in result.stderr
        assert "the column `error` has the reason of each" in result.stderr
