"""`geoguess data columns` through the command line."""

import json


def test_columns_are_shown_with_their_reason(world) -> None:
    shown = world.run("data", "columns", "photos.csv").stdout
    assert [line.split()[:2] for line in shown.splitlines()[2:4]] == [
        ["photo", "photo"],
        ["latitude", "latitude"],
    ]
    record = json.loads(world.run("data", "columns", "photos.csv", "--json").stdout)
    assert record["kind"] == "photo table"
    first = record["columns"][0]
    assert (first["column"], first["taken_for"], first["why"]) == (
        "photo",
        ["photo"],
        "a usual name",
    )
    assert record["remedies"] == {}


def test_the_remedy_of_a_table_that_is_refused_mends_it(world) -> None:
    (world.folder / "t.csv").write_text("f,b,l\na.jpg,55.5,13.25\nb.jpg,55.75,13.5\n")
    result = world.run("data", "columns", "t.csv")
    options = "--column photo=f --column latitude=b --column longitude=l"
    assert (
        result.stderr.strip()
        == f"warning: t.csv has no photo and no latitude and no longitude; {options}"
    )
    mended = json.loads(world.run("data", "columns", "t.csv", "--json", *options.split()).stdout)
    assert [use["why"] for use in mended["columns"]] == ["named by --column"] * 3
