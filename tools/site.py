"""What the documentation site adds to docs/: the pages of the repository, and every command.

mkdocs calls the functions of this module, see `hooks` in mkdocs.yml. Links to another page of the
repository stay links; one to a file that the site does not have becomes plain text.
"""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    "index.md": "README.md",
    "design.md": "DESIGN.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
    "changelog.md": "CHANGELOG.md",
    "results.md": "benchmarks/RESULTS.md",
    "sample.md": "sample_data/README.md",
}
"""Pages of the site that lie elsewhere in the repository."""

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s:]+)(#[^)\s]*)?\)")
_PARSED = re.compile(r" <Any>(?=`)")
"""How Typer names the type of an argument that a function of ours parses."""
_PICTURE = re.compile(r"(!\[[^\]]*\]\()([^)\s:]+)(\))")


def on_files(files: Files, config: Any, **_: Any) -> Files:
    """Add the pages that lie elsewhere, and the page of commands."""
    for name, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, name, content=text))
    files.append(File.generated(config, "commands.md", content=commands()))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """Turn the links of a page, as the repository has them, into those of the site."""
    source = PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    titles = {file.src_uri: str(file.page.title) for file in files if file.page is not None}
    return relinked(markdown, source, {file.src_uri for file in files}, titles)


def relinked(markdown: str, source: str, known: set[str], titles: Mapping[str, str]) -> str:
    """A page with links for the site.

    Args:
        markdown: The page.
        source: Its path in the repository.
        known: The pages and files of the site.
        titles: The title of each page, which stands for a link that shows the name of its file.
    """
    homes = {path: name for name, path in PAGES.items()}

    def place(target: str) -> str | None:
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        name = homes.get(path, path.removeprefix("docs/"))
        return name if name in known else None

    def link(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        name = place(target)
        if name is None:
            return text
        shown = titles.get(name, text) if text == target else text
        return f"[{shown}]({name}{anchor})"

    def picture(match: re.Match[str]) -> str:
        return f"{match[1]}{place(match[2]) or match[2]}{match[3]}"

    return _PICTURE.sub(picture, _LINK.sub(link, markdown))


def commands() -> str:
    """Every command with its options, written by Typer from the commands themselves."""
    import typer
    from typer.cli import get_docs_for_click

    from geoguess_cli.app import app

    command = typer.main.get_command(app)
    _summarise(command)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="geoguess")
    return _PARSED.sub("", text.replace("# `geoguess`", "# Commands", 1))


def _summarise(command: Any) -> None:
    """Give each command the first paragraph of its help as its summary, which Typer would cut."""
    for own in getattr(command, "commands", {}).values():
        own.short_help = " ".join((own.help or "").split("\n\n")[0].split())
        _summarise(own)
