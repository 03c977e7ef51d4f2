"""Hugging Face's imagefolder: photos with a table called `metadata` beside them.

Photos get their split as in Hugging Face's `datasets`: from the name of a folder, such as `train`,
`data/train` or `train-2017`, else from the names of the files.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.photos.columns import PATH_SPLITS, SPLIT_WORD, SPLITS, split_of_path
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    import polars as pl

    from geoguess_cli.sources.view import Rows, SourceView

_DEPTH = 3
"""Folders below the source in which metadata is looked for, such as `data/train/dogs`."""


def _metadata_files(view: "SourceView") -> list[Path]:
    """The metadata of the source, of its folder `data`, and of each folder of a split in them."""
    if not view.path.is_dir():
        return []
    files = [view.table_called("metadata", home) for home in _homes(view.path, _DEPTH)]
    return [file for file in files if file is not None]


def _homes(folder: Path, depth: int, *, in_split: bool = False) -> list[Path]:
    """The folder, and those below it that may hold metadata."""
    homes = [folder]
    if depth:
        for entry in sorted(folder.iterdir()):
            split = in_split or split_of_path(f"{entry.name}/") is not None
            if (split or entry.name == "data") and entry.is_dir():
                homes += _homes(entry, depth - 1, in_split=split)
    return homes


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    from geoguess_cli.sources.rows import joined

    parts = []
    for file in files:
        folder = file.parent.relative_to(view.path).as_posix()
        columns = view.columns(file, photo=("file_name",))
        parts.append(view.rows(file, columns, split=split_of_path(f"{folder}/"), root=view.path))
    rows = joined(parts)
    return replace(rows, frame=_split_by_path(rows.frame, view))


def _split_by_path(frame: "pl.DataFrame", view: "SourceView") -> "pl.DataFrame":
    """The rows with the split that their paths name, unless the tables or their folders name any.

    The names of files count only if all of them name a split, and one of them `train`: a photo
    called `test.jpg` is no test set.
    """
    import polars as pl

    if "split" in frame.columns and frame["split"].count():
        return frame
    for path, by in (
        (pl.col("photo").str.extract("^(.*/)"), "folders"),
        (pl.col("photo"), "names"),
    ):
        word = path.str.extract(SPLIT_WORD).str.to_lowercase()
        splits = frame.select(word.replace_strict(PATH_SPLITS, default=None).alias("split"))[
            "split"
        ]
        complete = not splits.null_count() and (splits == "train").any()
        if complete or (by == "folders" and splits.count()):
            counts = ", ".join(f"{name} {n}" for name in SPLITS if (n := (splits == name).sum()))
            view.notices.append(
                f"{view.path}: the {by} of the photos give the split, as in Hugging Face: {counts}"
            )
            return frame.with_columns(splits)
    return frame


FOLDER = Layout(
    name="imagefolder",
    title="imagefolder",
    signs="metadata.csv, .jsonl or .parquet",
    recognise=_metadata_files,
    read=_read,
)
