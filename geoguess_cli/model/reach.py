"""How far a change of some pixels reaches in the feature maps of a backbone; all is measured."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from geoguess_cli.model.geolocator import sole


@dataclass(frozen=True)
class LocalUnit:
    """A part of a backbone each of whose outputs sees a neighbourhood of its input.

    Output `o` of a side sees the inputs from `stride·o - before` to `stride·o + after`.

    Attributes:
        module: The part.
        stride: Inputs from one output to the next.
        before: Inputs before `stride·o` that output `o` sees.
        after: Inputs after `stride·o` that output `o` sees.
        size: Side of the output map.
        surplus: `stride·size` minus the side of the input map.
    """

    module: nn.Module
    stride: int
    before: int
    after: int
    size: int
    surplus: int

    def inputs_for(self, side: int) -> int:
        """Side of the input map for an output map of this side."""
        return self.stride * side - self.surplus


def local_units(
    backbone: nn.Module, photo: Tensor
) -> tuple[list[LocalUnit], list[nn.Module]] | None:
    """The first parts of a backbone that see a neighbourhood only, and the parts behind them.

    What a part sees is measured: one pixel becomes NaN, which every sum that has it hands on. The
    first part that sees the whole map, or whose outputs do not lie on an even grid, ends the list.
    None if the backbone is no chain of parts, or its first part is not local.

    Args:
        backbone: In evaluation mode.
        photo: Any photo, (1, 3, s, s).
    """
    parts = _chain(backbone, photo)
    if len(parts) < 2:
        return None
    units: list[LocalUnit] = []
    map_ = photo
    with torch.inference_mode():
        for done, part in enumerate(parts):
            output = part(map_.clone())  # a part may change its input in place
            unit = _measured(part, map_, output)
            if unit is None:
                return (units, parts[done:]) if units else None
            units = _joined(units, unit)
            map_ = output
    return units, []


def _chain(module: nn.Module, photo: Tensor) -> list[nn.Module]:
    """The parts of a module, each of which gets what the one before it gives, and nothing else.

    A forward pass shows it. A tensor and the number of its changes in place tell what is handed on
    as it is. No part of the list is such a chain itself.
    """
    given: dict[nn.Module, tuple[int, int]] = {}
    made: dict[nn.Module, tuple[int, int]] = {}
    kept: list[Tensor] = []  # a tensor that is kept keeps its id

    def stamp(tensor: Tensor) -> tuple[int, int]:
        kept.append(tensor)
        return id(tensor), tensor._version

    def before(part: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        # The stamp (0, …) is like no other: the part is called twice, or takes more than a map.
        alone = part not in given and len(inputs) == 1 and isinstance(inputs[0], Tensor)
        given[part] = stamp(inputs[0]) if alone else (0, 0)

    def after(part: nn.Module, _inputs: tuple[Tensor, ...], output: Any) -> None:
        alone = isinstance(output, Tensor) or (isinstance(output, list) and len(output) == 1)
        made[part] = stamp(sole(output)) if alone else (0, 1)

    def called(part: nn.Module) -> list[nn.Module]:
        inner = [[one] if one in given else called(one) for one in part.children()]
        return [one for ones in inner for one in ones]

    def parts_of(part: nn.Module) -> list[nn.Module]:
        children = called(part)
        ends = [given[part], *(made[child] for child in children)]
        starts = [*(given[child] for child in children), made[part]]
        if not children or ends != starts:
            return [part]
        return [one for child in children for one in parts_of(child)]

    hooks = [part.register_forward_pre_hook(before) for part in module.modules()]
    hooks += [part.register_forward_hook(after) for part in module.modules()]
    try:
        with torch.no_grad():  # in inference mode a tensor does not count its changes
            module(photo.clone())
    finally:
        for hook in hooks:
            hook.remove()
    return parts_of(module)


def _joined(units: list[LocalUnit], unit: LocalUnit) -> list[LocalUnit]:
    """The units with one more; it joins the last one if each output sees one input only."""
    if units and (unit.stride, unit.before, unit.after) == (1, 0, 0):
        last = units[-1]
        module = nn.Sequential(last.module, unit.module)
        return [*units[:-1], dataclasses.replace(last, module=module)]
    return [*units, unit]


def _measured(part: nn.Module, map_: Tensor, output: Tensor) -> LocalUnit | None:
    """The reach of a part; None unless it is local, on an even grid, and takes crops."""
    if map_.ndim != 4 or not isinstance(output, Tensor) or output.ndim != 4:
        return None
    (height, size), (tall, smaller) = map_.shape[-2:], output.shape[-2:]
    stride = round(size / smaller)
    if height != size or tall != smaller or smaller < 4:
        return None
    unit = LocalUnit(part, stride, 0, 0, smaller, stride * smaller - size)
    side = unit.inputs_for(smaller - 1)
    middle = smaller // 2 * stride
    places = range(middle, middle + stride)
    probes = map_[..., :side, :side].repeat(stride, 1, 1, 1)
    for probe, place in zip(probes, places, strict=True):
        probe[:, place, place] = torch.nan
    disturbed = part(probes).isnan().any(dim=1)
    if disturbed.shape[-2:] != (smaller - 1, smaller - 1):
        return None
    before, after = 0, 0
    for reached, place in zip(disturbed, places, strict=True):
        for axis in (0, 1):
            outputs = reached.any(dim=axis).nonzero().flatten().tolist()
            if not outputs:
                continue
            if outputs[0] == 0 or outputs[-1] == smaller - 2:
                return None  # perhaps it reaches farther than the map shows
            before = max(before, outputs[-1] * stride - place)
            after = max(after, place - outputs[0] * stride)
    return dataclasses.replace(unit, before=before, after=after)
