"""CITATION.cff has what its schema asks for, and the version and the licence of the package."""

from pathlib import Path
from typing import Any

import yaml

from geoguess_cli import __version__

TREE: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[1] / "CITATION.cff").read_text(encoding="utf-8")
)


def test_it_has_the_keys_that_the_schema_requires() -> None:
    """Of https://github.com/citation-file-format/citation-file-format, version 1.2.0."""
    assert {"cff-version", "message", "title", "authors"} <= TREE.keys()
    assert TREE["cff-version"] == "1.2.0"
    assert TREE["type"] in ("software", "dataset")
    for reference in TREE["references"]:
        assert {"type", "title", "authors"} <= reference.keys()
    for author in [*TREE["authors"], *(one for of in TREE["references"] for one in of["authors"])]:
        assert author.keys() <= {"name", "family-names", "given-names"}
        assert author.get("name") or author.get("family-names")


def test_version_and_licence_are_those_of_the_package() -> None:
    assert TREE["version"] == __version__
    licence = (Path(__file__).resolve().parents[1] / "LICENSE").read_text(encoding="utf-8")
    assert licence.startswith(f"{TREE['license']} License")
