"""The files of training photos that a model names, read where the photos are."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from os.path import normpath
from pathlib import Path

from PIL import Image

from geoguess_cli.errors import GeoguessError
from geoguess_cli.names import file_of
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.sources.packed import photo_at


@dataclass(frozen=True, eq=False)
class Originals:
    """Finds training photos by the names that a model carries.

    A model may come from anyone, so a name is followed only below the folder, or where the user's
    own photo table has it.

    Args:
        folder: The folder of the photo table, from which the names start.
        names: Gives the names of the photo table; called once, for a name that leads elsewhere.
    """

    folder: Path
    names: Callable[[], Collection[str]] = frozenset

    @classmethod
    def of(cls, photos: PhotoTable) -> "Originals":
        """The training photos of a photo table."""
        return cls(photos.root, lambda: photos.frame["photo"].to_list())

    def find(self, name: str) -> PhotoFile | None:
        """The file of a training photo, or its place in an archive; None if it is not there."""
        path = file_of(self.folder / name)
        within = Path(normpath(path)).is_relative_to(normpath(self.folder))
        try:
            return photo_at(path) if within or name in self._known else None
        except (GeoguessError, OSError):
            return None

    def picture(self, name: str, side: int) -> Image.Image | None:
        """A training photo, upright, its longer side at most `side` pixels; None if unreadable."""
        file = self.find(name)
        if file is None:
            return None
        try:
            picture = decode_photo(file, at_least=side)
        except GeoguessError:
            return None
        picture.thumbnail((side, side))
        return picture

    @cached_property
    def _known(self) -> frozenset[str]:
        try:
            return frozenset(self.names())
        except (GeoguessError, OSError):
            return frozenset()
