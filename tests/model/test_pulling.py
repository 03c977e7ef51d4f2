"""A model is fetched from a server on this machine, checked, kept and copied."""

import dataclasses
import pickle
from pathlib import Path

import pytest
import torch
from hub_servers import Hub, ModelRepository
from model_files import edit

from geoguess_cli.errors import ModelError
from geoguess_cli.hub.address import HubAddress, address_of
from geoguess_cli.model.checkpoint import TrainedModel, load_model, save_model
from geoguess_cli.model.pulling import copy_model, local_folder, pull

MODEL = HubAddress("me", "model")


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def published(folder: Path, hub: Hub) -> ModelRepository:
    """The tiny model on the hub, with a pickle and a program beside it."""
    others = {"pytorch_model.bin": pickle.dumps({"a": 1}), "modeling.py": b"import os"}
    made = ModelRepository.of({**contents(folder), **others, "logs/run.json": b"{}"})
    hub.models[MODEL.repository] = made
    return made


def test_a_pulled_model_is_the_one_that_was_published(
    published: ModelRepository, folder: Path, photos: torch.Tensor
) -> None:
    pulled = pull(MODEL, quiet=True)
    assert contents(pulled.folder) == contents(folder)
    assert dict(pulled.files) == {name: len(of) for name, of in contents(folder).items()}
    assert pulled.address == dataclasses.replace(MODEL, revision=published.refs["main"])
    with torch.no_grad():
        expected = load_model(folder).geolocator(photos)
        assert torch.equal(load_model(pulled.folder).geolocator(photos), expected)


@pytest.mark.promise("input", "a model of the hub with a pickle and a program beside it")
@pytest.mark.usefixtures("published")
def test_pickles_and_programs_are_named_and_not_fetched(hub: Hub) -> None:
    pulled = pull(MODEL, quiet=True)
    assert pulled.left == ("logs/run.json", "modeling.py", "pytorch_model.bin")
    assert not any(hub.sent(name) for name in pulled.left)


def test_a_model_that_is_there_is_taken_without_asking(
    published: ModelRepository, hub: Hub
) -> None:
    fetched: list[HubAddress] = []
    folder = local_folder("hf://me/model", quiet=True, on_fetch=fetched.append)
    assert fetched == [MODEL]
    asked = len(hub.log)
    published.commit({"config.json": b"broken"})
    assert local_folder(Path("hf://me/model"), on_fetch=fetched.append) == folder
    assert (len(hub.log), fetched) == (asked, [MODEL])
    assert local_folder("artifacts/model") == Path("artifacts/model")


def test_pull_fetches_what_is_newer(
    published: ModelRepository, trained: TrainedModel, folder: Path
) -> None:
    older = pull(MODEL, quiet=True)
    save_model(folder, dataclasses.replace(trained, metrics={"epoch": 9}))
    published.commit(contents(folder))
    newer = pull(MODEL, quiet=True)
    assert older.folder != newer.folder
    assert newer.described.metrics == {"epoch": 9}
    assert local_folder("hf://me/model") == newer.folder
    exact = address_of(str(older.address))
    assert exact is not None
    assert local_folder(str(exact)) == older.folder


def test_another_model_is_named_and_not_fetched(hub: Hub) -> None:
    files = {"config.json": b"{}", "pytorch_model.bin": b"x", **{f"{n}.py": b"" for n in range(9)}}
    hub.models[MODEL.repository] = ModelRepository.of(files)
    with pytest.raises(ModelError, match="not a geoguess model: it lacks model") as refused:
        pull(MODEL, quiet=True)
    assert "0.py, 1.py, 2.py, 3.py, 4.py and 5 more files" in str(refused.value)
    assert hub.sent("config.json") == []


def test_files_that_do_not_fit_together_are_refused(
    published: ModelRepository, folder: Path
) -> None:
    edit(folder / "config.json", lambda tree: tree["cells"].update(sha256="0"))
    published.commit(contents(folder))
    with pytest.raises(ModelError, match=r"hf://me/model@[0-9a-f]{40}: cells\.parquet is not"):
        pull(MODEL, quiet=True)


@pytest.mark.promise("input", "a model of the hub whose backbone would be fetched from elsewhere")
def test_a_backbone_that_timm_would_fetch_is_refused(
    published: ModelRepository, folder: Path, hub: Hub
) -> None:
    edit(folder / "config.json", lambda tree: tree["model"].update(backbone="hf-hub:evil/model"))
    published.commit(contents(folder))
    pulled = pull(MODEL, quiet=True)
    asked = len(hub.log)
    with pytest.raises(ModelError, match="timm has no model"):
        load_model(pulled.folder)
    assert len(hub.log) == asked


@pytest.mark.usefixtures("published")
def test_a_copy_is_a_model_folder_of_plain_files(folder: Path, tmp_path: Path) -> None:
    pulled = pull(MODEL, quiet=True)
    copy_model(pulled.folder, tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(folder)
    assert not any(path.is_symlink() for path in (tmp_path / "copy").iterdir())
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mine.txt").write_text("x")
    with pytest.raises(ModelError, match="not a model folder"):
        copy_model(pulled.folder, tmp_path / "letters")


@pytest.mark.usefixtures("published")
def test_the_copy_of_the_client_is_not_written_over(trained: TrainedModel) -> None:
    pulled = pull(MODEL, quiet=True)
    before = contents(pulled.folder)
    with pytest.raises(ModelError, match="name another folder with -o DIR"):
        save_model(pulled.folder, trained)
    assert contents(pulled.folder) == before
