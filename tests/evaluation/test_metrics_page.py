"""`docs/metrics.md` defines every key of a report and every column of its predictions."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from geoguess_cli.evaluation.evaluation import Evaluation

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def keys_of(tree: Any, path: str = "") -> Iterator[str]:
    """Every key of a report with dots; a figure is one, and so are the entries of a list."""
    if isinstance(tree, dict) and set(tree) != {"value", "low", "high"}:
        for name, value in tree.items():
            yield from keys_of(value, f"{path}.{str(name).replace('.', '_')}" if path else name)
    elif isinstance(tree, list):
        for value in tree[:1]:
            yield from keys_of(value, path)
    else:
        yield path


@pytest.fixture(scope="module")
def defined() -> set[str]:
    """What stands in the first column of a table, in code."""
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {key for row in rows for key in re.findall(r"`([^`]+)`", row)}


def test_every_key_is_defined(made_evaluation: Evaluation, defined: set[str]) -> None:
    patterns = [
        re.compile(re.escape(key).replace(r"by_\*", r"by_\w+").replace(r"\*", r"[^.]+"))
        for key in defined
    ]
    keys = set(keys_of(made_evaluation.report))
    assert len(keys) > 150
    assert {key for key in keys if not any(p.fullmatch(key) for p in patterns)} == set()


def test_every_column_is_defined(made_evaluation: Evaluation, defined: set[str]) -> None:
    assert set(made_evaluation.predictions.columns) - defined <= {"sequence"}


def test_the_page_knows_no_column_that_is_not_there(made_evaluation: Evaluation) -> None:
    section = PAGE.read_text(encoding="utf-8").split("## predictions.parquet")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]*) \|", section, flags=re.MULTILINE)
    told = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert told <= set(made_evaluation.predictions.columns)
