"""The one way out: results to stdout, progress and notices to stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text


@dataclass(frozen=True)
class Sink:
    """What a verb writes to.

    Args:
        quiet: Say nothing on stderr but errors.
        as_json: Results are JSON instead of text.
    """

    quiet: bool = False
    as_json: bool = False
    _consoles: dict[str, "Console"] = field(default_factory=dict, repr=False)

    def notice(self, text: str) -> None:
        """One line for the person at the terminal."""
        if not self.quiet:
            self._console("stderr").print(text, soft_wrap=True, markup=False)

    def warn(self, text: str) -> None:
        """A notice of something that the user may want to mend."""
        self.notice(f"warning: {text}")

    def wrote(self, what: str, path: Path) -> None:
        """Where a result lies: a notice, or with --json left to the result itself."""
        self.notice(f"{what}: {path}")

    def json(self, value: Any) -> None:
        """One JSON document, or one line of JSON lines, on stdout."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")

    def text(self, text: str) -> None:
        """Text as it is on stdout."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    @property
    def terminal_width(self) -> int | None:
        """Characters across of the terminal that results go to; None where they go elsewhere."""
        console = self._console("stdout")
        return console.width if console.is_terminal else None

    @property
    def colors(self) -> bool:
        """Whether results may be coloured: 256 colours or more, and NO_COLOR is not set."""
        console = self._console("stdout")
        return not console.no_color and console.color_system in ("256", "truecolor")

    @staticmethod
    def room(width: int, columns: Sequence[int]) -> int:
        """Characters left in a table on a terminal beside columns of these widths, for one more."""
        return width - sum(columns) - 3 * (len(columns) + 1) - 1  # two around each, one between

    def lines(self, lines: "Iterable[Text]") -> None:
        """Lines of styled text on stdout, never folded."""
        for line in lines:
            self._console("stdout").print(line, no_wrap=True, crop=False, overflow="ignore")

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Any]],
        *,
        title: str | None = None,
        right: Sequence[str] = (),
    ) -> None:
        """A table on stdout: ruled on a terminal, plain aligned columns in a pipe.

        Args:
            columns: Headings.
            rows: One sequence of cells a row, in the order of `columns`; a `rich.text.Text` keeps
                its style.
            title: A line above.
            right: Columns aligned to the right.
        """
        from rich import box
        from rich.table import Table
        from rich.text import Text

        console = self._console("stdout")
        terminal = console.is_terminal
        table = Table(
            box=box.SIMPLE_HEAD if terminal else None,
            pad_edge=terminal,
            header_style="bold" if terminal else "",
        )
        for column in columns:
            justify = "right" if column in right else "left"
            table.add_column(Text(column), justify=justify, no_wrap=not terminal)  # type: ignore[arg-type]
        for row in rows:
            table.add_row(*(v if isinstance(v, Text) else Text(str(v)) for v in row))
        if title and terminal:  # not the table's own: that is folded at the table's width
            console.print(Text(title, style="table.title"))
        elif title:
            self.text(title)
        console.print(table)

    def progress(self, *, extra: str = "") -> "Progress":
        """Rich progress on stderr; silent with --quiet or where stderr is no terminal.

        Args:
            extra: A further column, in rich's format, such as "{task.fields[figures]}".
        """
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        console = self._console("stderr")
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            *([TextColumn(extra)] if extra else []),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=self.quiet or not console.is_terminal,
            transient=True,
        )

    def _console(self, stream: str) -> "Console":
        if stream not in self._consoles:
            from rich.console import Console

            console = Console(stderr=stream == "stderr", highlight=False)
            if not console.is_terminal:
                # A pipe has no width: never fold or cut a row.
                console = Console(
                    stderr=stream == "stderr", highlight=False, width=100_000, no_color=True
                )
            self._consoles[stream] = console
        return self._consoles[stream]


def ending_of(path: Path, endings: Iterable[str]) -> str:
    """The ending of a path, in lower case, where it is one of these.

    Raises:
        typer.BadParameter: Another ending, or none.
    """
    ending = path.suffix.lower()
    known = list(endings)
    if ending not in known:
        raise typer.BadParameter(f"-o {path} must end in one of {', '.join(known)}")
    return ending
