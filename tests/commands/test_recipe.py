"""`geoguess recipe` through the command line."""

import json

from geoguess_cli.recipes.catalog import NAMES, read_recipe


def test_list_names_every_recipe(world) -> None:
    rows = json.loads(world.run("recipe", "list", "--json").stdout)
    assert [row["name"] for row in rows] == list(NAMES)
    text = world.run("recipe", "list").stdout
    assert all(row["title"] in text for row in rows)


def test_show_prints_the_file(world) -> None:
    assert world.run("recipe", "show", "laptop").stdout == read_recipe("laptop").text
    assert "did you mean `laptop`" in world.run("recipe", "show", "labtop", code=1).stderr


def test_use_writes_a_configuration_once_and_says_what_is_next(world) -> None:
    before = (world.folder / "geoguess.toml").read_text()
    assert "--force" in world.run("recipe", "use", "osv-mini", code=1).stderr
    assert (world.folder / "geoguess.toml").read_text() == before
    said = world.run("recipe", "use", "osv-mini", "-o", "mini.toml").stderr
    assert (world.folder / "mini.toml").read_text() == read_recipe("osv-mini").text
    for command in read_recipe("osv-mini").commands:
        assert f"  {command}\n" in said
    assert "--config mini.toml" in said
    world.run("recipe", "use", "paper", "--force")
    assert (world.folder / "geoguess.toml").read_text() == read_recipe("paper").text
