"""What a publication would do, what it gives away, and what then lies on the hub."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hub_servers import Hub, ModelRepository
from model_files import edit

from geoguess_cli.errors import ConfigError, HubError, ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.hub.address import HubAddress
from geoguess_cli.model.card import model_card
from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.folder import read_description
from geoguess_cli.model.front_matter import CardFacts
from geoguess_cli.model.memory import Memory
from geoguess_cli.model.publishing import plan_push, push
from geoguess_cli.model.pulling import pull

MODEL = HubAddress("me", "model")


@pytest.fixture
def signed_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub where the token of this process may write to `me`."""
    hub.writers["write-me"] = "me"
    monkeypatch.setenv("HF_TOKEN", "write-me")
    return hub


def licensed(folder: Path, licence: str = "mit") -> Path:
    """The folder with a card that names a licence."""
    card = model_card(read_description(folder), CardFacts("Tiny", licence, ("towns",)))
    (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


@pytest.fixture
def remembering(trained: TrainedModel, tmp_path: Path) -> Path:
    """A folder with a licence, whose model carries two training photos."""
    features = np.ones((2, trained.geolocator.width), np.float32)
    photos = pl.DataFrame(
        {"photo": ["/home/me/a.jpg", "b.jpg"], "latitude": [1.0, 2.0], "longitude": [3.0, 4.0]}
    )
    save_model(
        tmp_path / "remembering",
        dataclasses.replace(trained, memory=Memory.of(features, photos)),
    )
    return licensed(tmp_path / "remembering")


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(("cells_from", "warned"), [("the gallery", False), ("given", True)])
def test_places_of_a_published_gallery_are_no_secret(
    trained: TrainedModel, tmp_path: Path, cells_from: str, warned: bool
) -> None:
    single = dataclasses.replace(trained.partition, photos=np.ones_like(trained.partition.photos))
    metrics = {"adopted": {"model": "GeoCLIP", "cells_from": cells_from}}
    save_model(tmp_path / "own", dataclasses.replace(trained, partition=single, metrics=metrics))
    warnings = plan_push(licensed(tmp_path / "own"), MODEL).warnings
    assert any("had one training photo" in warning for warning in warnings) == warned


@pytest.mark.usefixtures("signed_in")
def test_a_model_without_a_licence_is_refused(folder: Path, hub: Hub) -> None:
    with pytest.raises(ModelError, match=r"names no licence.*geoguess model card .* --licence ID"):
        plan_push(folder, MODEL)
    (folder / "README.md").unlink()
    with pytest.raises(ModelError, match="names no licence"):
        plan_push(folder, MODEL)
    assert hub.log == []  # the hub is not asked


def test_a_publication_is_pulled_again_as_it_was(signed_in: Hub, folder: Path) -> None:
    licensed(folder)
    plan = plan_push(folder, MODEL)
    assert plan.warnings == plan.deleted == plan.left == ()
    assert plan.seen_by == "a new repository; everybody sees it"
    assert (plan.facts.licence, plan.facts.name) == ("mit", "Tiny")
    done = push(plan, quiet=True)
    files = signed_in.models[MODEL.repository].files
    for path in folder.iterdir():
        if path.name != "README.md":
            assert files[path.name] == path.read_bytes()
    assert b"geoguess predict PHOTO --model hf://me/model\n" in files["README.md"]
    assert plan.sizes == {name: len(of) for name, of in files.items() if name != ".gitattributes"}
    pulled = pull(MODEL, quiet=True)
    assert pulled.address.revision == done.revision
    assert pulled.left == (".gitattributes",)


@pytest.mark.promise(
    "alone", "`model push`: places of training photos stay here, or are told first"
)
def test_the_memory_goes_along_with_a_warning_or_not_at_all(
    signed_in: Hub, remembering: Path
) -> None:
    plan = plan_push(remembering, MODEL)
    assert plan.warnings[0].startswith("the memory names 2 training photos with their places")
    push(plan, quiet=True)
    model = signed_in.models[MODEL.repository]
    assert {"memory.parquet", "memory.safetensors"} <= model.files.keys()

    plan = plan_push(remembering, MODEL, memory=False)
    assert plan.warnings == ()
    assert plan.deleted == ("memory.safetensors", "memory.parquet")
    assert plan.seen_by == "the repository that is there; everybody sees it"
    push(plan, quiet=True)
    assert not {"memory.parquet", "memory.safetensors"} & model.files.keys()
    assert b"carries nothing of single training photos" in model.files["README.md"]
    assert pull(MODEL, quiet=True).described.carried is None


@pytest.mark.usefixtures("signed_in")
def test_a_cell_with_one_photo_tells_its_place(
    trained: TrainedModel, partition: Partition, tmp_path: Path
) -> None:
    photos = np.array([1, 5, 1, 9], dtype=np.uint32)
    single = dataclasses.replace(trained, partition=dataclasses.replace(partition, photos=photos))
    save_model(tmp_path / "single", single)
    (warning,) = plan_push(licensed(tmp_path / "single"), MODEL).warnings
    assert warning.startswith("2 cells had one training photo")


@pytest.mark.promise("alone", "`model push`: no path of this machine goes along")
def test_paths_of_this_machine_stay_here(signed_in: Hub, folder: Path) -> None:
    paths = {"posix": "/home/me/weights.safetensors", "windows": r"D:\me\weights.safetensors"}
    edit(folder / "config.json", lambda tree: tree["model"].update(weights=paths["posix"]))
    edit(folder / "metrics.json", lambda tree: tree.update(sources=list(paths.values())))
    plan = plan_push(licensed(folder), MODEL)
    assert [warning.split()[0] for warning in plan.warnings] == ["config.json", "metrics.json"]
    assert paths["posix"] in plan.warnings[0]
    push(plan, quiet=True)
    files = signed_in.models[MODEL.repository].files
    assert json.loads(files["config.json"])["model"]["weights"] == "weights.safetensors"
    assert json.loads(files["metrics.json"])["sources"] == ["weights.safetensors"] * 2
    own = json.loads((folder / "config.json").read_text())
    assert own["model"]["weights"] == paths["posix"]


@pytest.mark.usefixtures("signed_in")
def test_files_of_others_in_the_folder_stay_here(folder: Path) -> None:
    (licensed(folder) / "notes.txt").write_text("mine")
    (folder / "snapshots").mkdir()
    plan = plan_push(folder, MODEL)
    assert plan.left == ("notes.txt", "snapshots")
    assert "notes.txt" not in plan.files


@pytest.mark.usefixtures("signed_in")
def test_a_private_model_is_not_published_for_everybody(folder: Path, hub: Hub) -> None:
    plan = plan_push(licensed(folder), MODEL, private=True)
    assert plan.seen_by == "a new repository; only you and people you invite see it"
    push(plan, quiet=True)
    assert hub.models[MODEL.repository].private
    assert plan_push(folder, MODEL).seen_by.endswith("only you and people you invite see it")
    hub.models[MODEL.repository] = ModelRepository.of({})
    with pytest.raises(HubError, match=r"is there and public.*/me/model/settings"):
        plan_push(folder, MODEL, private=True)


@pytest.mark.usefixtures("signed_in")
def test_a_publication_has_no_revision(folder: Path) -> None:
    with pytest.raises(ConfigError, match="write hf://me/model, without @v1"):
        plan_push(licensed(folder), HubAddress("me", "model", "v1"))


@pytest.mark.usefixtures("signed_in")
def test_a_licence_that_the_hub_does_not_know(folder: Path) -> None:
    plan = plan_push(licensed(folder, "my-own-licence"), MODEL)
    with pytest.raises(HubError, match=r"must be one of .*; mend them"):
        push(plan, quiet=True)
