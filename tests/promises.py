"""The tables of SECURITY.md, from the marks of the tests: `python tests/promises.py` writes them.

A test that holds a promise says so: `@pytest.mark.promise(KIND, WHAT)`, where the kind is one of
`KINDS`.
"""

import ast
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from geoguess_cli.wording import counted

TESTS = Path(__file__).resolve().parent
PAGE = TESTS.parent / "SECURITY.md"
BEGIN, END = "<!-- written by tests/promises.py -->\n", "<!-- until here -->\n"

KINDS = {
    "input": "Bad inputs tried",
    "fault": "Faults injected",
    "kill": "Kills survived",
    "alone": "Kept private",
}
"""The tables in their order, and their headings."""


class Promise(NamedTuple):
    """What a test says that it holds."""

    kind: str
    what: str
    test: str


def promises() -> Iterator[Promise]:
    """The promise of each test that makes one, by file and line."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for mark in getattr(node, "decorator_list", ()):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.promise":
                    kind, what = (ast.literal_eval(argument) for argument in mark.args)
                    place = path.relative_to(TESTS.parent).as_posix()
                    yield Promise(kind, what, f"{place}::{node.name}")


def kept_finds() -> Iterator[Promise]:
    """The readers that are tried with strange bytes; each input that one failed on stays a test."""
    finds = Counter(path.parent.name for path in (TESTS / "fuzz" / "finds").glob("*/*"))
    files = sorted((TESTS / "fuzz").glob("*_targets.py"))
    for node in (one for path in files for one in ast.parse(path.read_text("utf-8")).body):
        marks = getattr(node, "decorator_list", ())
        if any(isinstance(m, ast.Call) and ast.unparse(m.func) == "target" for m in marks):
            name = node.name
            kept = f", and {counted(finds[name], 'kept input')}" if finds[name] else ""
            test = f"tests/fuzz/test_targets.py -k {name}"
            yield Promise("input", f"strange bytes to the reader `{name}`{kept}", test)


def fuzzed() -> str:
    """How much strange bytes `make fuzz` has given the readers so far, in a sentence."""
    sums = json.loads((TESTS / "fuzz" / "tried.json").read_text(encoding="utf-8")).values()
    inputs, seconds = (sum(own[key] for own in sums) for key in ("executions", "cpu_s"))
    return (
        f"`make fuzz` has given the readers {inputs / 1e6:.1f} million strange inputs in "
        f"{seconds / 60:.0f} minutes of a core (`tests/fuzz/tried.json`).\n"
    )


def tables() -> str:
    """All tables as Markdown."""
    rows = [*promises(), *kept_finds()]
    parts = [fuzzed()]
    for kind, heading in KINDS.items():
        lines = [f"| {one.what} | `{one.test}` |" for one in rows if one.kind == kind]
        parts.append("\n".join([f"### {heading}\n", "| what | test |", "|---|---|", *lines]) + "\n")
    return "\n".join(parts)


def with_tables(text: str) -> str:
    """A text with the tables between their marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
