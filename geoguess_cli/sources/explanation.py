"""What each column of a source is taken for, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from geoguess_cli.errors import MissingFileError, PhotoTableError
from geoguess_cli.photos.columns import unusual_names
from geoguess_cli.photos.files import TABLE_SUFFIXES, further_names, read_rows
from geoguess_cli.photos.guesses import guess_columns, options_for
from geoguess_cli.sources.layouts import LAYOUTS
from geoguess_cli.sources.view import SourceView

_SAMPLES = 3


@dataclass(frozen=True)
class ColumnUse:
    """A column of a table, and what it is taken for.

    Attributes:
        file: Name of the table.
        column: The table's own name of the column.
        taken_for: The columns of a photo table that it becomes; empty for one that stays as it is.
        why: The reason in words.
        samples: The first different values.
    """

    file: str
    column: str
    taken_for: list[str]
    why: str
    samples: list[str]


@dataclass(frozen=True)
class SourceColumns:
    """The columns of the tables of a source.

    Attributes:
        kind: The name of the layout of the source.
        columns: All columns in the order of the tables.
        remedies: For each table that cannot be read, by its name: what is missing, and the options
            that name it.
    """

    kind: str
    columns: list[ColumnUse]
    remedies: dict[str, str]


def explain_columns(
    source: Path,
    *,
    columns: Mapping[str, str] | None = None,
    preferred: Mapping[str, str] | None = None,
) -> SourceColumns:
    """What each column of the tables of a source is taken for, also where a table is refused.

    Args:
        source: A table file, or a folder that is read by tables.
        columns: As for `read_source`.
        preferred: As for `read_source`.

    Raises:
        MissingFileError: The source does not exist.
        PhotoTableError: The source has no table, a table is damaged, or it lacks one of `columns`.
    """
    if not source.exists():
        raise MissingFileError(f"{source} does not exist; name a table or a folder of photos")
    view = SourceView(source, chosen=columns or {}, preferred=preferred or {})
    for layout in LAYOUTS:
        files = [f for f in layout.recognise(view) if f.suffix.lower() in TABLE_SUFFIXES]
        if files:
            break
    else:
        raise PhotoTableError(
            f"{source} has no table of photos, so no columns; `geoguess data inspect {source}` "
            "shows what it has"
        )
    uses: list[ColumnUse] = []
    remedies: dict[str, str] = {}
    for file in files:
        known = view.known(
            file, **({"photo": ("file_name",)} if layout.name == "imagefolder" else {})
        )
        missing = view.missing(known)
        names = [*view.header(file), *(n for n in further_names(file) if n in known.values())]
        frame, _ = read_rows(file, names)
        free = [name for name in names if name not in known.values()]
        guesses = guess_columns(frame.select(free), missing) if missing else {}
        uses += [_use(view, file, name, known, guesses, frame[name]) for name in names]
        if missing:
            remedies[file.name] = f"no {' and no '.join(missing)}; {options_for(guesses, missing)}"
    return SourceColumns(layout.name, uses, remedies)


def _use(
    view: SourceView,
    file: Path,
    name: str,
    known: Mapping[str, str],
    guesses: Mapping[str, str],
    values: pl.Series,
) -> ColumnUse:
    taken = [column for column, own in known.items() if own == name]
    guessed = [column for column, own in guesses.items() if own == name]
    if any(view.chosen.get(column) == name for column in taken):
        why = "named by --column"
    elif any(view.chosen_in(file).get(column) == name for column in taken):
        why = "named in [columns] of the configuration"
    elif "point" in taken:
        why = "a name of points, and there is no latitude and longitude"
    elif any(column in unusual_names(known) for column in taken):
        why = "a known name, and there is no usual one"
    elif taken:
        why = "a usual name"
    elif guessed:
        why = f"not used; its values look like a {guessed[0]}"
    else:
        why = "kept as it is"
    return ColumnUse(file.name, name, taken, why, _samples(values))


def _samples(values: pl.Series) -> list[str]:
    texts = values.drop_nulls().head(1000).cast(pl.String, strict=False).drop_nulls()
    return texts.filter(texts != "").unique(maintain_order=True).head(_SAMPLES).to_list()
