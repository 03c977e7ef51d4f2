"""`geoguess data card` through the command line."""

import json

import polars as pl


def test_it_writes_a_page_in_three_forms_and_its_figures(world) -> None:
    result = world.run("data", "card", "photos.csv", "-o", "card", "--licence", "CC0")
    folder = world.folder / "card"
    assert {path.name for path in folder.iterdir()} == {
        *("card.html", "card.json", "card.md", "places.png"),
    }
    assert "datasheet: card/card.html" in result.stderr
    assert "leak check" in result.stdout
    assert "CC0" in (folder / "card.md").read_text(encoding="utf-8")
    assert "](places.png)" in (folder / "card.md").read_text(encoding="utf-8")


def test_json_is_the_record_beside_the_page(world) -> None:
    result = world.run("data", "card", "photos.csv", "--title", "Three towns", "--json")
    record = json.loads(result.stdout)
    folder = world.folder / "artifacts" / "card"
    assert record == json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert (record["title"], record["photos"]) == ("Three towns", 96)
    assert not record["looked"]


def test_photos_are_looked_at_when_asked(world) -> None:
    (world.folder / world.photo("dallas", 6, 0)).write_bytes(b"no photo")
    record = json.loads(world.run("data", "card", "--photos", "--json").stdout)
    assert record["looked"]
    assert [name for name, _ in record["leaks"]["unreadable"]] == [world.photo("dallas", 6, 0)]
    assert (world.folder / "photos.hashes.parquet").is_file()  # which `data leaks` reads too


def test_rows_that_are_left_out_stand_on_the_page(world) -> None:
    table = world.folder / "photos.csv"
    table.write_text(table.read_text() + "photos/x.jpg,999,0,s,train\nphotos/y.jpg,-99,0,s,train\n")
    world.run("data", "card", "-o", "card")
    assert "| latitude is … | 2 |" in (world.folder / "card" / "card.md").read_text("utf-8")


def test_photos_without_a_split_are_not_compared(world) -> None:
    pl.read_csv(world.folder / "photos.csv").drop("split").write_csv(world.folder / "bare.csv")
    result = world.run("data", "card", "bare.csv", "--photos", "-o", "card")
    assert "geoguess data split" in result.stderr
    assert json.loads((world.folder / "card" / "card.json").read_text("utf-8"))["leaks"] is None


def test_column_says_what_the_table_calls_its_columns(world) -> None:
    own = {"latitude": "north", "longitude": "east", "photo": "picture", "sequence": "trip"}
    pl.read_csv(world.folder / "photos.csv").rename(own).write_csv(world.folder / "own.csv")
    ask = ("data", "card", "own.csv", *(f"--column={name}={of}" for name, of in own.items()))
    record = json.loads(world.run(*ask, "--json").stdout)
    same = json.loads(world.run("data", "card", "photos.csv", "--json").stdout)
    assert record == same | {"title": "own", "kind": "table"}


def test_exchanged_coordinates_are_noticed(world) -> None:
    """The photos lie in the United Kingdom, where every row is in range either way."""
    photos = pl.read_csv(world.folder / "photos.csv").select("photo", "split")
    places = {"latitude": -1.0, "longitude": 52.0}
    photos.with_columns(
        (pl.lit(start) + pl.int_range(pl.len()) / 100).alias(name) for name, start in places.items()
    ).write_csv(world.folder / "swapped.csv")
    warned = world.run("data", "card", "swapped.csv").stderr
    assert "geoguess data import swapped.csv --swap" in warned


def test_a_source_that_is_not_there_is_named(world) -> None:
    assert "no photos at gone.csv" in world.run("data", "card", "gone.csv", code=1).stderr
