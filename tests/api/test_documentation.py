"""The examples of docs/python.md and of every docstring of the Python face run."""

import inspect
import re
from pathlib import Path

import pytest

import geoguess_cli as gg

CALLS = sorted(name for name, home in gg.HOMES.items() if home.startswith("api."))


def test_the_page_writes_what_it_says(clone: Path, page: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    saved = re.findall(r'gg\.save\(.*"(.+?)"', "\n".join(blocks))
    assert len(saved) >= 9
    for path in saved:
        assert (clone / path).exists(), path
    assert (clone / "artifacts/model/README.md").is_file()
    assert (clone / "artifacts/runs/run-1/metrics.jsonl").is_file()


def test_the_examples_of_models_run(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    monkeypatch.chdir(clone)
    page = (Path(__file__).resolve().parents[2] / "docs" / "models.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", page, flags=re.M | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, "docs/models.md", "exec"), {"print": lambda *_: None})


@pytest.mark.parametrize("name", [*CALLS, "__init__"])
def test_every_example_runs(name: str, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone)
    text = inspect.cleandoc((gg if name == "__init__" else getattr(gg, name)).__doc__)
    (example,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    exec(compile(example, name, "exec"), {"print": lambda *_: None})
