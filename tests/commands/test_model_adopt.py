"""`geoguess model adopt` through the command line, and every verb on the folder that it writes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from adopted_worlds import TinyGeoClip, make_tiny_geoclip
from command_worlds import CONFIG, World, write_world

from geoguess_cli.adoption.published import PUBLISHED
from geoguess_cli.api.opening import predictor_at
from geoguess_cli.config import Config
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.wording import counted

HERE = ("--package", "WHEEL", "--weights", "ENCODER")
"""Both parts of the model as files."""

GO_ON = """\
photos = "photos.csv"
workers = 0
precision = "fp32"
[cells]
max_photos = 30
min_photos = 5
[images]
size = 32
resize = "center-crop"
augment = false
[model]
backbone = "tiny_clip_quickgelu.test"
vit = "none"
projected = true
head = "HEAD"
weights = "artifacts/model"
[features]
dtype = "float32"
[[train.stages]]
name = "head"
epochs = 2
learning_rate = 1e-2
freeze = ["backbone"]
"""


def given(tiny: TinyGeoClip) -> tuple[str, ...]:
    """The options that name the files of the small GeoCLIP."""
    files = {"WHEEL": str(tiny.wheel()), "ENCODER": str(tiny.weights)}
    return tuple(files.get(text, text) for text in HERE)


@pytest.fixture(scope="module")
def adopted_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world whose model was adopted; tests only read it."""
    folder = tmp_path_factory.mktemp("adopted")
    (folder / "published").mkdir()
    tiny = make_tiny_geoclip(folder / "published")
    world = World(write_world(folder / "world"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PUBLISHED, "geoclip", tiny.published())  # type: ignore[arg-type]
        world.run("model", "adopt", "geoclip", *given(tiny))
    return world


def test_it_says_what_it_reads_under_which_licence(world: World, adoptable: TinyGeoClip) -> None:
    result = world.run("model", "adopt", "geoclip", "-o", "earth", *given(adoptable))
    said = result.stderr
    assert "GeoCLIP (https://arxiv.org/abs/2309.16020)" in said
    assert "head and gallery, geoclip: here already, licence MIT" in said
    assert "encoder, tiny_clip_quickgelu.test: here already, licence MIT" in said
    assert "next: geoguess probmap PHOTO --model earth -o map.png" in said
    assert "320" in result.stdout
    assert (world.folder / "earth/LICENSE").is_file()


def test_nothing_is_fetched_without_a_yes(world: World, adoptable: TinyGeoClip, hub: Any) -> None:
    wheel = ("--package", str(adoptable.wheel()))
    result = world.run("model", "adopt", "geoclip", *wheel, code=1)
    assert "to fetch, licence MIT" in result.stderr
    assert "error: there is no terminal to answer at, so nothing was fetched" in result.stderr
    assert "`geoguess model adopt geoclip --yes` starts without a question" in result.stderr
    assert hub.log == []
    assert not (world.folder / "artifacts").exists()


def test_a_folder_that_exists_is_replaced_only_by_force(
    world: World, adoptable: TinyGeoClip
) -> None:
    (world.folder / "artifacts/model").mkdir(parents=True)
    again = ("model", "adopt", "geoclip", *given(adoptable))
    assert "--force replaces it" in world.run(*again, code=1).stderr
    record = json.loads(world.run(*again, "--force", "--json").stdout)
    assert (record["places"], record["package"]) == (320, "geoclip 9.9")
    assert record["cells_from"] == "the gallery"
    assert record["cells"] == len(load_model(world.folder / "artifacts/model").partition)


def test_every_verb_works_on_an_adopted_model(adopted_world: World, tmp_path: Path) -> None:
    run, photo = adopted_world.run, adopted_world.photo()
    answer = json.loads(run("predict", photo, "--json", "--top-k", "3").stdout)
    assert len(answer["guesses"]) == 3
    assert answer.get("familiarity") is None
    assert "no statistics of its training photos" in run("predict", photo).stderr
    run("probmap", photo, "-o", str(tmp_path / "map.png"))
    run("occlude", photo, "-o", str(tmp_path / "occlusion.png"), "--window", "16", "--stride", "8")
    run("eval", "-o", str(tmp_path / "eval"))
    run("survey", "--split", "test", "-o", str(tmp_path / "survey"), "--limit", "4")
    for name in ("map.png", "occlusion.png", "eval/report.json", "survey/attention.json"):
        assert (tmp_path / name).stat().st_size > 500, name


def test_what_a_cell_counts_is_named(adopted_world: World, tmp_path: Path) -> None:
    """The cells of an adopted model have places of its gallery, and no training photos."""
    pytest.importorskip("fastapi", reason="needs the extra `serve`")
    pytest.importorskip("bokeh", reason="needs the extra `serve`")
    from fastapi.testclient import TestClient

    from geoguess_cli.serve.api import create_app
    from geoguess_cli.serve.service import Service

    run, photo = adopted_world.run, adopted_world.photo()
    run("model", "export", "--to", "onnx", "-o", str(tmp_path / "model.onnx"))
    assert "gallery places in a cell" in run("model", "info").stdout
    for model in (adopted_world.folder / "artifacts/model", tmp_path / "model.onnx"):
        run("probmap", photo, "--model", str(model), "-o", str(tmp_path / "map.html"))
        text = (tmp_path / "map.html").read_text(encoding="utf-8")
        assert re.search(r"\d gallery place", text)
        assert not re.search(r"\d training photo", text)
    content = (adopted_world.folder / photo).read_bytes()
    predictor = predictor_at(adopted_world.folder / "artifacts/model", Config(device="cpu"))
    with (
        Service(predictor) as service,
        TestClient(create_app(service), base_url="http://127.0.0.1") as client,
    ):
        answer = client.post("/api/photos", params={"name": "a.jpg"}, content=content).json()
        assert client.get(f"/api/photos/{answer['id']}/map.png").status_code == 200
    for guess in answer["guesses"]:
        assert guess["counted"] == counted(guess["photos"], "gallery place")


def test_calibration_adds_what_only_own_photos_can_say(
    world: World, adoptable: TinyGeoClip
) -> None:
    kept = CONFIG.replace("size = 32", "size = 32\naugment = false")
    kept += '[features]\ndtype = "float32"\n'
    (world.folder / "geoguess.toml").write_text(kept)
    world.run("model", "adopt", "geoclip", *given(adoptable))
    world.run("features", "build", "--model", "artifacts/model")
    world.run("calibrate", "--memory")
    model = load_model(world.folder / "artifacts/model")
    assert model.familiarity is not None
    assert model.licence.startswith("MIT License")
    shown = world.run("predict", world.photo(), "--neighbours", "2", "--json")
    assert len(json.loads(shown.stdout)["neighbours"]) == 2


@pytest.mark.parametrize("head", ["linear", "mlp", "gallery"])
def test_training_goes_on_from_it(world: World, adoptable: TinyGeoClip, head: str) -> None:
    world.run("model", "adopt", "geoclip", *given(adoptable))
    adopted = load_model(world.folder / "artifacts/model")
    (world.folder / "geoguess.toml").write_text(GO_ON.replace("HEAD", head))
    world.run("cells", "build")
    world.run("train", "-o", "own")
    own = load_model(world.folder / "own")
    assert len(own.partition) == 3
    assert own.licence == adopted.licence
    before, after = adopted.geolocator.state_dict(), own.geolocator.state_dict()
    for name in before:
        if name.startswith("backbone."):
            assert (before[name] == after[name]).all(), name
    if head == "gallery":
        assert (before["head.mlp.0.weight"] != after["head.mlp.0.weight"]).any()
        inside = own.partition.assign(adoptable.latlng)
        assert len(after["head.places"]) == (inside >= 0).sum()


def test_a_gallery_needs_the_folder_of_an_adopted_model(world: World) -> None:
    text = GO_ON.replace("HEAD", "gallery").replace("artifacts/model", "none")
    (world.folder / "geoguess.toml").write_text(text)
    world.run("cells", "build")
    said = world.run("train", code=1).stderr
    assert "name its folder as model.weights" in said
    assert "geoguess model adopt geoclip" in said
