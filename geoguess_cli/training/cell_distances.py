"""Distances from the photos of a batch to all cells, and the targets that they make."""

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt64
from torch import Tensor

from geoguess_cli.geo.geodesy import EARTH_RADIUS_KM, unit_vectors
from geoguess_cli.geo.outlines import cell_corners


class CellDistances:
    """Great-circle distances from places to cells, many at once.

    The edges of an S2 cell are arcs of great circles. A place whose foot on an edge's great circle
    lies on the edge is |asin(p · n)| away from it, n being the unit normal of that circle; else the
    nearest point of the edge is a corner. Both are compared as squared chords, 2 − 2 cos(angle),
    so that one arcsine a cell is enough. `geo.outlines.cell_distance_km` computes the same pair
    by pair.

    Args:
        cells: The cell of each column of the logits.
    """

    def __init__(self, cells: UInt64[np.ndarray, " c"]) -> None:
        corners = cell_corners(cells)
        first = unit_vectors(corners.reshape(-1, 2)).reshape(-1, 4, 3)
        second = np.roll(first, -1, axis=1)
        normal = np.cross(first, second)
        normal /= np.linalg.norm(normal, axis=2, keepdims=True)
        # Both are positive for a foot between the two ends of an edge.
        after, before = np.cross(normal, first), np.cross(second, normal)
        self._cells = len(corners)
        self._edges = [
            tuple(
                torch.from_numpy(np.ascontiguousarray(vectors[:, edge].T))
                for vectors in (first, normal, after, before)
            )
            for edge in range(4)
        ]

    def km(self, latlng: Float[Tensor, "b 2"]) -> Float32[Tensor, "b c"]:
        """The distance to each cell in kilometres, 0 inside; exact to a millionth of itself.

        Differences that lose digits are taken in fp64, on the CPU; what follows is in fp32.

        Args:
            latlng: Latitude and longitude, in degrees; on the CPU.
        """
        places = torch.from_numpy(unit_vectors(latlng.double().numpy()))
        chord = torch.full((len(places), self._cells), 4.0)  # squared
        inside = torch.ones_like(chord, dtype=torch.bool)
        for first, normal, after, before in self._edges:
            height = (places @ normal).float()
            inside &= height >= 0
            beside = torch.minimum(places @ after, places @ before) >= 0
            square = height.square_()
            # 2 − 2 √(1 − h²) without the loss of digits near the edge.
            to_arc = square.mul(2).div_((1 - square).clamp_(min=0.0).sqrt_().add_(1))
            to_corner = (places @ first).mul_(-2).add_(2).float().clamp_(min=0.0)
            torch.minimum(chord, torch.where(beside, to_arc, to_corner), out=chord)
        angle = torch.asin(chord.sqrt_().div_(2).clamp_(max=1.0)).mul_(2)
        return angle.mul_(EARTH_RADIUS_KM).masked_fill_(inside, 0.0)


def distance_targets(km: Float[Tensor, "b c"], tau_km: float) -> Float[Tensor, "b c"]:
    """The probability that a photo's target gives each cell: exp(-d / tau), divided by its sum.

    It is the label of PIGEON (arXiv 2307.05845, equation 2), which measures d from centroid to
    centroid, so that a neighbour can come first. Here d is 0 in the photo's own cell. As tau goes
    to 0, the own cell gets all.

    Args:
        km: Distance from each photo to each cell, in kilometres.
        tau_km: The distance at which a cell counts 1/e, in kilometres, above 0.
    """
    return torch.softmax(-km / tau_km, dim=1)
