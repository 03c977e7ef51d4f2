"""The levels above the cells, and the loss of one softmax summed up the tree."""

import math

import numpy as np
import pytest
import torch

from geoguess_cli.geo.cells import cell_children, cell_parent, token_to_cell
from geoguess_cli.geo.outlines import cell_center
from geoguess_cli.training.s2_tree import TreeTargets, tree_levels, tree_loss


@pytest.fixture
def cells() -> np.ndarray:
    """Two of the four children of one cell of level 4, its neighbour, and a face's quarter."""
    children = cell_children(token_to_cell(["47f"]))[0]
    return np.sort(np.concatenate([children[[0, 2]], token_to_cell(["47d", "9"])]))


def test_cells_join_where_they_share_a_parent(cells: np.ndarray) -> None:
    levels = tree_levels(cells)
    # 47e4 and 47f4 join at level 4, and with 47d at level 3 and above; 9 is a face of its own.
    joined = {level.level: level.group_of.tolist() for level in levels}
    order = {int(cell): row for row, cell in enumerate(cells.tolist())}
    near, first, second, far = (
        order[int(token_to_cell([token])[0])] for token in ("47d", "47e4", "47f4", "9")
    )
    assert joined[4][first] == joined[4][second]
    assert len({joined[4][row] for row in (near, first, far)}) == 3
    top = min(joined)
    assert top == 0
    assert joined[top][near] == joined[top][first] == joined[top][second] != joined[top][far]


def test_photos_find_their_groups(cells: np.ndarray) -> None:
    tree = TreeTargets(cells)
    third = cell_children(token_to_cell(["47f"]))[0][1]  # in no cell, but in their parent
    own = np.array([0, -1, -1])
    places = np.concatenate(
        [cell_center(cells[:1]), cell_center(np.array([third])), [[-45.0, 170.0]]]
    )
    groups = tree.groups(own, places)
    for column, level in enumerate(tree.levels):
        assert groups[0, column] == level.group_of[0]
        parent = cell_parent(np.array([third]), level.level)
        assert level.parents[list(level.groups).index(groups[1, column])] == parent[0]
    assert (groups[2] == -1).all()


def test_the_loss_by_hand() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [5.0, 1.0, 0.0]], requires_grad=True)
    group_of = torch.tensor([[0, 0, 1], [0, 1, 1]])
    groups = torch.tensor([[0, 1], [1, -1], [-1, -1]])
    share = logits.detach().softmax(1)
    expected = [
        -(math.log(share[0, 0] + share[0, 1]) + math.log(share[0, 1] + share[0, 2])) / 2,
        math.log(3),
        0.0,
    ]
    loss = tree_loss(logits, groups, group_of)
    assert loss.tolist() == pytest.approx(expected, abs=1e-6)
    loss.sum().backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[2] == 0).all()


def test_a_partition_without_a_tree_has_no_levels() -> None:
    assert tree_levels(token_to_cell(["1", "3"])) == []
    none = torch.empty(2, 0, dtype=torch.int64)
    assert tree_loss(torch.zeros(2, 2), none, none.T).tolist() == [0, 0]
