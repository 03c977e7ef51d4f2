"""What a layout is: how photos and their places are laid out in a file or folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoguess_cli.sources.view import Rows, SourceView


@dataclass(frozen=True)
class Layout:
    """How photos and their places are laid out in a file or folder.

    Attributes:
        name: What `Reading.kind` is called.
        title: What the help of `geoguess data` calls it; "" where another layout's title says it.
        signs: What a folder of this layout holds, for messages; "" where the title says enough.
        recognise: Gives the files to read, in order; empty if the source has another layout.
        read: Gives the rows of these files.
    """

    name: str
    title: str
    signs: str
    recognise: "Callable[[SourceView], Sequence[Path]]"
    read: "Callable[[SourceView, Sequence[Path]], Rows]"
