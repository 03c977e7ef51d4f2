"""`geoguess features`: built ahead, listed, pruned; training and `eval` read them."""

import json
import os
from pathlib import Path

import pytest
from command_worlds import World, write_world

from geoguess_cli.features.store import ABOUT_NAME
from geoguess_cli.photos import dataset

KEPT = """
[[train.stages]]
name = "head"
epochs = 2
learning_rate = 3e-2
freeze = ["backbone"]
[features]
dtype = "float16"
"""


@pytest.fixture(scope="module")
def kept_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose encoder rests, with cells and the features of all photos."""
    folder = write_world(tmp_path_factory.mktemp("kept") / "world")
    text = (folder / "geoguess.toml").read_text().partition("[[train.stages]]")[0] + KEPT
    text = text.replace('vit = "test_vit.r160_in1k"', 'vit = "none"')
    (folder / "geoguess.toml").write_text(text.replace("size = 32", "size = 32\naugment = false"))
    made = World(folder)
    made.run("cells", "build")
    made.run("features", "build")
    return made


def test_training_and_eval_decode_no_photo_again(
    kept_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store,) = json.loads(kept_world.run("features", "info", "--json").stdout)
    assert (store["photos"], store["width"], store["view"]) == (96, 96, "plain")
    assert store["bytes"] >= 96 * (96 * 2 + 16)

    def decode(file: object, **_: object) -> None:
        raise AssertionError(f"{file} is decoded again")

    monkeypatch.setattr(dataset, "decode_photo", decode)
    kept_world.run("train")
    kept_world.run("calibrate")
    kept_world.run("eval")
    kept_world.run("cells", "build", "--max-photos", "20")
    kept_world.run("train", "--name", "other")
    report = json.loads((kept_world.folder / "artifacts" / "eval" / "report.json").read_text())
    assert report["model"]["vit"] == "none"


def test_a_model_keeps_its_two_parts_everywhere(kept_world: World) -> None:
    card = (kept_world.folder / "artifacts" / "model" / "README.md").read_text()
    assert "| backbone | test_resnet.r160_in1k, its pooled embedding |" in card
    page = (kept_world.folder / "artifacts" / "eval" / "report.html").read_text()
    assert "test_resnet.r160_in1k, 32 px" in page
    kept_world.run("predict", kept_world.photo())
    kept_world.run("occlude", kept_world.photo(), "-o", "o.png", "--window", "16")


def test_the_table_and_the_words(kept_world: World) -> None:
    text = kept_world.run("features", "info").stdout
    assert "test_resnet.r160_in1k" in text
    assert "96" in text
    again = kept_world.run("features", "build", "--json")
    assert json.loads(again.stdout)["photos"] == 96


def test_old_features_are_deleted(world: World, kept_world: World) -> None:
    nothing = world.run("features", "info")
    assert "there are no features in artifacts/features" in nothing.stderr
    off = world.run("features", "build", code=1)
    assert 'features.dtype is "off"' in off.stderr
    stores = kept_world.folder / "artifacts" / "features"
    assert "0 stores deleted" in kept_world.run("features", "prune").stdout
    (kept_world.folder / "photos" / "dallas-7-0.jpg").touch()
    assert "1 row dropped" in kept_world.run("features", "prune", "--rows").stdout
    for about in stores.glob(f"*/{ABOUT_NAME}"):
        os.utime(about, (1, 1))
    pruned = json.loads(kept_world.run("features", "prune", "--json").stdout)
    assert [Path(path).parent.name for path in pruned["stores"]] == ["features"]
    assert list(stores.iterdir()) == []
