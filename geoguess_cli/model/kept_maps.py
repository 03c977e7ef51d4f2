"""The logits of copies of a photo that differ from it in a square, in less than a pass each.

The first parts of a backbone see neighbourhoods, so a square disturbs few rows and columns of their
feature maps. The photo's own maps are computed once. For each square a part then computes a crop:
the disturbed outputs with as much around them as the part sees. Outputs at the border of the crop
see the border's padding in place of the photo, so they are dropped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from geoguess_cli.model.folding import cast, close, folded, grain
from geoguess_cli.model.geolocator import Geolocator, sole
from geoguess_cli.model.reach import LocalUnit, local_units

WORTHWHILE = 0.7
"""Share of a map's area above which cutting out the crop costs more than computing it saves."""

Corners = Int[np.ndarray, "b 2"]
"""Row and column of the first pixel of each square."""


@dataclass(frozen=True)
class Crop:
    """What a part computes for each square; all sides are in pixels of the part's maps.

    Attributes:
        unit: The part.
        disturbed: Side of the square of inputs that differ from the photo's.
        kept: Side of the square of outputs that differ from the photo's.
        margin: Number of outputs before the disturbed ones.
        side: Side of the crop's outputs.
    """

    unit: LocalUnit
    disturbed: int
    kept: int
    margin: int
    side: int

    @classmethod
    def of(cls, unit: LocalUnit, disturbed: int) -> "Crop":
        """The crop of a part whose inputs differ in squares of this side."""
        stride, before, after = unit.stride, unit.before, unit.after
        kept = min((disturbed - 1 + before + after) // stride + 1, unit.size)
        margin = -(-before // stride)
        behind = max(-(-(after + 1 + unit.surplus) // stride) - 1, 0)
        return cls(unit, disturbed, kept, margin, min(kept + margin + behind, unit.size))

    def places(self, corners: Corners) -> tuple[Corners, Corners]:
        """The corners of the disturbed outputs, and of the crops' outputs.

        Args:
            corners: The corners of the disturbed inputs.
        """
        unit = self.unit
        first = -(-(corners - unit.after) // unit.stride)
        first = np.clip(first, 0, unit.size - self.kept)
        return first, np.clip(first - self.margin, 0, unit.size - self.side)


class KeptMaps:
    """The feature maps of one photo, and the features of copies that differ from it in a square.

    Args:
        units: The first parts of the backbone.
        rest: The parts behind them.
        photo: The photo, normalised, in the number format of the parts.
        window: Side of the squares, in pixels, at most the photo's side.
    """

    def __init__(
        self,
        units: Sequence[LocalUnit],
        rest: Sequence[nn.Module],
        photo: Float[Tensor, "1 3 s s"],
        *,
        window: int,
    ) -> None:
        self._window = window
        self._crops: list[Crop] = []
        self._maps = [photo.contiguous(memory_format=torch.channels_last)]
        disturbed = window
        for unit in units:
            crop = Crop.of(unit, disturbed)
            if (crop.side / unit.size) ** 2 > WORTHWHILE:
                break
            self._crops.append(crop)
            self._maps.append(unit.module(self._maps[-1].clone()))  # it may change its input
            disturbed = crop.kept
        self._rest = [*(unit.module for unit in units[len(self._crops) :]), *rest]

    def output(self, images: Float[Tensor, "b 3 s s"], corners: Corners) -> Tensor:
        """What the backbone makes of each image.

        Args:
            images: Copies of the photo that differ from it in a square only.
            corners: The corner of each square; a square may reach over the photo's edge.
        """
        corners = np.minimum(corners, images.shape[-1] - self._window)
        squares = _cut(images, corners, self._window)
        for crop, map_ in zip(self._crops, self._maps, strict=False):
            first, start = crop.places(corners)
            stride = crop.unit.stride
            side = crop.unit.inputs_for(crop.side)
            inputs = _patched(map_, start * stride, side, squares, corners)
            outputs = crop.unit.module(inputs)
            squares, corners = _cut(outputs, first - start, crop.kept), first
        whole = self._maps[-1]
        map_ = _patched(whole, np.zeros_like(corners), whole.shape[-1], squares, corners)
        for part in self._rest:
            map_ = part(map_)
        return map_


class WindowedGeolocator:
    """A geolocator's copy for inference that answers copies of one photo faster than photos.

    Args:
        geolocator: In evaluation mode and fp32; it is not changed.
        image_size: Side of the photos, in pixels.
        dtype: The number format to compute in.
    """

    def __init__(
        self, geolocator: Geolocator, *, image_size: int, dtype: torch.dtype = torch.float32
    ) -> None:
        self._network = folded(geolocator, image_size=image_size)
        photo, found = grain(self._network, image_size), None
        # A GPU starts some thousand small kernels for the crops; it is faster on whole maps.
        if photo.device.type == "cpu":
            found = local_units(self._network.backbone, photo)
        self._parts = found if found and self._exact(*found, photo) else None
        self._dtype = dtype
        cast(self._network, dtype)

    @property
    def keeps_maps(self) -> bool:
        """Whether copies of a photo take less than a whole pass."""
        return self._parts is not None

    def logits(self, images: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b c"]:
        """The logits of photos, in fp32."""
        with torch.inference_mode():
            return self._network(self._prepared(images)).float()  # type: ignore[no-any-return]

    def keeping(self, photo: Float[Tensor, "3 s s"], *, window: int) -> KeptMaps | None:
        """The maps of a photo, whose copies differ from it in a square of side `window`."""
        if self._parts is None:
            return None
        with torch.inference_mode():
            return KeptMaps(*self._parts, self._prepared(photo[None]), window=window)

    def windowed_logits(
        self, kept: KeptMaps, images: Float[Tensor, "b 3 s s"], corners: Corners
    ) -> Float[Tensor, "b c"]:
        """The logits of copies of the photo whose maps are kept, in fp32."""
        with torch.inference_mode():
            output = kept.output(self._prepared(images), corners)
            return self._network.head(self._network.read(output)).float()  # type: ignore[no-any-return]

    def _prepared(self, images: Tensor) -> Tensor:
        like = next(self._network.parameters())
        return images.to(like.device, self._dtype, memory_format=torch.channels_last)

    def _exact(self, units: Sequence[LocalUnit], rest: Sequence[nn.Module], photo: Tensor) -> bool:
        """Whether squares at an edge and inside have the backbone's output of a whole pass."""
        size = photo.shape[-1]
        window = max(size // 7, 1)
        last = size - window
        corners = np.array([(0, last), (last // 3, last // 2 + 1)])
        images = photo.repeat(len(corners), 1, 1, 1)
        for image, (top, left) in zip(images, corners.tolist(), strict=True):
            image[:, top : top + window, left : left + window] = 0
        with torch.inference_mode():
            kept = KeptMaps(units, rest, photo, window=window)
            return close(kept.output(images, corners), sole(self._network.backbone(images)))


def _cut(maps: Tensor, corners: Corners, side: int) -> list[Tensor]:
    """The square of each map at its corner, as views (side, side, c)."""
    rows = maps.permute(0, 2, 3, 1)
    return [
        map_[top : top + side, left : left + side]
        for map_, (top, left) in zip(rows, corners.tolist(), strict=True)
    ]


def _patched(
    map_: Tensor, starts: Corners, side: int, squares: Iterable[Tensor], corners: Corners
) -> Tensor:
    """Crops of one map at `starts`, each with its square at its corner: (b, c, side, side)."""
    rows = map_.permute(0, 2, 3, 1)[0]
    crops = torch.stack(
        [rows[top : top + side, left : left + side] for top, left in starts.tolist()]
    )
    for crop, square, (top, left) in zip(crops, squares, (corners - starts).tolist(), strict=True):
        # The part of a square outside its crop disturbs no output.
        inside = square[max(-top, 0) : side - top, max(-left, 0) : side - left]
        top, left = max(top, 0), max(left, 0)
        crop[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return crops.permute(0, 3, 1, 2)
