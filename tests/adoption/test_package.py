"""The files of a package: from a wheel, a folder, an installation, or fetched by pip."""

import dataclasses
import importlib.metadata
import os
import socket
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from adopted_worlds import TinyGeoClip

from geoguess_cli.adoption.package import (
    PackageFiles,
    fetch_package,
    installed_package,
    package_at,
)
from geoguess_cli.errors import MissingFileError, ModelError, WeightsError

SCALE = "geoclip/model/weights/logit_scale_weights.pth"


@pytest.fixture
def unpacked(tiny_geoclip: TinyGeoClip, tmp_path: Path) -> Path:
    """The folder that the wheel unpacks to."""
    folder = tmp_path / "site-packages"
    with zipfile.ZipFile(tiny_geoclip.wheel()) as wheel:
        wheel.extractall(folder)
    return folder


def test_a_wheel_a_folder_and_the_packages_own_folder_are_the_same(
    tiny_geoclip: TinyGeoClip, unpacked: Path
) -> None:
    for path in (tiny_geoclip.wheel(), unpacked, unpacked / "geoclip"):
        package = package_at(path, "geoclip")
        assert package.read(SCALE) == tiny_geoclip.files()[SCALE]
        assert package.version("geoclip") == "9.9"
        assert package.licence("geoclip") == "MIT License\n\n© the authors of a test\n"


def test_a_copy_of_the_repository_has_its_licence_and_no_version(unpacked: Path) -> None:
    about = unpacked / "geoclip-9.9.dist-info"
    (about / "licenses/LICENSE").rename(unpacked / "LICENSE")
    about.rename(unpacked / "other-1.0.dist-info")
    package = package_at(unpacked, "geoclip")
    assert package.version("geoclip") == ""
    assert package.licence("geoclip").startswith("MIT License")


def test_what_is_not_the_package_is_refused(tmp_path: Path, tiny_geoclip: TinyGeoClip) -> None:
    with pytest.raises(MissingFileError, match="no package at"):
        package_at(tmp_path / "absent.whl", "geoclip")
    with pytest.raises(ModelError, match=r"lacks geoclip/model/.*folder that holds geoclip/"):
        package_at(tmp_path, "geoclip").read(SCALE)
    with pytest.raises(ModelError, match=r"lacks geoclip/model/weights/other\.pth"):
        PackageFiles(tiny_geoclip.wheel()).read("geoclip/model/weights/other.pth")
    (tmp_path / "text.whl").write_text("not one")
    with pytest.raises(ModelError, match="is damaged, or is no wheel"):
        PackageFiles(tmp_path / "text.whl").read(SCALE)


def test_an_installed_package_counts_in_the_version_that_was_compared(
    tiny_geoclip: TinyGeoClip, unpacked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tiny_geoclip.published()
    monkeypatch.syspath_prepend(unpacked)
    importlib.invalidate_caches()
    found = installed_package(published)
    assert found is not None
    assert found.read(SCALE) == tiny_geoclip.files()[SCALE]
    assert installed_package(dataclasses.replace(published, version="9.8")) is None
    assert installed_package(dataclasses.replace(published, package="no-such-package")) is None
    assert "geoclip" not in sys.modules


@pytest.fixture
def pip_asks(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives pip an index of the test, without the settings and the cache of the user."""
    for name in list(os.environ):
        if name.upper().startswith("PIP_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    return lambda address: monkeypatch.setenv("PIP_INDEX_URL", address)


def test_pip_fetches_the_wheel_and_checks_it(
    tiny_geoclip: TinyGeoClip,
    index_of: Callable[..., Any],
    pip_asks: Callable[[str], None],
    tmp_path: Path,
) -> None:
    published = tiny_geoclip.published()
    (tmp_path / "good").mkdir()
    (tmp_path / "bad").mkdir()
    with index_of(tiny_geoclip.wheel()) as (address, asked):
        pip_asks(address)
        package = fetch_package(published, tmp_path / "good")
        assert package.read(SCALE) == tiny_geoclip.files()[SCALE]
        assert asked == ["/simple/geoclip/", "/geoclip-9.9-py3-none-any.whl"]
        other = dataclasses.replace(published, sha256="0" * 64)
        with pytest.raises(WeightsError, match=r"pip cannot fetch geoclip==9.9 \(.*") as caught:
            fetch_package(other, tmp_path / "bad")
        assert "hash" in str(caught.value).lower()


def test_an_index_that_nobody_answers_for_is_said(
    tiny_geoclip: TinyGeoClip, pip_asks: Callable[[str], None], tmp_path: Path
) -> None:
    with socket.socket() as closed:  # bound and not listening: every connection is refused
        closed.bind(("127.0.0.1", 0))
        pip_asks(f"http://127.0.0.1:{closed.getsockname()[1]}/simple/")
        with pytest.raises(WeightsError, match=r"\(the package index does not answer\)"):
            fetch_package(tiny_geoclip.published(), tmp_path)


def test_a_version_that_the_index_lacks_is_named(
    tiny_geoclip: TinyGeoClip,
    index_of: Callable[..., Any],
    pip_asks: Callable[[str], None],
    tmp_path: Path,
) -> None:
    absent = dataclasses.replace(tiny_geoclip.published(), version="8.8")
    with index_of(tiny_geoclip.wheel()) as (address, _):
        pip_asks(address)
        with pytest.raises(WeightsError, match=r"No matching distribution found for geoclip==8\.8"):
            fetch_package(absent, tmp_path)
