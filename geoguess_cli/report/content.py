"""The parts of a page of statistics, whether it becomes Markdown or HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from geoguess_cli.evaluation.definitions import Definition, definitions
from geoguess_cli.wording import StatisticText, text_of

Cell = str | StatisticText


@dataclass(frozen=True)
class Table:
    """A table, with one sentence that says how to read it.

    Attributes:
        caption: That sentence.
        columns: Headings; the first column names the rows.
        rows: One sequence of cells a row.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @property
    def words(self) -> bool:
        """Whether it holds no statistic."""
        return not any(isinstance(cell, StatisticText) for row in self.rows for cell in row)


@dataclass(frozen=True)
class Picture:
    """A figure by the name of its file, with one sentence that says how to read it."""

    name: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        anchor: Its name in links.
        title: A heading.
        text: Paragraphs.
        pictures: Figures, drawn by `report.figures`.
        tables: Tables.
    """

    anchor: str
    title: str
    text: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Page:
    """Everything that a page says.

    Attributes:
        title: Its heading.
        opening: Paragraphs.
        headline: The statistics that matter most: name, value, what to compare it with.
        sections: In reading order.
        closing: The last paragraph; "" for the one about intervals and definitions of statistics.
    """

    title: str
    opening: Sequence[str]
    headline: Sequence[tuple[str, StatisticText, str]]
    sections: Sequence[Section]
    closing: str = ""


def listed(part: type) -> dict[str, Definition]:
    """The statistics of a part that stand in tables, by the name of the field."""
    return {key: own for key, own in definitions(part).items() if own.name and "{" not in own.name}


def rows_of(part: type, *values: Any) -> list[list[Cell]]:
    """A row for each statistic of a part: its name, then its value in each of `values`."""
    return [
        [own.name, *(text_of(getattr(of, key), own.unit) for of in values)]
        for key, own in listed(part).items()
    ]


def cells_of(part: type, values: Any) -> list[Cell]:
    """The statistics of a part in one row, in the order of `listed`."""
    return [text_of(getattr(values, key), own.unit) for key, own in listed(part).items()]


def columns_table(
    caption: str, heading: Sequence[str], part: type, rows: Iterable[tuple[Sequence[Cell], Any]]
) -> Table:
    """A table with a column for each statistic of a part.

    Args:
        caption: How to read it.
        heading: Of the columns that come first.
        part: Whose statistics are shown.
        rows: The first cells of each row, and its values.
    """
    names = [own.name for own in listed(part).values()]
    cells = [[*first, *cells_of(part, of)] for first, of in rows]
    return Table(caption, (*heading, *names), cells)
