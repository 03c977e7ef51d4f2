"""All findings together, in a working directory in any state."""

from pathlib import Path

import pytest

from geoguess_cli.doctor import device
from geoguess_cli.doctor.examination import examine
from geoguess_cli.doctor.findings import Finding


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(device, "_LEAST_SECONDS", 0.0)
    monkeypatch.setattr(device, "_SIDE", 16)


def configuration(environment: dict[str, str]) -> list[Finding]:
    return [f for f in examine(None, environment) if f.part == "configuration"]


def test_every_part_is_looked_at() -> None:
    environment = {"GEOGUESS_MODEL_WEIGHTS": "none", "HOME": "/"}
    parts = list(dict.fromkeys(f.part for f in examine(None, environment)))
    assert parts == ["packages", "extras", "configuration", "system", "device", "weights"]


def test_without_a_configuration() -> None:
    variable, file = configuration({"GEOGUESS_MODEL_WEIGHTS": "none", "HOME": "/"})
    assert (variable.name, variable.value) == ("GEOGUESS_MODEL_WEIGHTS", "none")
    assert (file.state, "none here" in file.value) == ("ok", True)


def test_a_faulty_configuration_is_a_finding_and_the_rest_is_looked_at() -> None:
    Path("geoguess.toml").write_text('precicion = "fp32"\n[model]\nweights = "none"\n')
    findings = list(examine(None, {"GEOGUESS_SEED": "1"}))
    (fault,) = (f for f in findings if f.state == "fault" and f.part == "configuration")
    assert "precicion" in fault.value
    assert any(f.part == "device" for f in findings)
