"""A model folder that is written whole or not at all, in place of the one before it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoguess_cli.errors import ModelError
from geoguess_cli.files import make_folder, writing
from geoguess_cli.hub.address import snapshot_address
from geoguess_cli.model.folder import CONFIG_NAME, beside, recover


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `folder` if the block ends without an error.

    Raises:
        ModelError: The folder exists and is not a model folder, or is one of the hub's cache.
        OutputError: The disk is full, or the folder cannot be written.
    """
    folder = folder.resolve()  # replace the folder behind a link, not the link
    recover(folder)
    check_own(folder, "name another folder with -o DIR")
    if folder.exists() and not (
        folder.is_dir() and ((folder / CONFIG_NAME).is_file() or not any(folder.iterdir()))
    ):
        raise ModelError(
            f"{folder} exists and is not a model folder, so it is not replaced; name another folder"
        )
    partial, previous = beside(folder, "partial"), beside(folder, "previous")
    for leftover in (partial, previous):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        with writing(folder):
            make_folder(partial)
            yield partial
            if folder.exists():
                folder.rename(previous)
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(previous, ignore_errors=True)


def check_own(folder: Path, remedy: str) -> None:
    """Check that a model folder is not one of the hub's cache, which several programs share.

    Raises:
        ModelError: It is one; the message ends with the remedy.
    """
    if address := snapshot_address(folder.resolve()):
        raise ModelError(
            f"{folder} is the copy of {address} that the hub's client keeps, so it is not changed; "
            f"{remedy}"
        )
