"""The training photos that an answer names, as they are shown beside its map."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from geoguess_cli.geo.places import Place, locate
from geoguess_cli.inference.answers import Answer, neighbours_of
from geoguess_cli.model.memory import Neighbour
from geoguess_cli.sources.originals import Originals

HEADING = "Training photos that it resembles"

NOT_FOUND = "photo not found"
"""Stands in place of a training photo that is not on this machine."""


@dataclass(frozen=True, eq=False)
class ShownNeighbour:
    """A training photo with all that is shown of it.

    Attributes:
        neighbour: The training photo.
        place: Where it was taken.
        picture: The photo, upright and small; None if it is not found.
    """

    neighbour: Neighbour
    place: Place
    picture: Image.Image | None

    @property
    def similarity(self) -> str:
        """How similar it is, in words."""
        return f"similarity {self.neighbour.similarity:.2f}"

    @property
    def about(self) -> str:
        """How similar it is, then creator and licence where they are known."""
        return " · ".join(filter(None, (self.similarity, self.neighbour.credit)))


def shown_neighbours(
    answer: Answer, originals: Originals | None, *, side: int
) -> list[ShownNeighbour]:
    """The training photos of an answer, most similar first.

    Args:
        answer: The answer.
        originals: Where the training photos are; None if that is not known.
        side: Longest side of a picture, in pixels.
    """
    own = neighbours_of(answer)
    if not own:
        return []
    places = locate(np.array([(one.latitude, one.longitude) for one in own]))
    pictures = [None if originals is None else originals.picture(one.photo, side) for one in own]
    return [ShownNeighbour(*shown) for shown in zip(own, places, pictures, strict=True)]
