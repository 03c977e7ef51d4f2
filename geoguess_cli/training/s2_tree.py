"""The levels of the S2 tree above the cells of a partition, and a loss at each of them."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt64
from torch import Tensor

from geoguess_cli.geo.cells import cell_parent, latlng_to_cell
from geoguess_cli.geo.hilbert import cell_level


@dataclass(frozen=True, eq=False)
class TreeLevel:
    """The cells of a partition, joined where they share their parent of a level.

    Attributes:
        level: The S2 level.
        group_of: The group of each cell of the partition; a cell of this or a lower level is a
            group of its own.
        parents: The parent cells of the groups that join cells, in ascending order.
        groups: The group of each of these.
    """

    level: int
    group_of: Int[np.ndarray, " c"]
    parents: UInt64[np.ndarray, " p"]
    groups: Int[np.ndarray, " p"]


def tree_levels(cells: UInt64[np.ndarray, " c"]) -> list[TreeLevel]:
    """The levels at which some cells of a partition join, but not all of them, finest first."""
    own_levels = cell_level(cells).astype(np.int64)
    levels = []
    for level in range(int(own_levels.max()) - 1, -1, -1):
        deeper = own_levels > level
        joined = cells.copy()
        joined[deeper] = cell_parent(cells[deeper], level)
        names, group_of = np.unique(joined, return_inverse=True)
        if len(names) == 1:
            break
        if len(names) < len(cells):
            parents = np.unique(joined[deeper])
            levels.append(
                TreeLevel(level, group_of.reshape(-1), parents, np.searchsorted(names, parents))
            )
    return levels


class TreeTargets:
    """The group of each photo at each level of the tree.

    Args:
        cells: The cell of each column of the logits.
    """

    def __init__(self, cells: UInt64[np.ndarray, " c"]) -> None:
        self.levels = tree_levels(cells)

    def groups(
        self, own: Int[np.ndarray, " b"], latlng: Float[np.ndarray, "b 2"]
    ) -> Int[np.ndarray, "b l"]:
        """The group that holds each photo, -1 at a level where no group does.

        Args:
            own: Cell index of each photo; -1 for a photo in no cell.
            latlng: Latitude and longitude of each photo, in degrees.
        """
        leaves = latlng_to_cell(np.asarray(latlng, dtype=np.float64))
        groups = np.full((len(own), len(self.levels)), -1, dtype=np.int64)
        for column, level in enumerate(self.levels):
            parents = cell_parent(leaves, level.level)
            at = np.minimum(np.searchsorted(level.parents, parents), len(level.parents) - 1)
            held = np.where(level.parents[at] == parents, level.groups[at], -1)
            groups[:, column] = np.where(own >= 0, level.group_of[own], held)
        return groups


def tree_loss(
    logits: Float[Tensor, "b c"], groups: Int[Tensor, "b l"], group_of: Int[Tensor, "l c"]
) -> Float[Tensor, " b"]:
    """Mean over the levels that hold a photo of -log of its group's probability, in nats.

    The probability of a group is the sum of the softmax over its cells, so that one head answers at
    every level (hierarchical cross-entropy: Bertinetto et al., arXiv 1912.09393, section 3.1). A
    photo that no level holds costs 0.

    Args:
        logits: One column a cell, in fp32.
        groups: The group of each photo at each level; -1 where there is none.
        group_of: The group of each cell at each level.
    """
    whole = logits.logsumexp(1)
    total, count = torch.zeros_like(whole), torch.zeros_like(whole)
    for own, of_cell in zip(groups.T, group_of, strict=True):
        held = own >= 0
        # Of a photo in no group every cell counts, so that its loss is 0 and has a gradient.
        inside = (of_cell[None] == own[:, None]) | ~held[:, None]
        total = total + whole - logits.masked_fill(~inside, -torch.inf).logsumexp(1)
        count = count + held
    return total / count.clamp(min=1)
