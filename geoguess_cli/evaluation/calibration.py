"""Whether probabilities mean what they say: temperature, log loss, Brier score, calibration error.

Cells are the classes. A photo in no cell has no true class: it takes no part in the log loss, and
in the other statistics it counts as wrong unless it is left out.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from geoguess_cli.evaluation.intervals import OfSums, Statistic, Values
from geoguess_cli.evaluation.metrics import at_truth
from geoguess_cli.model.decision import TEMPERATURES

BINS = 15
"""Bins of the calibration error, as many as Guo et al. use (arXiv 1706.04599)."""

_CHUNK = 2_000_000  # logits in float64 at once: 16 MB
_STEPS = 100
_CLOSE = 1e-7  # least step of a temperature's logarithm


@dataclass(frozen=True)
class Temperature:
    """A number that logits are divided by before the softmax, and how it was fitted.

    Attributes:
        value: Above 1 flattens the probabilities, below 1 sharpens them.
        photos: Photos that it was fitted on.
        nll_before: Their mean log loss at temperature 1, in nats; NaN without photos.
        nll: Their mean log loss at this temperature.
        reason: Why it is not the temperature with the least log loss; "" if it is.
    """

    value: float
    photos: int
    nll_before: float
    nll: float
    reason: str = ""


def fit_temperature(logits: Float[np.ndarray, "n c"], truths: Int[np.ndarray, " n"]) -> Temperature:
    """The temperature with the least log loss on photos that the model did not train on.

    The loss is convex in the inverse temperature (Guo et al., arXiv 1706.04599), so Newton's
    method, kept between bounds that close in, finds its one minimum.

    Args:
        logits: Logits of held-out photos. They are read a few rows at a time, so they may be
            mapped from a file. They are not changed.
        truths: Cell index of each photo's true cell; -1 for a photo in no cell, which is left out.

    >>> unsure = fit_temperature(np.log([[0.9, 0.1]] * 4), np.array([0, 0, 0, 1]))
    >>> round(unsure.value, 4)  # it says 9 to 1 where the truth is 3 to 1
    2.0
    """
    rows = np.flatnonzero(truths >= 0)
    if not len(rows):
        return Temperature(1.0, 0, math.nan, math.nan, "no photo lies in a cell")
    inverse, reason = 1.0, ""
    low, high = 1 / TEMPERATURES[1], 1 / TEMPERATURES[0]
    tried: set[float] = set()
    before = nll = math.nan
    for _ in range(_STEPS):
        nll, slope, curvature = _loss(logits, truths, rows, inverse)
        before = nll if not tried else before
        tried.add(inverse)
        if slope == 0:
            reason = "" if curvature > 0 else "the temperature does not change the loss"
            break
        low, high = (low, inverse) if slope > 0 else (inverse, high)
        if low == high:
            reason = f"the loss still falls at {1 / inverse:g}, the limit of a temperature"
            break
        step = _next(inverse - slope / curvature if curvature > 0 else math.inf, low, high, tried)
        if abs(math.log(step / inverse)) < _CLOSE:
            break
        inverse = step
    return Temperature(1 / inverse, len(rows), before, nll, reason)


def _next(newton: float, low: float, high: float, tried: set[float]) -> float:
    """The next point to try: Newton's point, else the bound that it crossed, else the middle."""
    if low < newton < high:
        return newton
    bound = low if newton <= low else high
    return math.sqrt(low * high) if bound in tried else bound


def _loss(
    logits: np.ndarray, truths: np.ndarray, rows: np.ndarray, inverse: float
) -> tuple[float, float, float]:
    """Mean log loss, and its first and second derivative, at an inverse temperature."""
    sums = np.zeros(3)
    step = max(1, _CHUNK // logits.shape[1])
    for start in range(0, len(rows), step):
        chunk = rows[start : start + step]
        z = logits[chunk].astype(np.float64)
        z -= z.max(axis=1, keepdims=True)
        own = z[np.arange(len(chunk)), truths[chunk]]
        p = np.exp(inverse * z)
        mass = p.sum(axis=1)
        p /= mass[:, None]
        mean = np.einsum("nc,nc->n", p, z)
        square = np.einsum("nc,nc,nc->n", p, z, z)
        sums += [
            (np.log(mass) - inverse * own).sum(),
            (mean - own).sum(),
            np.maximum(square - mean**2, 0.0).sum(),
        ]
    loss, slope, curvature = (sums / len(rows)).tolist()
    return loss, slope, curvature


@dataclass(frozen=True, eq=False)
class Calibration:
    """The numbers of each photo that judge its probabilities.

    Attributes:
        nll: −ln p(true cell), in nats; NaN for a photo in no cell.
        brier: Σ (p − y)² over the cells, y being 1 for the true cell, in [0, 2]. A photo in no
            cell belongs to a further class, to which the model gave 0: Σ p² + 1.
        confidence: The top probability.
        correct: Whether the likeliest cell is the true one.
    """

    nll: Float[np.ndarray, " n"]
    brier: Float[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]
    correct: Bool[np.ndarray, " n"]

    @property
    def covered(self) -> Bool[np.ndarray, " n"]:
        """Whether each photo lies in a cell."""
        return np.asarray(~np.isnan(self.nll))

    def of_covered(self) -> "Calibration":
        """The same without the photos in no cell."""
        rows = self.covered
        return Calibration(
            self.nll[rows], self.brier[rows], self.confidence[rows], self.correct[rows]
        )


class CalibrationMeter:
    """Gathers a `Calibration` batch by batch; it keeps four numbers a photo."""

    def __init__(self) -> None:
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []

    def add(
        self, log_probabilities: Float[np.ndarray, "b c"], truths: Int[np.ndarray, " b"]
    ) -> None:
        """Take one batch.

        Args:
            log_probabilities: `log_softmax` of the logits divided by the temperature.
            truths: Cell index of each photo's true cell; -1 for a photo in no cell.
        """
        nll = -at_truth(log_probabilities, truths)
        top = log_probabilities.argmax(axis=1)
        confidence = np.exp(log_probabilities[np.arange(len(top)), top])
        p = np.exp(log_probabilities)
        own = np.where(truths >= 0, np.exp(-nll), 0.0)
        brier = np.einsum("bc,bc->b", p, p) - 2 * own + 1
        parts = (nll, brier, confidence, top == truths)
        self._parts.append(parts)

    def result(self) -> Calibration:
        """Every photo so far, in the order in which they came."""
        if not self._parts:
            nothing = np.empty(0)
            return Calibration(nothing, nothing, nothing, np.empty(0, dtype=bool))
        return Calibration(*(np.concatenate(columns) for columns in zip(*self._parts, strict=True)))


@dataclass(frozen=True)
class Bin:
    """One row of a reliability table.

    Attributes:
        low: Least top probability of the bin; it belongs to the bin.
        high: Upper end, which belongs to the next bin; 1 belongs to the last bin.
        photos: Photos whose top probability lies in the bin.
        confidence: Mean of their top probabilities; NaN without photos.
        accuracy: Share of them whose likeliest cell is the true one; NaN without photos.
    """

    low: float
    high: float
    photos: int
    confidence: float
    accuracy: float


def bins_of(confidence: Float[np.ndarray, " n"], bins: int = BINS) -> Int[np.ndarray, " n"]:
    """The bin of each top probability, from 0, of equal-width bins of [0, 1].

    >>> bins_of(np.array([0.0, 0.5, 1.0]), bins=2).tolist()
    [0, 1, 1]
    """
    edges = np.linspace(0, 1, bins + 1)
    return np.minimum(np.searchsorted(edges, confidence, side="right") - 1, bins - 1)


def reliability(
    confidence: Float[np.ndarray, " n"], correct: Bool[np.ndarray, " n"], bins: int = BINS
) -> list[Bin]:
    """How often the model is right in each bin of confidence, one row a bin, empty bins too."""
    index = bins_of(confidence, bins)
    photos = np.bincount(index, minlength=bins)
    sums = (np.bincount(index, weights=of, minlength=bins) for of in (confidence, correct))
    means = [
        np.divide(total, photos, out=np.full(bins, np.nan), where=photos > 0) for total in sums
    ]
    edges = np.linspace(0, 1, bins + 1).tolist()
    columns = (photos.tolist(), *(column.tolist() for column in means))
    return [Bin(*row) for row in zip(edges[:-1], edges[1:], *columns, strict=True)]


def ece_of(confidence: Float[np.ndarray, " n"], correct: Values, bins: int = BINS) -> Statistic:
    """The expected calibration error: |accuracy − confidence|, averaged over bins by photos.

    (Naeini et al., AAAI 2015; of the top probability, as Guo et al., arXiv 1706.04599.)

    Args:
        confidence: Top probability of each photo; NaN leaves it out.
        correct: Whether the likeliest cell is the true one.
        bins: Equal-width bins of [0, 1].

    >>> sure, right = np.array([0.8, 0.8, 0.8, 0.8]), np.array([True, True, True, False])
    >>> ece_of(sure, right)(np.ones((4, 1))).round(4)
    array([0.05])
    """
    known = np.isfinite(confidence)
    index = np.where(known, bins_of(np.where(known, confidence, 0.0), bins), -1)
    gap = np.where(known, correct - confidence, 0.0)

    def error(sums: Float[np.ndarray, "k r"]) -> Float[np.ndarray, " r"]:
        total = sums[-1]
        return np.asarray(np.abs(sums[:-1]).sum(axis=0) / np.where(total > 0, total, np.nan))

    gaps = (np.where(index == at, gap, 0.0) for at in np.unique(index[known]))
    return OfSums((*gaps, known), error)
