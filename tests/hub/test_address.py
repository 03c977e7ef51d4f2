"""Addresses of models on the hub, and what a folder of its cache stands for."""

from pathlib import Path, PureWindowsPath

import pytest

from geoguess_cli.errors import ConfigError
from geoguess_cli.hub.address import HubAddress, address_of, shown, snapshot_address

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("hf://me/model", HubAddress("me", "model")),
        ("hf://me/model@v1.0", HubAddress("me", "model", "v1.0")),
        ("hf://me/model@refs/pr/3", HubAddress("me", "model", "refs/pr/3")),
        (f"hf://A-b/c.d_e@{COMMIT}", HubAddress("A-b", "c.d_e", COMMIT)),
    ],
)
def test_an_address_is_read_and_written(text: str, address: HubAddress) -> None:
    assert address_of(text) == address
    assert str(address) == text
    assert address_of(Path(text)) == address  # which has lost a slash


def test_a_path_of_windows_loses_nothing() -> None:
    path = PureWindowsPath("hf://me/model@v1")
    assert path.parts == ("hf:", "me", "model@v1")


@pytest.mark.parametrize("text", ["model", "artifacts/model", "/hf/me", "", ".", "C:/hf"])
def test_a_path_is_no_address(text: str) -> None:
    assert address_of(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "hf://me",
        "hf://",
        "hf://me/",
        "hf://me/a/b",
        "hf://me/model@",
        "hf://me/a--b",
        "hf://me/model@a..b",
        "hf://me/model@a b",
        "hf://../model",
        "hf://me/-model",
        "hf://mé/model",
    ],
)
def test_what_begins_like_an_address_must_be_one(text: str) -> None:
    with pytest.raises(ConfigError, match="hf://OWNER/NAME"):
        address_of(text)


def test_a_folder_of_the_cache_stands_for_its_model() -> None:
    folder = Path("hub") / "models--me--model" / "snapshots" / COMMIT
    assert snapshot_address(folder) == HubAddress("me", "model", COMMIT)
    assert shown(folder) == f"hf://me/model@{COMMIT}"
    for other in (folder.parent, folder.parent / "main", Path("x") / "snapshots" / COMMIT):
        assert snapshot_address(other) is None
        assert shown(other) == str(other)
