"""What a table lacks, what it has, and the options that mend it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from geoguess_cli.photos.files import further_names, read_header, read_rows
from geoguess_cli.photos.guesses import guess_columns, options_for


def refusal(file: Path, missing: Sequence[str], *, known: Mapping[str, str]) -> str:
    """The message for a table that lacks columns: all that it has, and which may be meant.

    Args:
        file: The table.
        missing: The columns of a photo table that it lacks.
        known: The table's own names of those that it has.

    Raises:
        PhotoTableError: The table is damaged.
    """
    header = [*read_header(file), *further_names(file)]
    frame, _ = read_rows(file)
    free = [name for name in frame.columns if name not in known.values()]
    guesses = guess_columns(frame.select(free), missing)
    if len(guesses) == len(missing):
        remedy = f"perhaps {options_for(guesses, missing)}"
    else:
        remedy = f"name {'it' if len(missing) == 1 else 'them'}: {options_for(guesses, missing)}"
    return (
        f"{file} has no {' and no '.join(missing)} column; "
        f"it has {', '.join(header) or 'no column'}; {remedy}"
    )
