"""The fixed views of a photo that a model can look at beside the whole of it.

View 0 is what the model sees without views. Each other view is a crop of `SIDE` of its width and
height, in turn at the upper left, lower right, upper right, lower left and in the middle. No view
is mirrored: text and the side of the road would show another place.
"""

import math
from dataclasses import dataclass, fields

from geoguess_cli.photos.images import Box, ImageSpec

SIDE = 7 / 8
"""Share of width and height that a crop keeps: 77 % of the area."""

_PLACES = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0), (0.5, 0.5))

MOST = 1 + len(_PLACES)
"""Greatest number of views."""


@dataclass(frozen=True)
class ViewSpec(ImageSpec):
    """What a backbone expects of a picture, of which it sees a crop.

    Attributes:
        number: Number of the view, from 1 to `MOST` - 1.
    """

    number: int = 1

    @property
    def whole(self) -> bool:
        """Whether no crop of what the resizing keeps is taken."""
        return False

    @property
    def least_pixels(self) -> int:
        """Pixels of a picture's shorter side from which on nothing is enlarged."""
        return math.ceil(self.size / SIDE)

    def box(self, size: tuple[int, int]) -> Box:
        """The part of a picture of this width and height that is fitted to the square."""
        left, top, right, bottom = super().box(size)
        across, down = _PLACES[self.number - 1]
        width, height = SIDE * (right - left), SIDE * (bottom - top)
        x, y = left + across * (right - left - width), top + down * (bottom - top - height)
        return x, y, x + width, y + height


def view_spec(spec: ImageSpec, number: int) -> ImageSpec:
    """What a backbone expects of a view.

    Args:
        spec: What it expects of a picture.
        number: Number of the view, from 0 to `MOST` - 1.
    """
    if number == 0:
        return spec
    return ViewSpec(**{own.name: getattr(spec, own.name) for own in fields(spec)}, number=number)
