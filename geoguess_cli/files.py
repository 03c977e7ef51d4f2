"""Writing files whole or not at all, and records as text."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from geoguess_cli.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the folder of `path`; it replaces `path` if the block ends well.

    The folder is made if need be. After an error the old file is unchanged and the temporary file
    is deleted. Both paths have the same ending, because some writers choose a format by it.

    Raises:
        OutputError: `path` is a folder.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the path of a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: Path) -> None:
    """Write a UTF-8 text file whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def json_lines(records: Sequence[Mapping[str, Any]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False, default=str) + "\n" for record in records)


def csv_text(records: Sequence[Mapping[str, Any]]) -> str:
    """CSV with a heading row; truth values are written as in JSON, true and false."""
    if not records:
        return ""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(records[0]), lineterminator="\n")
    writer.writeheader()
    for record in records:
        writer.writerow(
            {key: str(own).lower() if isinstance(own, bool) else own for key, own in record.items()}
        )
    return buffer.getvalue()
