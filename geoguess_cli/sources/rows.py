"""The rows that a layout reads from a source."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from geoguess_cli.photos.rows import BadRow
from geoguess_cli.sources.parquet_files import ParquetFiles


@dataclass(frozen=True)
class Rows:
    """The rows of a layout, checked and still marked with their number and file.

    Attributes:
        frame: The rows; `photo` starts from `root`.
        root: The folder that relative paths start from.
        bad_rows: The rows that were left out, each with the reason.
        missing: Names of photos that were looked for and are not below `root`.
        located: Whether every photo of the frame is known to exist.
        parquet: The files that the photos lie in, if no reader of photos can read them there.
    """

    frame: pl.DataFrame
    root: Path
    bad_rows: list[BadRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    located: bool = False
    parquet: ParquetFiles | None = None


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of several tables that have one root."""
    return Rows(
        pl.concat([part.frame for part in parts], how="diagonal_relaxed"),
        parts[0].root,
        [bad for part in parts for bad in part.bad_rows],
    )


@dataclass(frozen=True)
class Located:
    """Rows of a table whose photos were looked for.

    Attributes:
        frame: The rows whose photo was found; `photo` is its path. For a member of an archive they
            have the columns of archives.
        bad_rows: Rows whose photo exists but cannot be used, and archives that cannot be read, each
            with the reason.
        others: The rows whose photo was not found, unchanged.
    """

    frame: pl.DataFrame
    bad_rows: list[BadRow]
    others: pl.DataFrame
