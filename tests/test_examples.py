"""The notebooks of examples/ run from top to bottom, here with a training of one epoch a stage."""

import json
import re
import sys
import types
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((REPOSITORY / "examples").glob("*.ipynb"))


def code_of(notebook: Path) -> list[str]:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What a notebook displays, in place of the package that shows it."""
    pictures: list[Path] = []
    module: Any = types.ModuleType("IPython.display")
    module.Image = lambda path, **_: Path(path)
    module.display = pictures.append
    package: Any = types.ModuleType("IPython")
    package.version_info = (9, 0)  # Matplotlib asks for it at its first figure
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return pictures


@pytest.mark.slow
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(
    notebook: Path, shown: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sample_data").symlink_to(REPOSITORY / "sample_data")
    text = (REPOSITORY / "geoguess.toml").read_text(encoding="utf-8")
    (tmp_path / "geoguess.toml").write_text(re.sub(r"epochs = \d+", "epochs = 1", text))
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path / "examples")
    names: dict[str, Any] = {}
    for number, code in enumerate(code_of(notebook)):
        exec(compile(code, f"{notebook.name}, cell {number}", "exec"), names)
    assert shown
    assert all(path.is_file() for path in shown)


def test_notebooks_are_stored_without_their_results() -> None:
    assert NOTEBOOKS
    for notebook in NOTEBOOKS:
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            assert not cell.get("outputs"), notebook.name
