"""How alike photos of one place are as evidence, fitted on groups whose place is known."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar

from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.intervals import Bootstrap, mean_of, sequence_groups
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.evidence import combined
from geoguess_cli.inference.probabilities import log_softmax
from geoguess_cli.photos.table import PhotoTable

_STEPS = 21
"""Values that are tried before the best is refined: the loss may have more than one valley."""

MOST = 5_000
"""Validation photos whose views are judged at most; their logits are held in memory."""

_ALMOST_ALL = 0.98
"""Above this redundancy photos are taken to say the same."""


@dataclass(frozen=True)
class Redundancy:
    """A redundancy and the log loss of groups by it; `inference.evidence` has the equation.

    Attributes:
        value: In [0, 1].
        groups: Groups of two photos or more, whose place lies in a cell.
        nll_product: Their mean log loss at 0, as if photos were independent, in nats.
        nll_mean: Their mean log loss at 1, as if all photos said the same.
        nll: Their mean log loss at the value.
        reason: Why it is not the value with the least log loss; "" if it is.
    """

    value: float
    groups: int
    nll_product: float
    nll_mean: float
    nll: float
    reason: str = ""

    def record(self) -> dict[str, Any]:
        """The entry of `metrics.json`."""
        return dataclasses.asdict(self)


def fit_redundancy(
    sums: Float[np.ndarray, "g c"],
    sizes: Int[np.ndarray, " g"],
    truths: Int[np.ndarray, " g"],
    *,
    temperature: float,
    sequences: Int[np.ndarray, " g"] | None = None,
) -> Redundancy | None:
    """The redundancy with the least log loss; None without a group of two photos in a cell.

    Less than 1 makes answers to groups surer than the geometric mean, so it is used only if the
    groups, resampled, show it; otherwise 1 is taken.

    Args:
        sums: Sum of the logits of each group's photos.
        sizes: Number of photos in each group.
        truths: Cell index of each group's place; -1 for a place in no cell.
        temperature: The number that logits are divided by.
        sequences: A number for each group, shared by those that are resampled as one (default:
            each by itself).
    """
    named = "groups" if sequences is None else "photos"
    sequences = np.arange(len(sums)) if sequences is None else sequences
    kept = (sizes > 1) & (truths >= 0)
    if not kept.any():
        return None
    sums, sizes, truths = sums[kept] / temperature, sizes[kept], truths[kept]

    def losses(value: float) -> Float[np.ndarray, " g"]:
        return -metrics.at_truth(log_softmax(combined(sums, sizes, value)), truths)

    def mean(value: float) -> float:
        return float(losses(value).mean())

    tried = np.linspace(0, 1, _STEPS)
    best = int(np.argmin([mean(value) for value in tried]))
    bounds = tried[max(best - 1, 0)], tried[min(best + 1, _STEPS - 1)]
    found = minimize_scalar(mean, bounds=bounds, method="bounded", options={"xatol": 1e-4})
    value = min((float(found.x), float(tried[best])), key=mean)
    if value > _ALMOST_ALL:
        value = 1.0
    bootstrap = Bootstrap(sequences[kept])
    change = bootstrap.intervals({"nll": mean_of(losses(value) - losses(1.0))})["nll"]
    reason = ""
    if value < 1 and not change.high < 0:
        reason = (
            f"{value:.2f} is best for these {len(sums)} {named}, but they are too few to make "
            f"answers surer: the log loss would change by {change.value:+.3f} "
            f"({change.low:+.3f} to {change.high:+.3f})"
        )
        value = 1.0
    return Redundancy(value, len(sums), mean(0.0), mean(1.0), mean(value), reason)


def views_sample(val: PhotoTable) -> PhotoTable:
    """The validation photos whose views are judged: all, or `MOST` spread evenly over the table."""
    if len(val) <= MOST:
        return val
    return val.take(np.linspace(0, len(val) - 1, MOST).round().astype(np.int64))


def fit_view_redundancy(
    outputs: Iterable[Outputs],
    table: PhotoTable,
    partition: Partition,
    *,
    views: int,
    applied: float,
    temperature: float,
) -> Redundancy | None:
    """The redundancy of views of one photo; None if no photo lies in a cell.

    Args:
        outputs: The logits of the photos, whose views are joined.
        table: The photos.
        partition: The cell of each column of the logits.
        views: Number of views of each photo.
        applied: The redundancy by which they were joined.
        temperature: The number that logits are divided by.
    """
    rows, joined = [], []
    for own in outputs:
        rows.append(own.rows)
        joined.append(own.logits)
    read = np.concatenate([np.empty(0, dtype=np.int64), *rows])
    sums = np.concatenate([np.empty((0, len(partition))), *joined]) * views**applied
    return fit_redundancy(
        sums,
        np.full(len(read), views),
        partition.assign(table.latlng[read]).astype(np.int64),
        temperature=temperature,
        sequences=sequence_groups(table.frame)[read],
    )
