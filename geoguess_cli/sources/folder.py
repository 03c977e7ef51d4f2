"""The photo files below a folder, and what is left out of them."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from geoguess_cli.names import text_of
from geoguess_cli.photos.files import FOLDER_TABLE_SUFFIXES, table_suffix
from geoguess_cli.photos.kinds import PHOTO_SUFFIXES, RAW_SUFFIXES, VIDEO_SUFFIXES
from geoguess_cli.wording import counted

COPY_FOLDERS = frozenset(
    (
        *("@eadir", "@__thumb", "#recycle", "#snapshot", "@recycle", "@recently-snapshot"),  # NAS
        *("$recycle.bin", "system volume information", "thumbs"),  # Windows
        "__macosx",
    )
)
"""Folders, in lower case, in which a NAS or a system keeps thumbnails and deleted photos."""

COPY_SUFFIXES = (".lrdata", ".photolibrary-previews")
"""Endings of folders in which an editor keeps previews."""

NAMED = 5
"""Names listed in a notice."""


@dataclass
class FolderPhotos:
    """The photos below a folder.

    Attributes:
        folder: The folder.
        photos: Path of each photo from the folder, with forward slashes, in order.
        copies: Photos left out because they lie in a folder of thumbnails, by its name.
        hidden: Photos left out because a name of theirs begins with a dot.
        raw: Raw photos of cameras, by their ending.
        videos: Videos, by their ending.
        unreadable: Folders that cannot be read and links that lead nowhere, each with the reason.
    """

    folder: Path
    photos: list[str] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)
    hidden: int = 0
    raw: Counter[str] = field(default_factory=Counter)
    videos: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    @property
    def paths(self) -> list[Path]:
        """The file of each photo."""
        return [self.folder / photo for photo in self.photos]

    @property
    def faults(self) -> list[str]:
        """What could not be read, a line each; of many only the first few."""
        faults = [f"{text_of(self.folder)}: {one}" for one in sorted(self.unreadable)]
        more = len(faults) - NAMED
        named = faults[:NAMED]
        return [*named, f"{text_of(self.folder)}: {more} more such"] if more > 0 else named

    @property
    def notices(self) -> list[str]:
        """What was left out and what could not be read, a line each."""
        parts = [
            f"{counted(count, 'photo')} in `{name}`, where another program keeps copies"
            for name, count in sorted(self.copies.items())
        ]
        if self.hidden:
            parts.append(counted(self.hidden, "hidden photo"))
        if self.raw:
            photos = counted(self.raw.total(), "raw photo")
            parts.append(f"{photos} ({', '.join(sorted(self.raw))}): export them as JPEG")
        if self.videos:
            videos = counted(self.videos.total(), "video")
            parts.append(f"{videos} ({', '.join(sorted(self.videos))})")
        left_out = [f"{text_of(self.folder)}: left out {'; '.join(parts)}"] if parts else []
        return [*left_out, *self.faults]


def photos_below(folder: Path) -> FolderPhotos:
    """The photos below a folder, and what was left out.

    Hidden files, thumbnails and deleted photos are left out. The ending of a name decides what is a
    photo. Links are followed; a folder that cannot be read is named, and the others are read.

    Args:
        folder: The folder.
    """
    listing = FolderPhotos(folder)
    visited: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        for entry in _entries(listing, prefix, visited):
            name = entry.name
            if _is_folder(entry):
                if is_hidden(name):
                    _count_left_out(listing, entry, copies=_holds_copies(name))
                else:
                    waiting.append(f"{prefix}{name}/")
            else:
                _add(listing, prefix, entry)
    listing.photos.sort()
    return listing


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or holds copies of another program."""
    return name.startswith(".") or _holds_copies(name)


def _holds_copies(name: str) -> bool:
    return name.lower() in COPY_FOLDERS or name.lower().endswith(COPY_SUFFIXES)


def _entries(
    listing: FolderPhotos, prefix: str, visited: set[tuple[int, int]]
) -> Iterator["os.DirEntry[str]"]:
    """The entries of a folder that was not yet visited: a link back up would never end."""
    here = os.path.join(listing.folder, prefix)
    try:
        status = os.stat(here)
        if (status.st_dev, status.st_ino) in visited:
            return
        visited.add((status.st_dev, status.st_ino))
        with os.scandir(here) as entries:
            yield from entries
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        name = f"the folder `{text_of(prefix[:-1])}`" if prefix else "it"
        listing.unreadable.append(f"{name} cannot be read: {reason}; no photo of it is used")


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _add(listing: FolderPhotos, prefix: str, entry: "os.DirEntry[str]") -> None:
    """Note a file: as a photo, or as what is left out."""
    name, ending = entry.name, os.path.splitext(entry.name)[1].lower()
    if ending in PHOTO_SUFFIXES and name.startswith("."):
        listing.hidden += 1
    elif ending in PHOTO_SUFFIXES:
        listing.photos.append(prefix + name)
    elif name.startswith("."):
        return
    elif ending in RAW_SUFFIXES:
        listing.raw[ending] += 1
    elif ending in VIDEO_SUFFIXES:
        listing.videos[ending] += 1
    elif entry.is_symlink() and not os.path.exists(entry.path):
        target = text_of(os.readlink(entry.path))
        listing.unreadable.append(
            f"`{text_of(prefix + name)}` is a link to {target}, which does not exist"
        )


def _count_left_out(listing: FolderPhotos, entry: "os.DirEntry[str]", *, copies: bool) -> None:
    """Count the photos in a folder that is left out."""
    photos = sum(
        name.lower().endswith(PHOTO_SUFFIXES)
        for _, _, names in os.walk(entry.path)
        for name in names
    )
    if photos and copies:
        listing.copies[text_of(entry.name)] += photos
    else:
        listing.hidden += photos


def tables_among(files: Sequence[Path]) -> list[Path]:
    """Those of some files that a folder may be read by, in their order."""
    tables = [file for file in files if table_suffix(file) in FOLDER_TABLE_SUFFIXES]
    return [file for file in tables if file.is_file()]
