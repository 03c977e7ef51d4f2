"""The photos that a server keeps: in memory, a bounded number, the oldest forgotten first."""

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import torch
from jaxtyping import Float32

from geoguess_cli.errors import MissingFileError
from geoguess_cli.maps.probability_map import ProbabilityMap
from geoguess_cli.occlusion.occlusion_map import OcclusionMap


@dataclass(eq=False)
class KeptPhoto:
    """What is kept of a photo; the file that was sent is not.

    Attributes:
        name: As the sender calls it.
        preview: The photo, upright and no larger than a page needs, as JPEG without metadata.
        width: Of the preview, in pixels.
        height: Likewise.
        seen: The photo as the model sees it.
        shown: What the model said, with the truth where it is known.
        truth_from: Who says what the truth is: "exif" or "person".
        occlusion: The last whole occlusion map of it, and the token that it follows.
        id: A secret of 128 bits: whoever knows it may see the photo.
    """

    name: str
    preview: bytes
    width: int
    height: int
    seen: Float32[torch.Tensor, "3 s s"]
    shown: ProbabilityMap
    truth_from: str | None = None
    occlusion: tuple[str, OcclusionMap] | None = None
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))


class PhotoStore:
    """Photos by id; safe to use from several threads.

    Args:
        most: How many are kept, at least 1.
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
        """Keep a photo, and forget the oldest beyond the bound."""
        with self._lock:
            self._photos[photo.id] = photo
            while len(self._photos) > self._most:
                self._photos.popitem(last=False)

    def get(self, photo_id: str) -> KeptPhoto:
        """The photo of that id.

        Raises:
            MissingFileError: It was never there, or is forgotten.
        """
        with self._lock:
            found = self._photos.get(photo_id)
        if found is None:
            raise MissingFileError(
                "this photo is not here any more: the server keeps the last "
                f"{self._most} in memory alone; add it again"
            )
        return found

    def forget(self, photo_id: str) -> None:
        """Drop a photo; one that is not there is no error."""
        with self._lock:
            self._photos.pop(photo_id, None)

    def clear(self) -> None:
        """Drop all photos."""
        with self._lock:
            self._photos.clear()
