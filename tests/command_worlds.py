"""A world of three towns whose photos are plain colours, and a model small enough for seconds."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from geoguess_cli.app import app

TOWNS = {  # latitude, longitude, colour: far apart, in three states
    "bozeman": (45.68, -111.04, (200, 60, 50)),
    "dallas": (32.78, -96.80, (50, 170, 60)),
    "portland": (45.52, -122.68, (50, 70, 200)),
}

CONFIG = """\
photos = "photos.csv"
artifacts = "artifacts"
workers = 0
precision = "fp32"
[cells]
max_photos = 30
min_photos = 5
[images]
size = 32
[model]
backbone = "test_resnet.r160_in1k"
vit = "test_vit.r160_in1k"
grid = 2
weights = "none"
[train]
batch_size = 16
[[train.stages]]
name = "heads"
epochs = 1
learning_rate = 3e-3
freeze = ["backbone", "vit"]
[[train.stages]]
name = "everything"
epochs = 4
learning_rate = 3e-3
[[train.stages]]
name = "vit"
epochs = 1
freeze = ["backbone"]
"""


def write_world(folder: Path) -> Path:
    """Photos, their table and a geoguess.toml in `folder`."""
    rng = np.random.default_rng(7)
    (folder / "photos").mkdir(parents=True)
    lines = ["photo,latitude,longitude,sequence,split"]
    for town, (latitude, longitude, color) in TOWNS.items():
        for drive in range(8):
            split = {6: "val", 7: "test"}.get(drive, "train")
            for number in range(4):
                name = f"photos/{town}-{drive}-{number}.jpg"
                pixels = rng.normal(color, 25, (32, 48, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / name, quality=90)
                place = rng.normal((latitude, longitude), 0.05)
                lines.append(f"{name},{place[0]:.5f},{place[1]:.5f},{town}-{drive},{split}")
    (folder / "photos.csv").write_text("\n".join(lines) + "\n")
    (folder / "geoguess.toml").write_text(CONFIG)
    return folder


REAL_PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"


@dataclass(frozen=True)
class World:
    """A folder to run verbs in."""

    folder: Path

    def photo(self, town: str = "dallas", drive: int = 7, number: int = 0) -> str:
        """The path of one photo, from the folder."""
        return f"photos/{town}-{drive}-{number}.jpg"

    def run(self, *arguments: str, code: int = 0) -> Result:
        """What `geoguess ARGUMENTS` did in the folder; its exit code is checked."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, f"{result.exit_code}\n{result.stdout}\n{result.stderr}"
        return result


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A fresh world, nothing built."""
    return World(write_world(tmp_path / "world"))


@pytest.fixture(scope="session")
def trained_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world with cells and a model; tests only read what `cells build` and `train` wrote."""
    made = World(write_world(tmp_path_factory.mktemp("trained") / "world"))
    made.run("cells", "build")
    made.run("train", "--stage", "all")
    return made


@pytest.fixture(scope="session")
def judged_world(trained_world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The trained world with the evaluation of its model; tests only read it."""
    import geoguess_cli as gg

    folder = tmp_path_factory.mktemp("judged") / "world"
    shutil.copytree(trained_world.folder, folder)
    model = gg.load_model(folder / "artifacts" / "model", device="cpu", precision="fp32")
    evaluation = gg.evaluate(model, gg.read_photos(folder / "photos.csv"))
    (folder / "artifacts" / "eval").mkdir(exist_ok=True)
    record = json.dumps(evaluation.report.record())
    (folder / "artifacts" / "eval" / "report.json").write_text(record, encoding="utf-8")
    return World(folder)


@pytest.fixture
def own_world(judged_world: World, tmp_path: Path) -> World:
    """A copy of the judged world, to change."""
    shutil.copytree(judged_world.folder, tmp_path / "own")
    return World(tmp_path / "own")


@pytest.fixture(scope="session")
def real_photos() -> Path:
    """A folder of real photos with their table, if this machine has one."""
    if not REAL_PHOTOS.is_dir():
        pytest.skip("no real photos beside the repository")
    return REAL_PHOTOS


@pytest.fixture(scope="session", params=["exif", "table"])
def real_world(
    request: pytest.FixtureRequest, real_photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> World:
    """Real photos imported one way or the other, with cells and a shortly trained model."""
    folder = tmp_path_factory.mktemp(request.param)
    (folder / "geoguess.toml").write_text(CONFIG.replace("size = 32", "size = 64"))
    source = real_photos if request.param == "exif" else real_photos / "attribution.csv"
    made = World(folder)
    made.run("data", "import", source, "-o", "photos.csv")
    # The towns are few and small: blocks of some metres, and no room for a buffer.
    blocks = ("--level", "20", "--buffer-km", "0")
    made.run("data", "split", "--val", "0.15", "--test", "0.15", *blocks)
    made.run("cells", "build", "--max-photos", "20", "--min-photos", "3")
    made.run("train", "--stage", "all")
    return made
