"""The keys of `report.json` keep their meaning: those of `report_keys.txt` stay."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geoguess_cli.evaluation.evaluation import Evaluation

KEYS = Path(__file__).with_name("report_keys.txt")
STATISTIC = {"value", "low", "high"}


def keys_of(tree: Any, path: str = "") -> Iterator[str]:
    """Every key with dots; a statistic has one key, and the entries of a list share one.

    The names of the parts (a state, a distance) are written `*`.
    """
    if isinstance(tree, dict) and tree and set(tree) != STATISTIC:
        for name, value in tree.items():
            part = re.fullmatch(r"by_\w+", path) is not None
            yield from keys_of(value, f"{path}.{'*' if part else name}".lstrip("."))
    elif isinstance(tree, list) and tree:
        for value in tree:
            yield from keys_of(value, path)
    else:
        yield path


def test_no_key_goes(made_evaluation: Evaluation) -> None:
    kept = set(KEYS.read_text(encoding="utf-8").split())
    assert len(kept) > 200
    assert kept - set(keys_of(made_evaluation.report.record())) == set()
