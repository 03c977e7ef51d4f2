"""All output of the verbs: results go to stdout, progress and notices to stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from geoguess_cli.names import text_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.text import Text

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Sink:
    """The output of a verb.

    Args:
        quiet: Write no progress and no notices to stderr.
        as_json: Whether the verb is asked for JSON instead of text.
    """

    quiet: bool = False
    as_json: bool = False
    _consoles: dict[str, "Console"] = field(default_factory=dict, repr=False)

    def notice(self, text: str) -> None:
        """Write one line to stderr, unless quiet."""
        if not self.quiet:
            self._console("stderr").print(text, soft_wrap=True, markup=False)

    def warn(self, text: str) -> None:
        """Write a notice of a fault that the user may want to mend."""
        self.notice(f"warning: {text}")

    def wrote(self, what: str, path: Path) -> None:
        """Write a notice of the path of a result."""
        self.notice(f"{what}: {text_of(path)}")

    def json(self, value: Any) -> None:
        """Write a JSON document to stdout, on one line."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")

    def result(self, value: Any, show: Callable[[], None]) -> None:
        """Write a result: its value as JSON, or what `show` writes."""
        if self.as_json:
            self.json(value)
        else:
            show()

    def text(self, text: str) -> None:
        """Write text unchanged to stdout, with a line break at its end."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    @property
    def terminal_width(self) -> int | None:
        """Width of the terminal that shows stdout, in characters; None if stdout is no terminal."""
        console = self._console("stdout")
        return console.width if console.is_terminal else None

    @property
    def shows_progress(self) -> bool:
        """Whether progress is shown: not quiet, and stderr is a terminal."""
        return not self.quiet and self._console("stderr").is_terminal

    @property
    def colors(self) -> bool:
        """Whether stdout shows at least 256 colours and NO_COLOR is not set."""
        console = self._console("stdout")
        return not console.no_color and console.color_system in ("256", "truecolor")

    @staticmethod
    def room(width: int, columns: Sequence[int]) -> int:
        """Width left for one more column of a table, in characters.

        Args:
            width: Width of the terminal, in characters.
            columns: Widths of the other columns, in characters.
        """
        # A space on either side of each column, and one between two columns.
        return width - sum(columns) - 3 * (len(columns) + 1) - 1

    def lines(self, lines: "Iterable[Text]") -> None:
        """Write lines of styled text to stdout, never folded."""
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
        """Write a table to stdout: ruled on a terminal, in plain aligned columns elsewhere.

        Args:
            columns: Headings.
            rows: The cells of each row, in the order of `columns`; a `rich.text.Text` keeps its
                style.
            title: The line above the table.
            right: Headings of the columns that are aligned to the right.
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
        if title and terminal:  # rich would fold the title at the width of the table
            console.print(Text(title, style="table.title"))
        elif title:
            self.text(title)
        console.print(table)

    def progress(self, *, extra: str = "") -> "Progress":
        """Progress bars on stderr; they are hidden if quiet, or if stderr is no terminal.

        Args:
            extra: A further column, in rich's format, such as "{task.fields[loss]}".
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

    @contextmanager
    def counter(self, what: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """One progress bar; call it with the number done and, if it is new, the total."""
        if not self.shows_progress:  # then nobody waits for rich to load its bars
            yield lambda *_, **__: None
            return
        with self.progress() as bar:
            task = bar.add_task(what, total=total)
            yield lambda done, total=None: bar.update(task, completed=done, total=total)

    def tracked(self, items: Iterable[_Item], what: str, *, total: int) -> Iterator[_Item]:
        """The items as they come, with a progress bar."""
        with self.counter(what, total) as move:
            for done, item in enumerate(items, start=1):
                move(done)
                yield item

    def _console(self, stream: str) -> "Console":
        if stream not in self._consoles:
            from rich.console import Console

            console = Console(stderr=stream == "stderr", highlight=False)
            if not console.is_terminal:
                # A pipe has no width, so no row may be folded or cut.
                console = Console(
                    stderr=stream == "stderr", highlight=False, width=100_000, no_color=True
                )
            self._consoles[stream] = console
        return self._consoles[stream]


def ending_of(path: Path, endings: Iterable[str]) -> str:
    """The ending of the path of a result, in lower case.

    Raises:
        typer.BadParameter: The ending is not one of `endings`.
    """
    ending = path.suffix.lower()
    known = list(endings)
    if ending not in known:
        raise typer.BadParameter(f"-o {path} must end in one of {', '.join(known)}")
    return ending
