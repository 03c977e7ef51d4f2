"""The layers of a geolocator, numbered from the photo up to the head."""

import re

from torch import nn

from geoguess_cli.model._timm import timm
from geoguess_cli.model.geolocator import Geolocator

_NUMBERED = re.compile(r"(?:[^.]+\.)*?\d+(?=\.)")
"""The name of a parameter up to the number of its block, such as `layer3.0` or `blocks.11`."""


def layer_numbers(geolocator: Geolocator) -> dict[str, int]:
    """The number of the layer of each parameter, by the parameter's name: 0 is next to the photo.

    A whole model of timm has the layers that timm gives it. In any other part each numbered block
    is a layer; what stands between blocks belongs to the layer before it.
    """
    numbers: dict[str, int] = {}
    for part in geolocator.parts:
        first = max(numbers.values(), default=-1) + 1
        own = _layers(geolocator.get_submodule(part))
        numbers |= {f"{part}.{name}": first + number for name, number in own.items()}
    return numbers


def _layers(part: nn.Module) -> dict[str, int]:
    matcher = getattr(part, "group_matcher", None)
    if matcher is not None:
        return timm.models.group_parameters(part, matcher(coarse=False), reverse=True)  # type: ignore[no-any-return]
    numbers: dict[str, int] = {}
    blocks: dict[str, int] = {}
    number = 0
    for name, _ in part.named_parameters():
        match = _NUMBERED.match(name)
        if match:
            # 0 is what stands before the first block.
            number = blocks.setdefault(match[0], len(blocks) + 1)
        numbers[name] = number
    least = min(numbers.values(), default=0)
    return {name: number - least for name, number in numbers.items()}
