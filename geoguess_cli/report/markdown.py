"""A page of figures as Markdown."""

from collections.abc import Iterable, Sequence

from geoguess_cli.report.content import Page, Section, Table


def render_markdown(page: Page, *, pictures: Iterable[str] = ()) -> str:
    """A page as Markdown.

    Args:
        page: What it says.
        pictures: Names of the figures that lie beside it as PNG.
    """
    there = set(pictures)
    rows = [[name, str(figure), beside] for name, figure, beside in page.headline]
    blocks = [f"# {page.title}", *page.opening]
    if rows:
        blocks.append(_table(Table("", ("figure", "value", "beside it"), rows)))
    for section in page.sections:
        blocks += _section(section, there)
    blocks.append("Every figure is defined in `docs/metrics.md` of geoguess.")
    return "\n\n".join(blocks) + "\n"


def _section(section: Section, there: set[str]) -> list[str]:
    blocks = [f"## {section.title}", *section.text]
    for picture in section.pictures:
        if picture.name in there:
            blocks += [f"![{section.title}]({picture.name}.png)", picture.caption]
    for table in section.tables:
        blocks += [table.caption, _table(table)]
    return blocks


def _table(table: Table) -> str:
    """Its columns of figures are aligned to the right."""
    rows = [[str(cell).replace("|", "\\|") for cell in row] for row in table.rows]
    rule = [
        "---:" if _numeric([row[i] for row in rows]) else "---" for i in range(len(table.columns))
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (table.columns, rule, *rows))


def _numeric(texts: Sequence[str]) -> bool:
    return all(not text or text[0].isdigit() or text == "–" for text in texts)
