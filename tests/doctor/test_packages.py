"""Versions, extras, and a torchvision that does not match."""

import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from geoguess_cli.doctor import packages
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.doctor.packages import PURPOSES, examine_extras, examine_packages
from geoguess_cli.model import _timm

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]

installed = pytest.mark.skipif(
    not list(metadata.distributions(name=packages.DISTRIBUTION)),
    reason="geoguess is not installed as a package",
)


@pytest.fixture
def needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A geoguess that needs three packages, one of which is too old and one missing."""
    lines = [
        "torch>=2",
        "numpy>=999",
        "absent-package>=1",
        'other-package; extra == "x"',
        "elsewhere; sys_platform == 'nowhere'",
    ]
    monkeypatch.setattr(packages.metadata, "requires", lambda _: lines)
    monkeypatch.setattr(packages, "_extras", lambda: ["x"])


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_every_extra_has_a_purpose() -> None:
    assert set(PURPOSES) == set(PROJECT["optional-dependencies"])


@installed
def test_this_environment_has_all_that_is_needed() -> None:
    found = by_name(list(examine_packages()))
    assert {"geoguess", "python", "torch", "timm", "polars", "torchvision"} <= found.keys()
    assert [f for f in found.values() if f.state == "fault"] == []
    assert found["torch"].value == metadata.version("torch")


@pytest.mark.usefixtures("needs")
def test_a_package_that_is_missing_or_too_old() -> None:
    found = by_name(list(examine_packages()))
    assert found["torch"].state == "ok"
    assert found["numpy"].state == found["absent-package"].state == "fault"
    assert "geoguess needs >=999" in found["numpy"].value
    assert found["absent-package"].value == "not installed"
    assert found["absent-package"].remedy == 'pip install --upgrade "absent-package>=1"'
    assert not found.keys() & {"other-package", "elsewhere"}


@pytest.mark.usefixtures("needs")
def test_an_extra_that_is_missing() -> None:
    (finding,) = examine_extras()
    assert finding.state == "note"
    assert finding.value == "not installed (other-package)"
    assert "pip install 'geoguess-cli[x]'" in finding.remedy


def test_a_torchvision_for_another_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_timm, "_declared", {"nms": None})
    monkeypatch.setattr(packages.metadata, "version", lambda _: "0.99")
    finding = by_name(list(examine_packages()))["torchvision"]
    assert finding.state == "note"
    assert "torchvision::nms" in finding.value
    monkeypatch.setattr(_timm, "_declared", {})
    assert by_name(list(examine_packages()))["torchvision"].value == "0.99, matches torch"
