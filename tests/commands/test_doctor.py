"""`geoguess doctor`: a table for people, JSON for a bug report."""

import json

import pytest
from command_worlds import World

from geoguess_cli.doctor import device, examination
from geoguess_cli.doctor.findings import Finding


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_LEAST_SECONDS", 0.0)
    monkeypatch.setattr(device, "_SIDE", 16)


def test_a_bug_report(world: World) -> None:
    report = json.loads(world.run("doctor", "--json").stdout)
    assert report["geoguess"]
    assert {f["name"] for f in report["findings"]} >= {"torch", "cores", "precision", "artifacts"}


def test_a_fault_is_told_with_its_remedy_and_ends_with_1(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Finding("packages", "numpy", "not installed", "fault", "pip install numpy")
    monkeypatch.setattr(examination, "examine", lambda *_: iter([fault]))
    output = world.run("doctor", code=1).stdout
    assert "fault: numpy: pip install numpy" in output
    assert "no fault found" not in output


def test_nothing_to_mend(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fine = Finding("system", "cores", "2")
    monkeypatch.setattr(examination, "examine", lambda *_: iter([fine]))
    assert "no fault found" in world.run("doctor").stdout
