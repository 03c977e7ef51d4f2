"""What a machine gives, and what it refuses."""

import dataclasses
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from geoguess_cli.config import Config
from geoguess_cli.doctor import system
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.doctor.system import examine_system


def found(config: Config, name: str, **options: Path) -> Finding:
    (finding,) = (f for f in examine_system(config, **options) if f.name == name)
    return finding


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(artifacts=tmp_path / "results" / "artifacts", workers=2)


def test_a_folder_that_is_not_there_yet_can_be_written(config: Config, tmp_path: Path) -> None:
    finding = found(config, "artifacts")
    assert (finding.state, finding.remedy) == ("ok", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the root may write everywhere")
def test_a_folder_of_others(config: Config, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    finding = found(config, "artifacts")
    assert finding.state == "fault"
    assert "cannot be written" in finding.value
    assert "--artifacts" in finding.remedy


def test_a_disk_that_refuses(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(system.tempfile, "NamedTemporaryFile", full)
    finding = found(config, "artifacts")
    assert (finding.state, "no space left on device" in finding.value) == ("fault", True)


@pytest.mark.parametrize(("free", "state"), [(10**9, "warning"), (10**11, "ok")])
def test_free_disk(free: int, state: str, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    finding = found(config, "free disk")
    assert (finding.state, bool(finding.remedy)) == (state, state == "warning")


@pytest.mark.parametrize(("free", "state"), [(64_000_000, "warning"), (10**10, "ok")])
def test_shared_memory_of_a_container(
    free: int, state: str, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    finding = found(config, "shared memory", shared_memory=tmp_path)
    assert finding.state == state
    assert ("--shm-size" in finding.remedy) == (state == "warning")
    absent = found(config, "shared memory", shared_memory=tmp_path / "absent")
    assert absent.value == "no limit on this system"


@pytest.mark.parametrize(
    ("free", "state"), [(None, "ok"), (5 * 10**8, "warning"), (9 * 10**9, "ok")]
)
def test_free_memory(
    free: int | None, state: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "free_memory", lambda: free)
    assert found(config, "free memory").state == state


def test_cores_of_a_container(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "usable_cores", lambda: 2)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert found(dataclasses.replace(config), "cores").value == "2 of 64"
