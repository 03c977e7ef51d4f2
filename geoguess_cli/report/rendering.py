"""A page of statistics as Markdown, and as one HTML file that needs no network."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from geoguess_cli.report.content import Page, Section, Table
from geoguess_cli.wording import UNDEFINED

_TEMPLATES = Path(__file__).parent / "templates"
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Image:
    """A figure that travels inside the page.

    Attributes:
        data: The bytes of the file.
        form: `svg` for a chart, which turns dark with the page; `png` for a map, which does not.
    """

    data: bytes
    form: str

    @property
    def kind(self) -> str:
        """Its class in the page."""
        return "chart" if self.form == "svg" else "map"

    @property
    def uri(self) -> str:
        """The figure as an address that holds its own content."""
        return f"data:{_TYPES[self.form]};base64,{base64.b64encode(self.data).decode()}"


def render_page(page: Page, images: Mapping[str, Image]) -> str:
    """The page as HTML: no script, no request, light or dark as the reader's system is.

    Args:
        page: What it says.
        images: The figures, by the name of their `Picture`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["code"] = _with_code
    return environment.get_template("report.html").render(page=page, images=images)


def _with_code(text: str) -> Markup:
    """A text in which words between backticks are marked as code, as Markdown does."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def render_markdown(page: Page, *, pictures: Iterable[str] = ()) -> str:
    """The page as Markdown.

    Args:
        page: What it says.
        pictures: Names of the figures that lie beside it as PNG.
    """
    names = set(pictures)
    rows = [[name, str(value), beside] for name, value, beside in page.headline]
    blocks = [f"# {page.title}", *page.opening]
    if rows:
        blocks.append(_table(Table("", ("statistic", "value", "compare with"), rows)))
    for section in page.sections:
        blocks += _section(section, names)
    blocks.append(page.closing or "`docs/metrics.md` of geoguess defines every statistic.")
    return "\n\n".join(blocks) + "\n"


def _section(section: Section, names: set[str]) -> list[str]:
    blocks = [f"## {section.title}", *section.text]
    for picture in section.pictures:
        if picture.name in names:
            blocks += [f"![{section.title}]({picture.name}.png)", picture.caption]
    for table in section.tables:
        blocks += [table.caption, _table(table)]
    return blocks


def _table(table: Table) -> str:
    """A table whose columns of numbers are aligned to the right."""
    rows = [[str(cell).replace("|", "\\|") for cell in row] for row in table.rows]
    rule = [
        "---:" if _numeric([row[i] for row in rows]) else "---" for i in range(len(table.columns))
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.columns, rule, *rows))


def _numeric(texts: Sequence[str]) -> bool:
    return all(not text or text[0].isdigit() or text == UNDEFINED for text in texts)
