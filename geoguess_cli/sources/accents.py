"""Names whose accents are encoded in another way on disk than in the table.

A Mac writes `é` as two characters, `e` and an accent, where most programs write one. Both look the
same, but only one is the name of the file.
"""

import os
import unicodedata
from pathlib import Path

import polars as pl


def with_accents_of_disk(frame: pl.DataFrame, root: Path) -> pl.DataFrame:
    """The rows with each `photo` as its file is called; a name that is on disk as it is stays.

    Only names with other characters than ASCII are looked for.

    Args:
        frame: Rows of a photo table.
        root: The folder that relative paths start from.
    """
    odd = frame.filter(~pl.col("photo").str.contains(r"^[\x00-\x7F]*$"))["photo"].unique()
    folders: dict[str, dict[str, str]] = {}
    names = {
        photo: own
        for photo in odd
        if not os.path.lexists(root / photo)
        and (own := _on_disk(photo, os.fspath(root), folders)) is not None
    }
    return frame.with_columns(pl.col("photo").replace(names)) if names else frame


def _on_disk(photo: str, folder: str, folders: dict[str, dict[str, str]]) -> str | None:
    """The path of a photo as its folders and its file are called; None if it is not there."""
    parts = []
    if photo.startswith("/"):
        folder, photo = "/", photo[1:]
        parts.append("")
    for part in photo.split("/"):
        own = part
        if not os.path.lexists(os.path.join(folder, part)):
            entries = folders.setdefault(folder, {}) or _entries(folder)
            folders[folder] = entries
            own = entries.get(unicodedata.normalize("NFC", part), "")
        if not own:
            return None
        parts.append(own)
        folder = os.path.join(folder, own)
    return "/".join(parts)


def _entries(folder: str) -> dict[str, str]:
    """What is in a folder, by the names with composed accents; without names that are no text."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return {}
    texts = [name for name in names if name.isprintable()]
    return {unicodedata.normalize("NFC", name): name for name in texts}
