"""Every verb takes photos in zips as it takes the same photos as files."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from command_worlds import World
from PIL import Image


@pytest.fixture(scope="module")
def packed_world(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The trained world once more, its photos in a zip and its table imported."""
    folder = tmp_path_factory.mktemp("packed") / "world"
    shutil.copytree(trained_world.folder, folder)
    with zipfile.ZipFile(folder / "photos.zip", "w") as archive:
        for number, path in enumerate(sorted((folder / "photos").iterdir())):
            archive.write(path, path.name, zipfile.ZIP_DEFLATED if number % 2 else None)
    shutil.rmtree(folder / "photos")
    made = World(folder)
    made.run("data", "import", "photos.csv", "-o", "imported.parquet")
    (folder / "imported.parquet").rename(folder / "photos.parquet")
    config = (folder / "geoguess.toml").read_text()
    (folder / "geoguess.toml").write_text(config.replace("photos.csv", "photos.parquet"))
    return made


PHOTO = "photos.zip/dallas-7-0.jpg"


def test_the_answers_are_those_of_the_files(trained_world: World, packed_world: World) -> None:
    loose = trained_world.run("predict", "photos.csv", "--json").stdout.splitlines()
    packed = packed_world.run("predict", "photos.parquet", "--json").stdout.splitlines()
    assert len(loose) == len(packed) == 96
    for one, other in zip(map(json.loads, loose), map(json.loads, packed), strict=True):
        assert other.pop("photo").endswith("/photos.zip/" + one.pop("photo").rpartition("/")[2])
        assert one == other


def test_a_photo_is_named_by_its_archive(trained_world: World, packed_world: World) -> None:
    (one,) = json.loads("[" + packed_world.run("predict", PHOTO, "--json").stdout + "]")
    other = json.loads(trained_world.run("predict", "photos/dallas-7-0.jpg", "--json").stdout)
    assert one.pop("photo") == PHOTO
    assert other.pop("photo") == "photos/dallas-7-0.jpg"
    assert one == other
    whole = packed_world.run("predict", "photos.zip", "--json").stdout.splitlines()
    assert len(whole) == 96


def test_a_map_shows_a_photo_of_an_archive(packed_world: World, tmp_path: Path) -> None:
    result = packed_world.run("probmap", PHOTO, "-o", tmp_path / "map.png", "--json")
    assert json.loads(result.stdout)["distance_km"] is not None  # its truth is in the table
    with Image.open(tmp_path / "map.png") as alone:
        size = alone.size
    packed_world.run(
        "probmap", PHOTO, "photos.zip/dallas-7-1.jpg", "--grid", "-o", tmp_path / "g.png"
    )
    packed_world.run("occlude", PHOTO, "--no-faithfulness", "-o", tmp_path / "o.png")
    assert min(size) > 300
    assert (tmp_path / "o.png").stat().st_size > 5000


def test_a_model_is_trained_judged_and_surveyed(packed_world: World, tmp_path: Path) -> None:
    artifacts = packed_world.folder / "artifacts"
    before = json.loads((artifacts / "model" / "metrics.json").read_text())
    packed_world.run("train", "--stage", "all", "--name", "again")
    again = json.loads((artifacts / "model" / "metrics.json").read_text())
    assert again["best"] == before["best"]  # the photos are the same to the last bit
    packed_world.run("eval")
    packed_world.run("survey", "--limit", "4", "-o", tmp_path)
    assert (tmp_path / "attention.json").is_file()
    leaks = packed_world.run("data", "leaks", "photos.parquet", "--json").stdout
    assert json.loads(leaks)["unreadable"] == []
