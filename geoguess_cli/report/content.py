"""What a page of figures is made of, whatever form it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from geoguess_cli.wording import Shown

Cell = str | Shown


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
        """Whether it holds no figure."""
        return not any(isinstance(cell, Shown) for row in self.rows for cell in row)


@dataclass(frozen=True)
class Picture:
    """A figure by the name of its file, with one sentence that says how to read it."""

    name: str
    caption: str


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes:
        anchor: Its name in links.
        title: A heading.
        text: Paragraphs.
        pictures: Figures, drawn by `evaluation_files`.
        tables: Tables.
    """

    anchor: str
    title: str
    text: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Table] = ()


@dataclass(frozen=True)
class Page:
    """All that a page says.

    Attributes:
        title: Its heading.
        opening: Paragraphs.
        headline: The figures that matter most: name, figure, what to hold against it.
        sections: In the order in which one reads them.
    """

    title: str
    opening: Sequence[str]
    headline: Sequence[tuple[str, Shown, str]]
    sections: Sequence[Section]
