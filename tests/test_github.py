"""The workflow runs the script that runs here, and a report of a fault asks for what helps."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[1]
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_workflow_runs_the_script_on_three_systems() -> None:
    (job,) = _read(REPOSITORY / ".github" / "workflows" / "ci.yml")["jobs"].values()
    systems = {name.partition("-")[0] for name in job["strategy"]["matrix"]["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    (run,) = (step["run"] for step in job["steps"] if "run" in step)
    assert (REPOSITORY / run).stat().st_mode & 0o111
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.findall(r'requires-python = ">=([\d.]+)"', project)
    assert oldest[0] == job["strategy"]["matrix"]["python"][0]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_has_fields_with_names(path: Path) -> None:
    form = _read(path)
    if path.stem == "config":
        assert form.keys() <= {"blank_issues_enabled", "contact_links"}
        return
    assert {"name", "description", "body"} <= form.keys()
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert all(field["attributes"]["label"] for field in fields)


def test_a_report_of_a_fault_asks_for_the_doctor() -> None:
    fields = {field.get("id"): field for field in _read(FORMS[0])["body"]}
    assert "geoguess doctor --json" in fields["doctor"]["attributes"]["label"]
    assert fields["doctor"]["validations"]["required"]
