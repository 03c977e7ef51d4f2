"""The photos that a server keeps in memory: a limited number, the oldest is forgotten first."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32

from geoguess_cli.errors import MissingFileError
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.occlusion.occlusion_map import OcclusionMap


@dataclass(eq=False)
class KeptPhoto:
    """The data that the server keeps of a photo; the file itself is dropped.

    Attributes:
        name: The sender's name for the photo.
        preview: The photo as a JPEG, upright, no larger than a page needs, without metadata.
        width: Width of the preview, in pixels.
        height: Height of the preview, in pixels.
        image: The photo as the model sees it.
        map: The model's answer on a map, with the truth if it is known.
        truth_from: Source of the truth: "exif" or "person".
        occlusion: The last complete occlusion map, and the token of the cell that it follows.
        id: A secret of 128 bits: whoever knows it may see the photo.
    """

    name: str
    preview: bytes
    width: int
    height: int
    image: Float32[np.ndarray, "3 s s"]
    map: ProbabilityMap
    truth_from: str | None = None
    occlusion: tuple[str, OcclusionMap] | None = None
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))


class PhotoStore:
    """Photos by id; safe to use from several threads.

    Args:
        most: The largest number of photos to keep, at least 1.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._photos: OrderedDict[str, KeptPhoto] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._photos)

    def __contains__(self, photo_id: object) -> bool:
        return photo_id in self._photos

    def add(self, photo: KeptPhoto) -> None:
        """Keep a photo, and forget the oldest ones beyond the limit."""
        with self._lock:
            self._photos[photo.id] = photo
            while len(self._photos) > self._most:
                self._photos.popitem(last=False)

    def get(self, photo_id: str) -> KeptPhoto:
        """The photo with this id.

        Raises:
            MissingFileError: No photo has this id, or the photo has been forgotten.
        """
        with self._lock:
            photo = self._photos.get(photo_id)
        if photo is None:
            raise MissingFileError(
                "the server no longer has this photo: it keeps the last "
                f"{self._most} in memory only; add the photo again"
            )
        return photo

    def forget(self, photo_id: str) -> None:
        """Forget a photo; an unknown id is no error."""
        with self._lock:
            self._photos.pop(photo_id, None)

    def clear(self) -> None:
        """Forget all photos."""
        with self._lock:
            self._photos.clear()
