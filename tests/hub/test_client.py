"""The hub's own client, against a server on this machine that answers as the public one does."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_servers import Hub, ModelRepository

from geoguess_cli.errors import DependencyError, HubError
from geoguess_cli.hub.address import HubAddress
from geoguess_cli.hub.client import (
    fetch_snapshot,
    fetched_file,
    kept_snapshot,
    list_model,
    model_if_any,
    publish,
)

MODEL = HubAddress("me", "model")
CARD = b"---\nlicense: mit\n---\n# A model\n"
FILES = {"README.md": CARD, "config.json": b"{}", "model.safetensors": b"weights" * 1000}


@pytest.fixture
def model(hub: Hub) -> ModelRepository:
    """A public model of three files and a program."""
    made = ModelRepository.of({**FILES, "run.py": b"print()"})
    hub.models[MODEL.repository] = made
    return made


@pytest.fixture
def signed_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub where the token of this process may write to `me`."""
    hub.writers["write-me"] = "me"
    monkeypatch.setenv("HF_TOKEN", "write-me")
    return hub


def test_a_listing_has_sizes_revision_and_visibility(model: ModelRepository) -> None:
    listing = list_model(MODEL)
    assert listing.files == {name: len(content) for name, content in model.files.items()}
    assert listing.revision == model.refs["main"]
    assert not listing.private


def test_a_snapshot_holds_only_the_wanted_files(model: ModelRepository, hub: Hub) -> None:
    folder = fetch_snapshot(MODEL, FILES, quiet=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == FILES
    assert hub.sent("run.py") == []
    assert folder.name == model.refs["main"]


def test_a_snapshot_is_kept_and_needs_no_network(
    model: ModelRepository, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kept_snapshot(MODEL, FILES) is None
    folder = fetch_snapshot(MODEL, FILES, quiet=True)
    asked = len(hub.log)
    assert kept_snapshot(MODEL, FILES) == folder
    assert len(hub.log) == asked
    _unplug(monkeypatch)
    assert fetch_snapshot(MODEL, FILES, quiet=True) == folder
    model.commit({"config.json": b"newer"})  # nobody is asked, so the older one stays
    assert kept_snapshot(MODEL, FILES) == folder


def test_a_revision_is_a_branch_a_tag_or_a_commit(model: ModelRepository) -> None:
    first = model.refs["v1"] = model.refs["main"]
    model.commit({**FILES, "config.json": b"newer"})
    for revision, content in (("v1", b"{}"), (first, b"{}"), ("main", b"newer"), (None, b"newer")):
        folder = fetch_snapshot(HubAddress("me", "model", revision), FILES, quiet=True)
        assert (folder / "config.json").read_bytes() == content


def test_a_revision_that_there_is_not(model: ModelRepository) -> None:
    with pytest.raises(HubError, match=r"has no revision `v9`; .*/me/model/commits"):
        list_model(HubAddress("me", "model", "v9"))
    assert model.refs.keys() == {"main"}


@pytest.mark.usefixtures("hub")
def test_a_model_that_there_is_not() -> None:
    with pytest.raises(HubError, match=r"no model at hf://me/model \(HTTP 401\).*hf auth login"):
        list_model(MODEL)
    assert model_if_any(MODEL) is None


def test_a_private_model_is_seen_by_its_owner(
    model: ModelRepository, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.private = True
    with pytest.raises(HubError, match="private"):
        list_model(MODEL)
    hub.writers["write-me"] = "me"
    monkeypatch.setenv("HF_TOKEN", "write-me")
    assert list_model(MODEL).private


def test_a_gated_model_has_terms_to_accept(model: ModelRepository) -> None:
    model.gated = True
    with pytest.raises(HubError, match=r"accept them at https://huggingface.co/me/model"):
        list_model(MODEL)


@pytest.mark.usefixtures("model")
def test_a_hub_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    _unplug(monkeypatch)
    asks: list[tuple[Callable[[HubAddress], object], str]] = [
        (list_model, "pull"),
        (model_if_any, "push"),
        (lambda at: fetch_snapshot(at, FILES, quiet=True), "pull"),
    ]
    for ask, verb in asks:
        with pytest.raises(HubError, match="check the connection, then") as broken:
            ask(MODEL)
        assert f"geoguess model {verb} hf://me/model" in str(broken.value)
        assert "\n" not in str(broken.value)


def test_a_model_is_published_with_large_files_and_small_ones(
    signed_in: Hub, tmp_path: Path
) -> None:
    (tmp_path / "weights").write_bytes(FILES["model.safetensors"])
    files = {**FILES, "model.safetensors": tmp_path / "weights"}
    published = publish(MODEL, files, message="first", quiet=True)
    model = signed_in.models[MODEL.repository]
    assert {name: model.files[name] for name in FILES} == FILES
    assert published.revision == model.refs["main"]
    assert published.page.endswith(f"/me/model/commit/{published.revision}")
    assert published.warnings == ()
    assert not model.private
    assert list(signed_in.large.values()) == [FILES["model.safetensors"]]


def test_a_second_publication_replaces_and_removes(signed_in: Hub) -> None:
    publish(MODEL, {**FILES, "memory.parquet": b"places"}, private=True, message="1", quiet=True)
    model = signed_in.models[MODEL.repository]
    changed = {**FILES, "config.json": b"[]"}
    publish(MODEL, changed, deleted=["memory.parquet"], message="2", quiet=True)
    assert {name: of for name, of in model.files.items() if name != ".gitattributes"} == changed
    assert model.private
    assert len(model.commits) == 3  # the hub makes one when the repository is new
    uploads = [path for method, path, _, _ in signed_in.log if method == "PUT"]
    assert len(uploads) == 2  # the weights did not change


def test_who_may_not_write_is_told_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HubError, match=r"HTTP 401.*nothing was published; run `hf auth login`"):
        publish(MODEL, FILES, message="x", quiet=True)
    hub.writers["write-you"] = "you"
    monkeypatch.setenv("HF_TOKEN", "write-you")
    with pytest.raises(HubError, match=r"may not write to hf://me/model \(HTTP 403\)"):
        publish(MODEL, FILES, message="x", quiet=True)
    assert hub.models == {}


def test_a_card_that_the_hub_refuses(signed_in: Hub) -> None:
    card = CARD.replace(b"mit", b"my-own")
    with pytest.raises(HubError, match=r'"license" must be one of .*geoguess model card'):
        publish(MODEL, {**FILES, "README.md": card}, message="x", quiet=True)
    assert "config.json" not in signed_in.models[MODEL.repository].files


@pytest.mark.usefixtures("model")
def test_one_file_of_several_names_is_fetched_once(hub: Hub) -> None:
    for _ in range(2):
        path = fetched_file("me/model", ["absent.bin", "config.json"], timeout_s=5.0)
        assert Path(path).read_bytes() == b"{}"
    assert len(hub.sent("config.json")) == 1


def test_a_client_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    for ask in (list_model, lambda at: kept_snapshot(at, FILES)):
        with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[hub\]'"):
            ask(MODEL)


def _unplug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the hub away: nobody listens at its address."""
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    huggingface_hub.close_session()
