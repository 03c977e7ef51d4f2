"""The documentation site: strict, whole, and true to the repository."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from command_lines import check_command, commands_of

REPOSITORY = Path(__file__).resolve().parents[1]
DOCS = sorted((REPOSITORY / "docs").glob("*.md"))

pytest.importorskip("mkdocs")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; a warning of the build is an error."""
    pytest.importorskip("material")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "-d", str(folder)]
    built = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    pages = {path.stem for path in site.glob("*.html")}
    assert {path.stem for path in DOCS} <= pages
    assert {"index", "commands", "design", "security", "results", "changelog"} <= pages


def test_no_page_asks_a_network_for_anything(site: Path) -> None:
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        loads = r'<(?:script|img|link|iframe)[^>]*?(?:src|href)="(https?://[^"]+)"'
        assert re.findall(loads, text) == [], page.name


def test_every_command_has_its_options(site: Path) -> None:
    text = (site / "commands.html").read_text(encoding="utf-8")
    for words in (
        "geoguess cells build",
        "geoguess doctor",
        "geoguess model adopt",
        "--stop-after",
    ):
        assert words in text, words
    assert "Train the geolocator and write the model that is best on the validation" in text
    assert "…</li>" not in text
    assert "&lt;Any&gt;" not in text


def test_pages_in_a_folder_can_be_searched(site: Path) -> None:
    """A browser runs no worker for such a page; a script makes one, another holds the index."""
    assert (
        (site / "search" / "search_index.js").read_text(encoding="utf-8").startswith("var __index")
    )
    page = (site / "index.html").read_text(encoding="utf-8")
    (script,) = re.findall(r'<script src="([^"]*iframe-worker[^"]*)"', page)
    assert "IFrameWorker" in (site / script).read_text(encoding="utf-8")


def test_links_become_those_of_the_site() -> None:
    spec = importlib.util.spec_from_file_location("site_hooks", REPOSITORY / "tools" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    hooks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hooks)
    known = {"index.md", "data.md", "images/map.png", "results.md"}
    titles = {"index.md": "First steps", "data.md": "Your own data"}
    text = (
        "[a](docs/data.md#split) [b](benchmarks/RESULTS.md) [c](tests/worlds.py) "
        "[d](https://example.org/x) [e](#here) ![map](docs/images/map.png)"
    )
    assert hooks.relinked(text, "README.md", known, titles) == (
        "[a](data.md#split) [b](results.md) c [d](https://example.org/x) [e](#here) "
        "![map](images/map.png)"
    )
    assert hooks.relinked("[r](../README.md) [d](data.md)", "docs/training.md", known, titles) == (
        "[r](index.md) [d](data.md)"
    )
    named = "[docs/data.md](docs/data.md) [docs/data.md](docs/data.md#split)"
    assert hooks.relinked(named, "README.md", known, titles) == (
        "[Your own data](data.md) [Your own data](data.md#split)"
    )


RUN_BY = {
    "python.md": "tests/api/test_documentation.py",
    "models.md": "tests/api/test_documentation.py",
    "api.md": "tests/serve/test_documentation.py",
    "scale.md": "tests/test_scale_page.py",
    "training.md": "tests/test_training_page.py",  # with stand-ins for the services' packages
}
"""The pages with Python, and the test that runs it."""


@pytest.mark.parametrize("page", DOCS, ids=lambda path: path.stem)
def test_every_block_is_run_or_parsed(page: Path) -> None:
    """test_readme.py and the tests of a page run what can run; here all the rest is parsed."""
    for arguments in commands_of(page):
        if not any("$" in argument for argument in arguments):
            check_command(arguments)
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    for block in blocks:
        ast.parse(block)
    assert not blocks or page.name in RUN_BY, page.name
    if blocks:
        assert (REPOSITORY / RUN_BY[page.name]).is_file()
