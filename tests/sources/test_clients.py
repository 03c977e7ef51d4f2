"""The real clients, against a server on this machine that answers as the public ones do."""

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hub_servers import zipped

from geoguess_cli.errors import DependencyError, DownloadError
from geoguess_cli.sources.clients import fetch, list_repository
from geoguess_cli.sources.downloads import DATA_SETS

OSV_5M, OSV_MINI = DATA_SETS["osv-5m"], DATA_SETS["osv-mini-129k"]
LARGE = random.Random(5).randbytes(3 * 2**20)
TABLES = ["osv5m/train_mini.csv", "osv5m/test_mini.csv"]


@pytest.fixture
def osv_5m(hub):
    hub.files[OSV_5M.repository] = {"test.csv": b"id\n1\n", "images/test/00.zip": LARGE}
    return hub


@pytest.fixture
def osv_mini_hub(hub):
    photo = {"osv5m/train_images/Kansas/1.jpg": LARGE}
    hub.archives[OSV_MINI.repository] = zipped({**dict.fromkeys(TABLES, b"id\n1\n"), **photo})
    return hub


def _fetch(data_set, folder: Path, files: list[str]) -> None:
    fetch(data_set, list_repository(data_set), files, folder, environment=os.environ, quiet=True)


@pytest.mark.usefixtures("osv_5m")
def test_a_listing_of_hugging_face_has_sizes_and_a_revision() -> None:
    listing = list_repository(OSV_5M)
    assert listing.files == {"test.csv": 5, "images/test/00.zip": len(LARGE)}
    assert len(listing.revision) == 40
    assert not listing.unpacked


def test_files_of_hugging_face_lie_where_the_repository_has_them(osv_5m, tmp_path) -> None:
    _fetch(OSV_5M, tmp_path / "to", ["test.csv", "images/test/00.zip"])
    assert (tmp_path / "to" / "images" / "test" / "00.zip").read_bytes() == LARGE
    assert osv_5m.sent("00.zip") == [(None, 200)]


def test_hugging_face_resumes_within_a_file(osv_5m, tmp_path) -> None:
    osv_5m.cuts = [2**20]
    _fetch(OSV_5M, tmp_path / "to", ["images/test/00.zip"])
    assert (tmp_path / "to" / "images" / "test" / "00.zip").read_bytes() == LARGE
    (first, second) = osv_5m.sent("00.zip")
    assert first == (None, 200)
    assert second[1] == 206
    assert int(second[0].removeprefix("bytes=").rstrip("-")) > 0


def test_a_finished_file_of_hugging_face_is_not_fetched_again(osv_5m, tmp_path) -> None:
    for _ in range(2):
        _fetch(OSV_5M, tmp_path / "to", ["test.csv", "images/test/00.zip"])
    assert len(osv_5m.sent("00.zip")) == 1
    assert len(osv_5m.sent("test.csv")) == 1


def test_a_listing_of_kaggle_has_the_size_of_the_archive(osv_mini_hub) -> None:
    listing = list_repository(OSV_MINI)
    assert sum(listing.files.values()) == len(osv_mini_hub.archives[OSV_MINI.repository])
    assert (listing.revision, listing.unpacked) == ("7", True)


def test_the_archive_of_kaggle_is_unpacked_in_its_place(osv_mini_hub, tmp_path) -> None:
    _fetch(OSV_MINI, tmp_path, TABLES)
    assert (tmp_path / "osv5m" / "train_images" / "Kansas" / "1.jpg").read_bytes() == LARGE
    assert not (tmp_path / ".kagglehub").exists()
    assert "KAGGLEHUB_CACHE" not in os.environ
    _fetch(OSV_MINI, tmp_path, TABLES)
    assert len(osv_mini_hub.sent("archive.zip")) == 1


def test_kaggle_resumes_in_a_second_run(osv_mini_hub, tmp_path) -> None:
    osv_mini_hub.cuts = [2 * 2**20]
    with pytest.raises(DownloadError, match="goes on"):
        _fetch(OSV_MINI, tmp_path, TABLES)
    assert not (tmp_path / "osv5m").exists()
    _fetch(OSV_MINI, tmp_path, TABLES)
    assert (tmp_path / "osv5m" / "train_images" / "Kansas" / "1.jpg").read_bytes() == LARGE
    ranges = [of for of, status in osv_mini_hub.sent("archive.zip") if status == 206]
    assert [int(of.removeprefix("bytes=").rstrip("-")) for of in ranges] == [2 * 2**20]


@pytest.mark.usefixtures("osv_5m", "osv_mini_hub")
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("data_set", "remedy"), [(OSV_5M, "hf auth login"), (OSV_MINI, "KAGGLE_API_TOKEN")]
)
def test_a_refusal_says_where_credentials_go(hub, monkeypatch, status, data_set, remedy) -> None:
    hub.token, hub.status = "secret", status
    with pytest.raises(DownloadError, match=remedy) as refused:
        list_repository(data_set)
    assert f"HTTP {status}" in str(refused.value)
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("KAGGLE_API_TOKEN", "secret")
    assert list_repository(data_set).files


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("data_set", [OSV_5M, OSV_MINI])
def test_a_repository_that_is_gone(data_set) -> None:
    with pytest.raises(DownloadError, match="HTTP 404"):
        list_repository(data_set)


@pytest.mark.usefixtures("osv_5m")
def test_a_file_that_is_gone(tmp_path) -> None:
    with pytest.raises(DownloadError, match="no such file"):
        _fetch(OSV_5M, tmp_path, ["images/test/09.zip"])


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize("data_set", [OSV_5M, OSV_MINI])
def test_a_server_that_does_not_answer(monkeypatch, data_set) -> None:
    import huggingface_hub

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(DownloadError, match="check the connection") as broken:
        list_repository(data_set)
    assert "\n" not in str(broken.value)


def test_an_archive_that_is_damaged(osv_mini_hub, tmp_path) -> None:
    osv_mini_hub.archives[OSV_MINI.repository] = b"not an archive"
    with pytest.raises(DownloadError, match="archive type"):
        _fetch(OSV_MINI, tmp_path, TABLES)


@pytest.mark.parametrize("data_set", [OSV_5M, OSV_MINI])
def test_a_client_that_is_not_installed(monkeypatch, data_set) -> None:
    import sys

    for name in ("huggingface_hub", "kagglehub", "kagglehub.clients"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[download\]'"):
        list_repository(replace(data_set))
