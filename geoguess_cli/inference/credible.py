"""Regions that hold the truth with a given probability, and the error to expect of an estimate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

MASSES = (0.5, 0.9)
"""Probabilities of the credible sets."""

AREAS_KM2: Float[np.ndarray, " k"] = 10.0 ** np.arange(0, 9, 0.25)
"""Areas at which recall is computed: four per decade, from 1 km² to the whole Earth."""

MASS_ROUNDING = 1e-6
"""Tolerance when a sum of float32 probabilities is compared with a mass."""


@dataclass(frozen=True, eq=False)
class CredibleSets:
    """The credible set of each photo: the fewest cells whose probabilities reach a mass.

    Attributes:
        cells: Number of cells in the set.
        area_km2: Total area of these cells.
        holds_truth: Whether the set has the true cell; false for a photo that lies in no cell.
    """

    cells: Int[np.ndarray, " n"]
    area_km2: Float[np.ndarray, " n"]
    holds_truth: Bool[np.ndarray, " n"]


def credible_sets(
    probabilities: Float32[np.ndarray, "b c"],
    truths: Int[np.ndarray, " b"],
    area_km2: Float[np.ndarray, " c"],
    masses: Sequence[float] = MASSES,
) -> list[CredibleSets]:
    """The credible sets of each mass. At a tie the cell with the lower index comes first.

    Args:
        probabilities: Probability of each cell; rows sum to 1.
        truths: Cell index of each photo's true cell; -1 for a photo in no cell.
        area_km2: Area of each cell.
        masses: Masses, each in (0, 1).

    Raises:
        ValueError: A mass is not in (0, 1).

    >>> p = np.array([[0.1, 0.6, 0.3]], dtype=np.float32)
    >>> half, most = credible_sets(p, np.array([2]), np.array([5.0, 7.0, 9.0]))
    >>> half.cells, half.area_km2, half.holds_truth
    (array([1]), array([7.]), array([False]))
    >>> most.cells, most.area_km2, most.holds_truth
    (array([2]), array([16.]), array([ True]))
    """
    falling = np.sort(probabilities, axis=1)[:, ::-1]
    running = np.cumsum(falling, axis=1, dtype=np.float64)
    sets = []
    for mass in masses:
        if not 0 < mass < 1:
            raise ValueError(f"a credible set's mass is {mass:g}; it must lie in (0, 1)")
        cells = np.minimum(1 + (running < mass - MASS_ROUNDING).sum(axis=1), probabilities.shape[1])
        members = _likeliest(probabilities, falling[np.arange(len(cells)), cells - 1], cells)
        own = members[np.arange(len(truths)), np.maximum(truths, 0)]
        sets.append(CredibleSets(cells, members @ area_km2, own & (truths >= 0)))
    return sets


def _likeliest(
    probabilities: np.ndarray, least: np.ndarray, count: np.ndarray
) -> Bool[np.ndarray, "b c"]:
    """Whether each cell is among the `count` likeliest of its row; `least` is the last one's value.

    At a tie the lower index comes first, as in `top_cells`.
    """
    members = probabilities >= least[:, None]
    excess = np.flatnonzero(members.sum(axis=1) > count)
    if len(excess):  # ties reach beyond the end
        above = probabilities[excess] > least[excess, None]
        level = members[excess] & ~above
        room = count[excess, None] - above.sum(axis=1, keepdims=True)
        members[excess] = above | (level & (level.cumsum(axis=1) <= room))
    return members


def area_to_truth_km2(
    probabilities: Float32[np.ndarray, "b c"],
    truths: Int[np.ndarray, " b"],
    area_km2: Float[np.ndarray, " c"],
) -> Float[np.ndarray, " b"]:
    """Area searched, likeliest cells first, when the true cell has been searched, in km².

    Infinite for a photo that lies in no cell.

    Args:
        probabilities: Probability of each cell.
        truths: Cell index of each photo's true cell; -1 for a photo in no cell.
        area_km2: Area of each cell.
    """
    column = np.maximum(truths, 0)[:, None]
    own = np.take_along_axis(probabilities, column, axis=1)
    searched = probabilities > own
    searched |= (probabilities == own) & (np.arange(len(area_km2)) <= column)
    return np.where(truths >= 0, searched @ area_km2, np.inf)


def expected_km(
    probabilities: Float32[np.ndarray, "b c"],
    distances_km: Float32[np.ndarray, "b c"],
    cell_radius_km: Float[np.ndarray, " c"],
) -> Float[np.ndarray, " b"]:
    """Expected distance from each point estimate to the truth, in kilometres.

    Within a cell the truth is taken to be uniform in a disc of the cell's area around its centroid.
    Its root mean square distance from a place at distance d is √(d² + radius² / 2), which is at
    most 8 % above the mean distance.

    Args:
        probabilities: Probability of each cell.
        distances_km: From the photo's point estimate to each centroid.
        cell_radius_km: Radius of a disc of each cell's area; 0 puts the truth at the centroid.

    >>> p, d = np.float32([[0.75, 0.25]]), np.float32([[0.0, 100.0]])
    >>> expected_km(p, d, np.zeros(2)), expected_km(p, d, np.array([10.0, 0.0])).round(3)
    (array([25.]), array([30.303]))
    """
    distances = root_mean_square_km(distances_km, cell_radius_km)
    return np.asarray(np.einsum("bc,bc->b", probabilities, distances), dtype=np.float64)


def root_mean_square_km(
    distances_km: Float32[np.ndarray, "b c"], cell_radius_km: Float[np.ndarray, " c"]
) -> Float32[np.ndarray, "b c"]:
    """Root mean square distance to the points of each cell's disc, in kilometres.

    Args:
        distances_km: From each place to each centroid.
        cell_radius_km: Radius of a disc of each cell's area.
    """
    within = (cell_radius_km**2 / 2).astype(np.float32)
    return np.asarray(np.sqrt(distances_km**2 + within))


def radius_km(
    probabilities: Float32[np.ndarray, "b c"],
    distances_km: Float32[np.ndarray, "b c"],
    cell_radius_km: Float[np.ndarray, " c"],
    mass: float = 0.9,
) -> Float[np.ndarray, " b"]:
    """Radius around each point estimate that holds the truth with probability `mass`, in km.

    It is the least radius whose circle holds cells of enough probability. A circle holds a cell if
    it holds a disc of the cell's area around the centroid, so the radius is above 0 even if one
    cell has all the probability.

    Args:
        probabilities: Probability of each cell.
        distances_km: From the photo's point estimate to each centroid.
        cell_radius_km: Radius of a disc of each cell's area; 0 puts the truth at the centroid.
        mass: Probability that the circle holds, in (0, 1).

    Raises:
        ValueError: The mass is not in (0, 1).

    >>> p, d = np.float32([[0.75, 0.2, 0.05]]), np.float32([[0.0, 100.0, 900.0]])
    >>> radius_km(p, d, np.array([3.0, 4.0, 5.0]))
    array([104.])
    """
    if not 0 < mass < 1:
        raise ValueError(f"mass is {mass:g}; it must lie in (0, 1)")
    reach = distances_km + cell_radius_km.astype(np.float32)
    # Pack distance and probability into one number: the bits of floats from 0 up sort as the floats
    # do, and a plain sort is several times faster than an argsort.
    packed = reach.view(np.uint32).astype(np.uint64) << np.uint64(32)
    packed |= probabilities.view(np.uint32)
    packed.sort(axis=1)
    running = np.cumsum(packed.astype(np.uint32).view(np.float32), axis=1, dtype=np.float64)
    last = np.minimum((running < mass - MASS_ROUNDING).sum(axis=1), running.shape[1] - 1)
    bits = packed[np.arange(len(last)), last] >> np.uint64(32)
    return np.asarray(bits.astype(np.uint32).view(np.float32), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Credible:
    """The credible sets of many photos.

    Attributes:
        sets: The credible sets of each mass, such as 0.9.
        to_truth_km2: Area searched, likeliest cells first, when the true cell has been searched.
    """

    sets: dict[float, CredibleSets]
    to_truth_km2: Float[np.ndarray, " n"]


class CredibleMeter:
    """Gathers a `Credible` batch by batch; it stores a few numbers per photo.

    Args:
        area_km2: Area of each cell.
        masses: Masses of the credible sets, each in (0, 1).
    """

    def __init__(
        self, area_km2: Float[np.ndarray, " c"], *, masses: Sequence[float] = MASSES
    ) -> None:
        self._area_km2, self._masses = area_km2, tuple(masses)
        self._sets: list[list[CredibleSets]] = []
        self._to_truth = [np.empty(0)]

    def add(self, probabilities: Float32[np.ndarray, "b c"], truths: Int[np.ndarray, " b"]) -> None:
        """Add one batch.

        Args:
            probabilities: Probability of each cell; rows sum to 1.
            truths: Cell index of each photo's true cell; -1 for a photo in no cell.
        """
        self._sets.append(credible_sets(probabilities, truths, self._area_km2, self._masses))
        self._to_truth.append(area_to_truth_km2(probabilities, truths, self._area_km2))

    def result(self) -> Credible:
        """The credible sets of all photos so far, in the order added."""
        none = CredibleSets(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=bool))
        sets = {}
        for index, mass in enumerate(self._masses):
            parts = [none, *(batch[index] for batch in self._sets)]
            sets[mass] = CredibleSets(
                np.concatenate([part.cells for part in parts]),
                np.concatenate([part.area_km2 for part in parts]),
                np.concatenate([part.holds_truth for part in parts]),
            )
        return Credible(sets, np.concatenate(self._to_truth))
