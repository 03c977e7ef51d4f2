"""A report as Markdown: `report.md`."""

from collections.abc import Iterable, Sequence
from typing import Any

from geoguess_cli.explain.report_content import Section, Table, headline, opening, sections


def render_markdown(report: dict[str, Any], *, pictures: Iterable[str] = ()) -> str:
    """The report as Markdown.

    Args:
        report: `Evaluation.report`.
        pictures: Names of the figures that lie beside it as PNG.
    """
    there = set(pictures)
    blocks = [f"# Evaluation on the {report['split']} split", *opening(report)]
    rows = [[name, str(figure), beside] for name, figure, beside in headline(report)]
    blocks.append(_table(Table("", ("figure", "value", "beside it"), rows)))
    for section in sections(report):
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
