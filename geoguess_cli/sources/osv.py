"""OSV-5M and OSV-Mini-129k: the folder of a download, or one of its tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.photos.columns import known_columns, split_name
from geoguess_cli.sources.layout import Layout

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView

_COLUMNS = {"id", "latitude", "longitude", "sequence", "captured_at", "creator_username"}
_FILES = (("train.csv", "test.csv"), ("train_mini.csv", "test_mini.csv"))


def _tables_in_folder(view: "SourceView") -> list[Path]:
    for home in (view.path, view.path / "osv5m"):
        for names in _FILES:
            files = [home / name for name in names if (home / name).is_file()]
            tables = [file for file in files if _is_osv(view.header(file))]
            if tables:
                return tables
    return []


def _table(view: "SourceView") -> list[Path]:
    return [file for file in view.tables if _is_osv(view.header(file))]


def _is_osv(header: Sequence[str]) -> bool:
    return set(header) >= _COLUMNS and known_columns(header)["photo"] == "id"


def _read(view: "SourceView", files: Sequence[Path]) -> "Rows":
    """The photos of OSV files, with the few of their 32 columns that describe drives and places."""
    from geoguess_cli.sources.rows import joined

    parts = []
    for file in files:
        columns = view.known(file)
        columns.pop("split", None)  # the name of the file decides
        if "creator_id" in view.header(file):
            columns["creator_id"] = "creator_id"
        split = split_name(file.stem.split("_")[0])
        # The published files print some whole numbers as floats.
        parts.append(view.rows(file, columns, split=split, whole=("photo", "id", "creator_id")))
    return view.located(joined(parts))


FOLDER = Layout(
    name="osv",
    title="OSV-5M or OSV-Mini folder",
    signs="train.csv, test.csv, train_mini.csv or test_mini.csv of OSV-5M",
    recognise=_tables_in_folder,
    read=_read,
)
TABLE = Layout(name="osv", title="", signs="", recognise=_table, read=_read)
