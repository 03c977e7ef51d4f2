"""Files written whole or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoguess_cli.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well.

    The folder is made if need be. After an error the old file stands and the temporary is gone.
    The temporary keeps the ending of `path`, so that writers which look at it work.

    Raises:
        OutputError: `path` is a folder.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; name a file to write")
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
