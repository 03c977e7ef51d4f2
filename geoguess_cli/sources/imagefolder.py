"""Hugging Face's imagefolder: photos with a table called `metadata` beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.photos.columns import split_name
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView


def _metadata_files(view: "SourceView") -> list[Path]:
    """The metadata of an imagefolder: in the folder, or in one folder for each split."""
    if not view.path.is_dir():
        return []
    homes = [entry for entry in sorted(view.path.iterdir()) if split_name(entry.name)]
    files = [view.table_called("metadata", home) for home in (view.path, *homes)]
    return [file for file in files if file is not None]


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    return view.joined(
        [
            view.rows(
                file,
                view.columns(file, photo=("file_name",)),
                split=None if file.parent == view.path else split_name(file.parent.name),
                root=view.path,
            )
            for file in files
        ]
    )


FOLDER = Layout(
    name="imagefolder",
    title="imagefolder",
    signs="metadata.csv, .jsonl or .parquet",
    recognise=_metadata_files,
    read=_read,
)
