"""`geoguess data` through the command line."""

import json

import polars as pl
from PIL import Image

from geoguess_cli.geo.geodesy import great_circle_km


def test_inspect_names_rows_and_photos(world) -> None:
    table = world.folder / "photos.csv"
    lines = table.read_text().splitlines()
    lines[3] = "photos/none.jpg,40,-100,x,train"
    lines[5] = f"{world.photo('bozeman', 1, 0)},123.4,-100,x,train"
    table.write_text("\n".join(lines))
    told = json.loads(world.run("data", "inspect", "photos.csv", "--json").stdout)
    assert told["photos"] == 94
    assert told["missing"] == ["photos/none.jpg"]
    assert told["bad_rows"] == [
        {"row": 6, "reason": "latitude is 123.4; it must lie in [-90, 90]", "file": "photos.csv"}
    ]
    text = world.run("data", "inspect", "photos.csv").stdout
    assert "123.4" in text
    assert "photos/none.jpg" in text


def test_import_moves_paths_and_keeps_what_is_there(world) -> None:
    world.run("data", "import", "photos.csv", "-o", "elsewhere/table.parquet")
    frame = pl.read_parquet(world.folder / "elsewhere" / "table.parquet")
    assert frame["photo"][0].startswith("../photos/")
    assert (world.folder / "elsewhere" / frame["photo"][0]).is_file()
    again = world.run("data", "import", "photos.csv", "-o", "elsewhere/table.parquet", code=1)
    assert "--force" in again.stderr
    world.run("data", "import", "photos.csv", "-o", "elsewhere/table.parquet", "--force")


def test_split_by_sequence_in_place(world) -> None:
    table = world.folder / "photos.csv"
    frame = pl.read_csv(table).drop("split")
    frame.write_csv(table)
    told = json.loads(
        world.run("data", "split", "--val", "0.25", "--test", "0.25", "--json").stdout
    )
    done = pl.read_csv(table)
    assert done.drop("split").equals(frame)
    assert done.group_by("sequence").agg(pl.col("split").n_unique())["split"].max() == 1
    assert told["val"] == 24
    assert told["test"] == 24


def test_split_refuses_to_lose_rows(world) -> None:
    table = world.folder / "photos.csv"
    before = table.read_text() + "photos/x.jpg,999,0,s,train\n"
    table.write_text(before)
    told = world.run("data", "split", "--force", code=1).stderr
    assert "1 row" in told
    assert "-o" in told
    assert table.read_text() == before
    world.run("data", "split", "--force", "-o", "other.csv")


def test_split_of_a_folder_needs_a_name(world) -> None:
    image = Image.new("RGB", (8, 8))
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 0.0, 0.0), 3: "E", 4: (20.0, 0.0, 0.0)})
    (world.folder / "mine").mkdir()
    for number in range(4):
        image.save(world.folder / "mine" / f"{number}.jpg", exif=exif)
    assert "-o" in world.run("data", "split", "mine", code=1).stderr
    assert "too few" in world.run("data", "split", "mine", "-o", "mine.csv", code=1).stderr
    world.run("data", "split", "mine", "-o", "mine.csv", "--val", "0", "--test", "0")
    assert len(pl.read_csv(world.folder / "mine.csv")) == 4


def test_shares_that_leave_nothing(world) -> None:
    assert "nothing" in world.run("data", "split", "--val", "0.6", "--test", "0.5", code=2).stderr


def test_split_by_place_with_a_buffer(world) -> None:
    out = ("-o", "apart.csv", "--force", "--json")
    told = json.loads(
        world.run("data", "split", "--by", "cell", "--level", "12", "--buffer-km", "2", *out).stdout
    )
    frame = pl.read_csv(world.folder / "apart.csv")
    assert len(frame) == 96  # a photo that is set aside keeps its row
    assert told.get("set aside", 0) == frame["split"].null_count()
    kept = frame.filter(pl.col("split").is_not_null())
    train = kept.filter(pl.col("split") == "train").select("latitude", "longitude").to_numpy()
    others = kept.filter(pl.col("split") != "train").select("latitude", "longitude").to_numpy()
    assert len(others)
    for place in others:
        assert great_circle_km(place[None], train).min() > 2


def test_leaks_are_named_and_a_clean_split_passes(world) -> None:
    table = world.folder / "photos.csv"
    frame = pl.read_csv(table)
    torn = pl.Series("split", ["train", "val"] * (len(frame) // 2))
    frame.with_columns(torn).write_csv(world.folder / "torn.csv")
    told = world.run("data", "leaks", "torn.csv", "--no-photos").stdout
    assert told.startswith("leaking: ")
    assert "24 sequences" in told
    assert "geoguess data split" in told
    record = json.loads(world.run("data", "leaks", "torn.csv", "--json").stdout)
    assert record["level"] == "leaking"
    world.run("data", "split", "--force", "--by", "sequence", "--buffer-km", "1", "-o", "ok.csv")
    assert world.run("data", "leaks", "ok.csv", "--no-photos").stdout.startswith("clean: ")
