"""The rules of DESIGN.md that a parser can check: floors, doors, sizes and names."""

import ast
import collections
import io
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

import geoguess_cli

PACKAGE = Path(__file__).resolve().parents[1] / "geoguess_cli"
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

FLOORS = (
    ("errors", "names", "wording"),
    ("files", "frames", "choices", "extras"),
    ("toml_records", "shortage"),
    ("training_config",),
    ("config",),
    ("drawing", "geo", "hub", "recipes"),
    ("photos",),
    ("sources", "model"),
    ("features",),
    ("training", "inference", "adoption"),
    ("evaluation",),
    ("maps", "occlusion"),
    ("report",),
    ("survey", "doctor"),
    ("api",),
    ("serve",),
    ("console",),
    ("commands",),
    ("app",),
    ("__main__",),
)
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
DOORS = {
    "s2sphere": {"geo/cells.py"},
    "s2geometry": set(),
    "timm": {"model/"},
    "torch": {
        "model/",
        "features/",
        "training/",
        "adoption/geoclip.py",
        "doctor/device.py",
        "photos/dataset.py",
        "inference/predictor.py",
        "inference/windows.py",
    },
    "cartopy": {"maps/figures.py"},
    "bokeh": {"maps/interactive/figures.py", "maps/interactive/glyphs.py"},
    "jinja2": {"report/rendering.py"},
    "torchvision": {"model/_timm.py"},
    "onnx": {"model/onnx_export.py"},
    "onnxruntime": {"model/onnx_model.py"},
    "kagglehub": {"sources/clients.py"},
    "kagglesdk": {"sources/clients.py"},
    "huggingface_hub": {"hub/client.py"},
    "yaml": {"model/front_matter.py"},
    "fastapi": {"serve/"},
    "starlette": {"serve/"},
    "uvicorn": {"serve/server.py"},
    "pydantic": {"serve/records.py"},
}


def imports_of(path: Path) -> list[str]:
    """Every module that a file imports, at any depth, relative imports resolved."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += names if node.module == "geoguess_cli" else [str(node.module)]
    return found


def room_of(path: Path) -> str:
    """The part of the package a file belongs to: its folder, or its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":  # what it offers lazily, `test_the_face_…` checks
        return
    for name in imports_of(path):
        if not name.startswith("geoguess_cli."):
            continue
        target = name.split(".")[1]
        if target == "__version__":
            continue
        if target == room:
            continue
        assert FLOOR[target] < FLOOR[room], f"{room} may not import {name}"


def test_the_face_imports_nothing_before_it_is_used() -> None:
    """`__init__` names each public name's module in a table, and for type checkers once more."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    (typed,) = (node for node in tree.body if isinstance(node, ast.If))
    assert ast.unparse(typed.test) == "TYPE_CHECKING"
    homes = {
        alias.name: str(node.module).removeprefix("geoguess_cli.")
        for node in typed.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert homes == geoguess_cli.HOMES
    loaded = {n.module for n in tree.body if isinstance(n, ast.ImportFrom)}
    assert loaded == {"importlib", "typing"}
    for name, home in homes.items():
        path = PACKAGE / f"{home.replace('.', '/')}.py"
        names = {
            n.name
            for n in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(n, ast.FunctionDef | ast.ClassDef)
        }
        assert name in names, f"{home} does not define {name}"


def test_no_cycle_within_a_room() -> None:
    graph = {}
    for path in MODULES:
        name = ".".join(("geoguess_cli", *path.relative_to(PACKAGE).with_suffix("").parts))
        graph[name] = [n for n in imports_of(path) if n.startswith("geoguess_cli.")]

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for target in graph.get(name, []):
            visit(target, (*trail, name))
        done.add(name)

    done: set[str] = set()
    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_each_outside_library_has_one_door(path: Path) -> None:
    here = path.relative_to(PACKAGE).as_posix()
    for name in imports_of(path):
        doors = DOORS.get(name.split(".")[0])
        assert doors is None or any(here.startswith(door) for door in doors), f"{here}: {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_only_the_command_line_prints_or_exits(path: Path) -> None:
    if room_of(path) in {"console", "commands", "app", "__main__"}:
        return
    assert "typer" not in {name.split(".")[0] for name in imports_of(path)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            assert node.id not in {"print", "input", "exit", "quit"}, f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            called = f"{node.value.id}.{node.attr}"
            assert called not in {"sys.exit", "os._exit", "os.environ", "os.getenv"}, called


@pytest.mark.parametrize("path", MODULES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_only_one_module_makes_folders_and_locks(path: Path) -> None:
    """So that a disk that refuses either is told in one line."""
    if room_of(path) == "files":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"mkdir", "makedirs", "FileLock"}, f"line {node.lineno}"


def test_only_one_module_of_occlusion_knows_a_predictor() -> None:
    knowing = {
        path.name
        for path in (PACKAGE / "occlusion").glob("*.py")
        if "geoguess_cli.inference.photo_predictor" in imports_of(path)
    }
    assert knowing == {"explanation.py"}


def test_no_verb_loads_anything_heavy_before_it_works() -> None:
    heavy = ("torch", "timm", "matplotlib", "cartopy", "polars", "numpy", "shapely", "scipy", "PIL")
    for module in ("geoguess_cli", "geoguess_cli.api", "geoguess_cli.app"):
        script = f"import sys, {module}; print(*[n for n in {heavy} if n in sys.modules])"
        answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert (answer.stdout.strip(), answer.stderr) == ("", ""), module


def test_a_map_of_stored_probabilities_loads_no_torch(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path

import numpy as np

import geoguess_cli.maps.files
import geoguess_cli.photos.images
from geoguess_cli.drawing.saving import save_figure
from geoguess_cli.geo.partition import build_partition, read_partition, write_partition
from geoguess_cli.inference.answering import Answering
from geoguess_cli.maps.figures import probability_map_figure
from geoguess_cli.maps.probability_map import probability_map

folder = Path({str(tmp_path)!r})
towns = np.repeat([(46.6, -112.0), (30.3, -97.7)], 5, axis=0)
write_partition(build_partition(towns, max_photos=5, min_photos=5), folder / "cells.parquet")
np.save(folder / "probabilities.npy", np.array([0.7, 0.3], dtype=np.float32))

partition = read_partition(folder / "cells.parquet")
answer = Answering(partition).answer(np.load(folder / "probabilities.npy"))
figure = probability_map_figure(probability_map(answer, partition))
save_figure(figure, folder / "map.png")
print(*[name for name in ("torch", "timm") if name in sys.modules])
"""
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (answer.stdout.strip(), answer.stderr) == ("", "")
    assert (tmp_path / "map.png").stat().st_size > 1000


LONGEST_FUNCTION = 60
"""Lines of a function without its signature."""

LARGEST_ROOM = 0.18
"""Share of the package's lines of code that one room may hold."""


def code_lines(path: Path) -> int:
    """Lines of a module without blank lines, comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (*layout, tokenize.ENDMARKER):
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        scopes = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        if isinstance(node, scopes) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            lines.difference_update(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
    return len(lines)


def test_no_room_outgrows_the_others() -> None:
    rooms = collections.Counter[str]()
    for path in MODULES:
        rooms[room_of(path)] += code_lines(path)
    room, lines = rooms.most_common(1)[0]
    assert lines <= LARGEST_ROOM * rooms.total(), f"{room} has {lines} of {rooms.total()} lines"


def test_every_function_fits_a_screen() -> None:
    long = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.body[0].lineno + 1
                if lines > LONGEST_FUNCTION:
                    long[f"{path.relative_to(PACKAGE)}: {node.name}"] = lines
    assert long == {}


def test_no_two_classes_share_a_name() -> None:
    homes: dict[str, list[str]] = collections.defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                homes[node.name].append(path.relative_to(PACKAGE).as_posix())
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


TESTS = PACKAGE.parent / "tests"
ROOMLESS = {"benchmarks", "fuzz", "pages", "sample_data", "tools"}
"""Folders of tests that belong to no room of the package."""

PAGE_OF_A_ROOM = "test_documentation.py"
"""The test that holds a page of `docs/` to its room."""


def test_each_test_file_has_the_place_of_its_module() -> None:
    strays = []
    for path in sorted(TESTS.rglob("*/test_*.py")):
        place = path.relative_to(TESTS)
        name = place.name.removeprefix("test_").removesuffix(".py")
        modules = [
            PACKAGE / place.with_name(f"{form}.py") for form in (name, f"_{name}", f"__{name}__")
        ]
        free = place.parts[0] in ROOMLESS or place.name == PAGE_OF_A_ROOM
        if not free and not any(module.exists() for module in modules):
            strays.append(place.as_posix())
    assert strays == []


TESTED_TOGETHER = {"sources": "test_layouts.py"}
"""Rooms whose modules may share one test: a new layout of a source is one file and one case."""


def test_each_module_has_a_test_file() -> None:
    untested = []
    for path in MODULES:
        place = path.relative_to(PACKAGE)
        own = TESTS / place.with_name(f"test_{place.stem.removeprefix('_')}.py")
        shared = own.with_name(TESTED_TOGETHER.get(room_of(path), own.name))
        if place.stem not in ("__init__", "__main__") and not (own.exists() or shared.exists()):
            untested.append(place.as_posix())
    assert untested == []


def test_no_module_is_longer_than_350_lines() -> None:
    lengths = {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > 350} == {}
