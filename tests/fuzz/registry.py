"""The list of readers that are tried with strange bytes, and how folders are made strange."""

import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FINDS = Path(__file__).parent / "finds"
"""Inputs that once raised another error, in a folder for each target."""


@dataclass(frozen=True)
class Target:
    """A reader of foreign bytes.

    Attributes:
        read: Reads the bytes; it may write files in the empty folder that it is given.
        seeds: Sound inputs that others are made from.
        words: Bytes that mean something to the reader.
    """

    read: Callable[[bytes, Path], object]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()


TARGETS: dict[str, Target] = {}


def target(
    seeds: Callable[[], list[bytes]], *words: bytes
) -> Callable[[Callable[[bytes, Path], object]], Callable[[bytes, Path], object]]:
    """Adds a reader to `TARGETS` under its name."""

    def add(read: Callable[[bytes, Path], object]) -> Callable[[bytes, Path], object]:
        TARGETS[read.__name__] = Target(read, seeds, words)
        return read

    return add


def finds(name: str) -> list[bytes]:
    """The inputs that a target once failed on."""
    folder = FINDS / name
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


class Parts:
    """Sound folders; an input replaces one file in one of them, and its first line says which.

    Args:
        builds: Each writes a folder.
        whole: The endings of files that are never replaced.
    """

    def __init__(self, *builds: Callable[[Path], object], whole: tuple[str, ...] = ()) -> None:
        self._builds, self._whole = builds, whole
        self._folders: list[dict[str, bytes]] = []
        self._places: dict[bytes, tuple[int, str]] = {}

    def _make(self) -> None:
        """Build the folders once; this takes their libraries, so it waits until it is needed."""
        for build in [] if self._folders else self._builds:
            with tempfile.TemporaryDirectory() as folder:
                build(Path(folder))
                files = {
                    path.relative_to(folder).as_posix(): path.read_bytes()
                    for path in sorted(Path(folder).rglob("*"))
                    if path.is_file()
                }
            for name in files:
                if not name.endswith(self._whole):
                    self._places[f"{build.__name__}:{name}".encode()] = len(self._folders), name
            self._folders.append(files)

    def seeds(self) -> list[bytes]:
        """Each file, behind the line that names it."""
        self._make()
        return [
            line + b"\n" + self._folders[folder][name]
            for line, (folder, name) in self._places.items()
        ]

    def write(self, content: bytes, folder: Path) -> tuple[int, str]:
        """Write a folder with one file replaced, and return the number of the folder and the file.

        Args:
            content: The line of the file, and what it shall hold; any other line names some file.
            folder: An empty folder.
        """
        self._make()
        line, _, content = content.partition(b"\n")
        places = list(self._places.values())
        number, changed = self._places.get(line) or places[zlib.crc32(line) % len(places)]
        for name, own in self._folders[number].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if name == changed else own)
        return number, changed
