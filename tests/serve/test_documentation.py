"""The examples of docs/api.md run, and its tables are those of the API."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def folder(tmp_path: Path, colored_photo: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory of the examples."""
    (tmp_path / "photo.jpg").write_bytes(colored_photo("Austin"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_python_example_runs(service: Any, serving: Any, folder: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    printed: list[Any] = []
    with serving(service) as port:
        code = code.replace(ADDRESS, f"http://127.0.0.1:{port}")
        exec(compile(code, "docs/api.md", "exec"), {"print": lambda *said: printed.append(said)})
        assert len(service.photos) == 0
    assert "Texas" in printed[0][0]
    assert printed[1][0] == 5000
    assert printed[-1][0] == printed[-1][2] > 0
    assert (folder / "occlusion.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((folder / "map.geojson").read_text())["features"]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_the_curl_examples_run(service: Any, serving: Any, folder: Path) -> None:
    commands = re.findall(r"^\$ (curl .*)$", PAGE, flags=re.MULTILINE)
    assert commands
    with serving(service) as port:
        for command in commands:
            line = shlex.split(command.replace(ADDRESS, f"http://127.0.0.1:{port}"))
            done = subprocess.run(line, capture_output=True, cwd=folder, check=True)
            assert json.loads(done.stdout)["guesses"]


def test_every_request_is_listed(client: Any) -> None:
    listed = {path.partition("?")[0] for path in re.findall(r"`(?:[A-Z]+ )?(/api/[^`]+)`", PAGE)}
    listed |= {"/api/photos/{id}/map.png", "/api/photos/{id}/map.geojson"}
    assert listed == set(client.get("/openapi.json").json()["paths"])
    methods = {
        (method.upper(), path)
        for path, operations in client.get("/openapi.json").json()["paths"].items()
        for method in operations
        if method != "get"
    }
    for method, path in methods:
        assert f"`{method} {path}" in PAGE


def test_every_refusal_is_listed(client: Any) -> None:
    listed = set(re.findall(r"^\| (\d{3}) \|", PAGE, flags=re.MULTILINE))
    operation = client.get("/openapi.json").json()["paths"]["/api/photos"]["post"]
    result = {status for status in operation["responses"] if status >= "400"}
    assert listed == result | {"403", "421"}  # the last two come from the guard
