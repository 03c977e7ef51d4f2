"""`geoguess data` through the command line."""

import json

import numpy as np
import polars as pl
import pytest
from command_worlds import World
from PIL import Image
from source_worlds import SOURCES

from geoguess_cli.geo.geodesy import great_circle_km


def test_inspect_names_rows_and_photos(world) -> None:
    table = world.folder / "photos.csv"
    lines = table.read_text().splitlines()
    lines[3] = "photos/none.jpg,40,-100,x,train"
    lines[5] = f"{world.photo('bozeman', 1, 0)},123.4,-100,x,train"
    table.write_text("\n".join(lines))
    result = json.loads(world.run("data", "inspect", "photos.csv", "--json").stdout)
    assert result["photos"] == 94
    assert result["missing"] == ["photos/none.jpg"]
    assert result["bad_rows"] == [
        {"row": 6, "reason": "latitude is 123.4; it must lie in [-90, 90]", "file": "photos.csv"}
    ]
    text = world.run("data", "inspect", "photos.csv").stdout
    assert "123.4" in text
    assert "photos/none.jpg" in text


def test_import_moves_paths_and_keeps_an_existing_file(world) -> None:
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
    result = json.loads(
        world.run("data", "split", "--val", "0.25", "--test", "0.25", "--json").stdout
    )
    done = pl.read_csv(table)
    assert done.drop("split").equals(frame)
    sides = done.drop_nulls("split").group_by("sequence").agg(pl.col("split").n_unique())
    assert sides["split"].max() == 1
    assert result["val"] == 24
    assert result["test"] == 24
    assert result["train"] + result["set_aside"] == 48


def test_split_refuses_to_lose_rows(world) -> None:
    table = world.folder / "photos.csv"
    before = table.read_text() + "photos/x.jpg,999,0,s,train\n"
    table.write_text(before)
    result = world.run("data", "split", "--force", code=1).stderr
    assert "1 row" in result
    assert "-o" in result
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


def test_shares_that_leave_nothing_to_train_on(world) -> None:
    assert "nothing" in world.run("data", "split", "--val", "0.6", "--test", "0.5", code=2).stderr


def test_split_by_place_with_a_buffer(world) -> None:
    out = ("-o", "apart.csv", "--force", "--json")
    result = json.loads(
        world.run("data", "split", "--by", "cell", "--level", "12", "--buffer-km", "2", *out).stdout
    )
    frame = pl.read_csv(world.folder / "apart.csv")
    assert len(frame) == 96  # a photo that is set aside keeps its row
    assert result["set_aside"] == frame["split"].null_count()
    assert result["set_aside_photos"] == frame.filter(pl.col("split").is_null())["photo"].to_list()
    kept = frame.filter(pl.col("split").is_not_null())
    train = kept.filter(pl.col("split") == "train").select("latitude", "longitude").to_numpy()
    others = kept.filter(pl.col("split") != "train").select("latitude", "longitude").to_numpy()
    assert len(others)
    for place in others:
        assert great_circle_km(place[None], train).min() > 2


def line_of_drives(folder, *, split: list[str | None] | None = None):
    """Forty drives of two photos, each drive 0.6 km from the next; with its split, if any."""
    frame = pl.DataFrame(
        {
            "photo": [f"{drive}-{number}.jpg" for drive in range(40) for number in range(2)],
            "latitude": [round(40 + 0.0054 * drive, 5) for drive in range(40) for _ in range(2)],
            "longitude": [-100.0] * 80,
            "sequence": [f"s{drive}" for drive in range(40) for _ in range(2)],
        }
    )
    if split is not None:
        frame = frame.with_columns(pl.Series("split", split, dtype=pl.String))
    frame.write_csv(folder / "line.csv")
    return folder / "line.csv"


def test_a_buffer_of_one_kilometre_is_the_default(world) -> None:
    line_of_drives(world.folder)
    plain, one, none = (
        json.loads(
            world.run("data", "split", "line.csv", "-o", "out.csv", "--json", *options).stdout
        )
        for options in ((), ("--buffer-km", "1"), ("--buffer-km", "0"))
    )
    assert plain == one
    assert plain["set_aside"] == len(plain["set_aside_photos"]) >= 2
    assert none["set_aside"] == 0
    assert none["set_aside_photos"] == []
    for result in (plain, none):
        assert result["train"] + result["val"] + result["test"] + result["set_aside"] == 80
        assert (result["val"], result["test"]) == (8, 8)


def test_photos_set_aside_are_counted_and_listed(world) -> None:
    line_of_drives(world.folder)
    result = world.run("data", "split", "line.csv", "-o", "out.csv", "--set-aside", "aside.csv")
    frame = pl.read_csv(world.folder / "out.csv")
    names = frame.filter(pl.col("split").is_null())["photo"].to_list()
    assert len(names) > 1
    assert pl.read_csv(world.folder / "aside.csv")["photo"].to_list() == names
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("set aside")]
    assert line.split()[2] == str(len(names))
    assert f"within 1 km of a val or test photo: {names[0]}, {names[1]}" in result.stderr
    assert "photos set aside: aside.csv" in result.stderr
    whole = world.run("data", "split", "line.csv", "-o", "out.csv", "--buffer-km", "0")
    assert "set aside" not in whole.stdout + whole.stderr


def test_an_existing_split_is_kept_unless_forced(world) -> None:
    split = ["test" if drive >= 30 else "train" for drive in range(40) for _ in range(2)]
    line_of_drives(world.folder, split=split)
    result = world.run("data", "split", "line.csv", "-o", "kept.csv")
    assert "kept the existing split (train, test); --force" in result.stderr
    kept = pl.read_csv(world.folder / "kept.csv")["split"]
    assert kept.to_list()[60:] == ["test"] * 20
    assert (kept == "test").sum() == 20
    assert (kept == "val").sum() == 6  # a tenth of what was train
    forced = world.run("data", "split", "line.csv", "-o", "new.csv", "--force")
    assert "kept" not in forced.stderr
    assert pl.read_csv(world.folder / "new.csv")["split"].to_list() != kept.to_list()


def test_the_split_of_an_osv_download_is_kept(world) -> None:
    (world.folder / "osv").mkdir()
    for side, first in (("train", 0), ("test", 1000)):
        rows = [
            f"{first + row},{40 + 0.1 * row},-100,s{first + row // 2},0,ann" for row in range(40)
        ]
        header = "id,latitude,longitude,sequence,captured_at,creator_username"
        text = "\n".join([header, *rows]) + "\n"
        (world.folder / "osv" / f"{side}.csv").write_text(text)
        photos = world.folder / "osv" / f"{side}_images"
        photos.mkdir()
        for row in range(40):
            Image.new("RGB", (8, 8)).save(photos / f"{first + row}.jpg")
    world.run("data", "split", "osv", "-o", "osv.csv", "--buffer-km", "0")
    frame = pl.read_csv(world.folder / "osv.csv")
    was_test = pl.col("id") >= 1000
    assert set(frame.filter(was_test)["split"]) == {"test"}
    assert frame.filter(~was_test)["split"].value_counts().sort("split").rows() == [
        ("train", 36),
        ("val", 4),
    ]


def test_leaks_are_named_and_a_clean_split_passes(world) -> None:
    table = world.folder / "photos.csv"
    frame = pl.read_csv(table)
    torn = pl.Series("split", ["train", "val"] * (len(frame) // 2))
    frame.with_columns(torn).write_csv(world.folder / "torn.csv")
    result = world.run("data", "leaks", "torn.csv", "--no-photos").stdout
    assert result.startswith("leaking: ")
    assert "24 sequences" in result
    assert "geoguess data split" in result
    record = json.loads(world.run("data", "leaks", "torn.csv", "--json").stdout)
    assert record["level"] == "leaking"
    world.run("data", "split", "--force", "--by", "sequence", "--buffer-km", "1", "-o", "ok.csv")
    assert world.run("data", "leaks", "ok.csv", "--no-photos").stdout.startswith("clean: ")


def test_leaks_are_told_with_distances_and_examples(world) -> None:
    rows = [("train", 40.0, "a"), ("train", 40.0, "b"), ("val", 40.0, "a"), ("val", 40.9, "c")]
    frame = pl.DataFrame(rows, schema=["split", "latitude", "sequence"], orient="row")
    frame = frame.with_columns(
        photo=pl.Series([f"{row}.jpg" for row in range(4)]), longitude=pl.lit(-100.0)
    )
    frame.write_csv(world.folder / "few.csv")
    result = [line.split() for line in _lines(world, "few.csv")]
    # Of two photos, one at 0 km and one 0.9 degrees of latitude away: 100.1 km.
    (val,) = [line for line in result if line[0] == "val"]
    assert val[1:] == ["2", "5", "25", "50", "75.1", "95.1", "50%", "0%", "0%", "50%"]
    assert ["sequences", "train", "and", "val", "1", "1", "val", "a"] in result
    clean = _lines(world, "photos.csv")
    assert not [line for line in clean if line.startswith("sequences")]


def _lines(world, table: str) -> list[str]:
    result = world.run("data", "leaks", table, "--no-photos").stdout
    return [line for line in result.splitlines() if line.strip()]


def test_a_second_leak_check_reads_no_photo_again(world):
    first = world.run("data", "leaks", "photos.csv")
    assert "hashes, 0 of them from an earlier check: photos.hashes.parquet" in first.stderr
    photos = sorted((world.folder / "photos").iterdir())
    second = world.run("data", "leaks", "photos.csv")
    assert f"hashes, {len(photos)} of them from an earlier check" in second.stderr
    assert second.stdout == first.stdout
    photos[0].write_bytes(photos[1].read_bytes())
    third = world.run("data", "leaks", "photos.csv")
    assert f"hashes, {len(photos) - 1} of them" in third.stderr


@pytest.fixture
def exchanged(world) -> str:
    """A table of the world's photos, as an old list has it: LON is the latitude, LAT the longitude.

    The photos lie in the United Kingdom, so that every row is in range either way.
    """
    frame = pl.read_csv(world.folder / "photos.csv")
    rng = np.random.default_rng(0)
    frame.select(
        "photo",
        pl.Series("LON", rng.uniform(51.5, 54.5, len(frame))),
        pl.Series("LAT", rng.uniform(-2.5, -0.5, len(frame))),
        "split",
    ).write_csv(world.folder / "list.csv")
    return "list.csv"


def test_import_stops_at_an_exchanged_list_until_it_is_told(world, exchanged) -> None:
    stopped = world.run("data", "import", exchanged, "-o", "t.csv", code=1).stderr
    assert "as they stand, 0 % of the rows are on land; exchanged, 100 %" in stopped
    assert "--swap" in stopped
    assert "--as-is" in stopped
    assert not (world.folder / "t.csv").exists()
    world.run("data", "import", exchanged, "-o", "t.csv", "--swap")
    assert pl.read_csv(world.folder / "t.csv")["latitude"].min() > 51
    as_is = world.run("data", "import", exchanged, "-o", "u.csv", "--as-is")
    assert "exchanged" not in as_is.stderr
    assert pl.read_csv(world.folder / "u.csv")["longitude"].min() > 51


def test_inspect_only_says_that_a_list_looks_exchanged(world, exchanged) -> None:
    assert "data import list.csv --swap" in world.run("data", "inspect", exchanged).stderr
    report = json.loads(world.run("data", "inspect", exchanged, "--json").stdout)
    assert report["order"] == {
        "by": "land",
        "as_is": 0.0,
        "exchanged": 1.0,
        "looks_exchanged": True,
    }


@pytest.mark.parametrize(
    "verb",
    [
        ("data", "split", "list.csv", "-o", "split.csv"),
        ("cells", "build", "--photos", "list.csv"),
        ("train", "--photos", "list.csv"),
    ],
)
@pytest.mark.usefixtures("exchanged")
def test_verbs_that_build_on_a_list_stop_too(world, verb) -> None:
    world.run("cells", "build")
    assert "look exchanged" in world.run(*verb, code=1).stderr
    if verb[0] != "train":
        world.run(*verb, "--swap")


def test_a_list_that_swap_spoils_is_warned_of(world, exchanged) -> None:
    world.run("data", "import", exchanged, "-o", "t.csv", "--swap")
    spoiled = world.run("data", "split", "t.csv", "--force", "--swap", "-o", "u.csv").stderr
    assert "with --swap, latitude and longitude look exchanged" in spoiled


def test_notes_say_where_positions_are_all_alike(world) -> None:
    frame = pl.read_csv(world.folder / "photos.csv")
    alike = frame.with_columns(pl.lit(51.507).alias("latitude"), pl.lit(-0.128).alias("longitude"))
    alike.write_csv(world.folder / "alike.csv")
    for verb in (("inspect", "alike.csv"), ("import", "alike.csv", "-o", "t.csv")):
        said = world.run("data", *verb).stderr
        assert "note: all photos have the same position, 51.507° N, 0.128° W" in said
    report = json.loads(world.run("data", "inspect", "alike.csv", "--json").stdout)
    assert len(report["notices"]) == 1


def test_a_dear_buffer_is_said_with_the_other_choices_and_auto_avoids_it(world) -> None:
    """Photos 400 m apart along a road, each a drive of its own."""
    photos = pl.read_csv(world.folder / "photos.csv")["photo"]
    latitude = 45.0 + np.arange(len(photos)) * 0.4 / 111.195
    pl.DataFrame({"photo": photos, "latitude": latitude, "longitude": -100.0}).write_csv(
        world.folder / "road.csv"
    )
    dear = world.run("data", "split", "road.csv", "--by", "random", "-o", "t.csv", "--json")
    result = json.loads(dear.stdout)
    lost = result["set_aside"] / (result["set_aside"] + result["train"])
    assert lost > 0.2
    assert f"sets aside {lost:.0%}".replace("%", " %") in dear.stderr
    options = [choice["options"] for choice in result["other_choices"]]
    assert options[:3] == ["--buffer-km 0.5", "--buffer-km 0.25", "--buffer-km 0.1"]
    again = ("data", "split", "road.csv", "--by", "random", "-o", "u.csv", "--force", "--json")
    auto = world.run(*again, "--buffer-km", "auto")
    assert json.loads(auto.stdout)["buffer_km"] == 0.25
    assert json.loads(auto.stdout)["other_choices"] == []
    assert "--buffer-km auto: 0.25 km" in auto.stderr
    assert "neither `auto` nor" in world.run(*again, "--buffer-km", "-1", code=2).stderr


def renamed(world) -> None:
    """The photo table of the world under names that nobody knows, and with a trap."""
    frame = pl.read_csv(world.folder / "photos.csv", infer_schema=False)
    frame = frame.rename({"photo": "foto", "latitude": "y", "longitude": "x"})
    frame.write_csv(world.folder / "odd.csv")


def test_a_table_of_odd_names_is_read_as_its_refusal_says(world) -> None:
    renamed(world)
    refusal = world.run("data", "import", "odd.csv", "-o", "a.csv", code=1).stderr
    options = "--column photo=foto --column latitude=y --column longitude=x"
    assert refusal.strip().endswith(f"perhaps {options}")
    world.run("data", "import", "odd.csv", "-o", "a.csv", *options.split())
    world.run("data", "import", "photos.csv", "-o", "b.csv")
    assert (world.folder / "a.csv").read_text() == (world.folder / "b.csv").read_text()


def test_columns_of_the_configuration_serve_every_verb(world) -> None:
    renamed(world)
    with (world.folder / "geoguess.toml").open("a") as file:
        file.write('[columns]\nphoto = "foto"\nlatitude = "y"\nlongitude = "nope"\n')
    by_option = ("--column", "longitude=x")
    for verb in (("data", "inspect", "odd.csv"), ("cells", "build", "--photos", "odd.csv")):
        assert "longitude column" in world.run(*verb, code=1).stderr
        world.run(*verb, *by_option)
    # The photo table has none of these names, and is read as ever.
    world.run("data", "inspect", "photos.csv")


def test_a_wrong_column_option_says_what_there_is(world) -> None:
    wrong = world.run("data", "inspect", "photos.csv", "--column", "foto=photo", code=2).stderr
    assert "is no column" in wrong
    empty = world.run("data", "inspect", "photos.csv", "--column", "photo", code=2).stderr
    assert "write photo=NAME" in " ".join(empty.replace("│", " ").split())
    absent = world.run("data", "inspect", "photos.csv", "--column", "photo=foto", code=1).stderr
    assert "has no column `foto`; it has photo, latitude, longitude" in absent


def test_export_names_what_it_writes_and_what_it_leaves_out(world):
    next((world.folder / "photos").iterdir()).write_bytes(b"no picture")
    total = len(list((world.folder / "photos").iterdir()))
    result = world.run("data", "export", "photos.csv", "--to", "zip", "-o", "out")
    assert result.stdout.strip() == f"{total - 1} photos (zip)"
    assert f"exporting {total} photos to out: about" in result.stderr
    assert "it is not a picture of a known kind; left out" in result.stderr
    refused = world.run("data", "export", "photos.csv", "--to", "zip", "-o", "out", code=1)
    assert "--force replaces an earlier export" in refused.stderr
    again = world.run(
        "data", "export", "photos.csv", "--to", "zip", "-o", "out", "--force", "--json"
    )
    record = json.loads(again.stdout)
    assert (record["photos"], len(record["left_out"])) == (total - 1, 1)
    shown = json.loads(world.run("data", "inspect", "out", "--json").stdout)
    assert shown["photos"] == total - 1


def test_photos_inside_parquet_are_unpacked_on_import(tmp_path):
    SOURCES["parquet_images"].build(tmp_path)
    world = World(tmp_path)
    refused = world.run("data", "leaks", "street-view", code=1)
    assert "`geoguess data import street-view -o photos.parquet` unpacks them" in refused.stderr
    result = world.run("data", "import", "street-view", "-o", "photos.parquet")
    assert "unpacking 3 photos into" in result.stderr
    world.run("data", "leaks", "photos.parquet")
    again = world.run("data", "import", "street-view", "-o", "photos.parquet", "--force")
    assert "about 0 B (1 of 1 zip is complete)" in again.stderr
