"""The face for Python: docs/python.md and every example of a docstring run on a tiny world."""

import inspect
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_worlds import write_world
from PIL import Image

import geoguess_cli as gg
from geoguess_cli import api

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python.md"
PHOTO = "sample_data/photos/d165-00.jpg"
CALLS = sorted(name for name, home in gg.HOMES.items() if home.startswith("api."))


def blocks(text: str) -> list[str]:
    """The Python blocks of a Markdown page or a docstring."""
    return re.findall(r"```python\n(.*?)```", inspect.cleandoc(text), flags=re.DOTALL)


def run(code: str, names: dict[str, Any]) -> None:
    """Run a block without its output."""
    exec(compile(code, "block", "exec"), {**names, "print": lambda *_: None})


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
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
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        names: dict[str, Any] = {"print": lambda *_: None}
        exec(compile("\n".join(blocks(PAGE.read_text())), str(PAGE), "exec"), names)
        yield folder


@pytest.fixture
def model(clone: Path, monkeypatch: pytest.MonkeyPatch) -> api.Model:
    """The model of the page, in its folder."""
    monkeypatch.chdir(clone)
    return gg.load_model("artifacts/model", device="cpu", precision="fp32")


def test_the_page_writes_what_it_says(clone: Path) -> None:
    saved = re.findall(r'gg\.save\(.*"(.+?)"', PAGE.read_text())
    assert len(saved) >= 9
    for path in saved:
        assert (clone / path).exists(), path
    assert (clone / "artifacts/model/README.md").is_file()
    assert (clone / "artifacts/runs/run-1/metrics.jsonl").is_file()


@pytest.mark.parametrize("name", [*CALLS, "__init__"])
def test_every_example_runs(name: str, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    (example,) = blocks((gg if name == "__init__" else getattr(gg, name)).__doc__)
    run(textwrap.dedent(example), {})


def test_the_names_are_there_and_no_other() -> None:
    assert set(dir(gg)) == set(gg.__all__)
    for name in gg.__all__:
        assert getattr(gg, name) is not None
    with pytest.raises(AttributeError, match="has no attribute `predict`"):
        gg.predict  # noqa: B018


def test_a_photo_comes_in_any_form(model: api.Model) -> None:
    content = Path(PHOTO).read_bytes()
    with Image.open(PHOTO) as image:
        pixels = np.asarray(image)
        picture = image.copy()
    photos = [PHOTO, Path(PHOTO), content, picture, pixels, model.predictor.read(Path(PHOTO))]
    expected = model.answer(PHOTO)
    for answer in model.answers(photos):
        np.testing.assert_allclose(answer.probabilities, expected.probabilities, atol=1e-5)
        assert answer.estimate == pytest.approx(expected.estimate, abs=1e-3)
    assert model.map(content).estimate == pytest.approx(expected.estimate)


def test_answers_come_in_order_with_the_unreadable_ones(model: api.Model, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    answers = list(model.answers([PHOTO, broken], min_confidence=0.999))
    assert [answer.photo for answer in answers] == [PHOTO, str(broken)]
    assert not answers[0].sure
    with pytest.raises(gg.GeoguessError, match=r"broken\.jpg"):
        model.answer(broken)
    gg.save(answers, tmp_path / "answers.jsonl", partition=model.partition)
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 2


def test_what_cannot_be_saved_says_why(model: api.Model, tmp_path: Path) -> None:
    answers = [model.answer(PHOTO)]
    with pytest.raises(gg.GeoguessError, match=r"partition=model\.partition"):
        gg.save(answers, tmp_path / "answers.csv")
    with pytest.raises(gg.GeoguessError, match="must end in"):
        gg.save(answers, tmp_path / "answers.xls", partition=model.partition)
    with pytest.raises(gg.GeoguessError, match="holds one Model; 2 were given"):
        gg.save([model, model], tmp_path / "model")
    with pytest.raises(TypeError, match=r"gg\.save writes PhotoTable, .*; this is float"):
        gg.save(2.5, tmp_path / "thing.json")


def test_rows_that_are_left_out_are_warned_of(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("photo,latitude,longitude\na.jpg,10,20\nb.jpg,123,20\n")
    with pytest.warns(UserWarning, match="1 rows are left out, such as .*123"):
        photos = gg.read_photos(table)
    assert len(photos) == 1


def test_an_unknown_split_names_those_that_exist(model: api.Model) -> None:
    photos = gg.read_photos("sample_data/photos.csv")
    with pytest.raises(gg.GeoguessError, match="only in train, val, test"):
        gg.evaluate(model, photos, split="tset")
