"""A folder in which every example of docs/python.md has run, and the model that it trained."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from command_worlds import write_world

import geoguess_cli as gg
from geoguess_cli import api

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"
PHOTO = "sample_data/photos/d165-00.jpg"


@pytest.fixture(scope="session")
def page() -> str:
    """The text of docs/python.md."""
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def photo() -> str:
    """The photo of the examples, from the folder `clone`."""
    return PHOTO


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory, page: str) -> Path:
    """A folder like a clone, with the sample data of three towns and a training of one epoch, in
    which all blocks of the page have run.
    """
    folder = tmp_path_factory.mktemp("clone")
    sample = write_world(folder / "sample_data")
    shutil.copy(sample / "photos" / "dallas-7-0.jpg", folder / PHOTO)
    config = (sample / "geoguess.toml").read_text()
    config = config.replace('photos = "photos.csv"', 'photos = "sample_data/photos.csv"')
    recipe = '[[train.stages]]\nname = "all"\nepochs = 1\nlearning_rate = 3e-3\n'
    (folder / "geoguess.toml").write_text(config[: config.index("[[train.stages]]")] + recipe)
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        names: dict[str, Any] = {"print": lambda *_: None}
        exec(compile("\n".join(blocks), str(PAGE), "exec"), names)
    return folder


@pytest.fixture
def model(clone: Path, monkeypatch: pytest.MonkeyPatch) -> api.Model:
    """The model of the page; the test runs in its folder."""
    monkeypatch.chdir(clone)
    return gg.load_model("artifacts/model", device="cpu", precision="fp32")
