"""How far a statistic may be off by chance: bootstrap intervals over whole sequences.

Photos of one drive resemble each other, so a resample draws whole sequences, with replacement, as
many as there are (the cluster bootstrap; Davison and Hinkley, Bootstrap Methods and their
Application, 1997, section 3.8). A resample is a column of weights: how often each photo was
drawn. A statistic is a function of the weights; with weights of 1 it is the statistic itself.
"""

import dataclasses
import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int, Num

LEVEL = 0.95
RESAMPLES = 1000

_CHUNK = 2_000_000  # weights held at once: 16 MB

Values = Num[np.ndarray, " n"] | Bool[np.ndarray, " n"]

Statistic = Callable[[Float[np.ndarray, "n r"]], Float[np.ndarray, " r"]]
"""A statistic of n photos under r columns of weights; NaN if a column leaves it undefined."""


@dataclass(frozen=True)
class Interval:
    """A statistic with the ends of its interval; a number that is undefined is NaN."""

    value: float
    low: float = math.nan
    high: float = math.nan


@dataclass(frozen=True, eq=False)
class Draft:
    """A part of a report whose statistics have no intervals yet.

    Attributes:
        part: The dataclass that it becomes.
        fields: The values of its fields; statistics and drafts among them are measured first.
    """

    part: type
    fields: Mapping[str, Any]


class Bootstrap:
    """Resamples of the photos of one evaluation, the same for every statistic.

    Args:
        groups: A number for each photo; photos with the same number are drawn together.
        resamples: Resamples that are drawn, 1 or more.
        seed: Seed of the draws.
        level: Share of the resampled values that an interval holds, in (0, 1).
    """

    def __init__(
        self,
        groups: Int[np.ndarray, " n"],
        *,
        resamples: int = RESAMPLES,
        seed: int = 0,
        level: float = LEVEL,
    ) -> None:
        if resamples < 1 or not 0 < level < 1:
            raise ValueError(
                f"resamples is {resamples} and level {level:g}; "
                "resamples must be 1 or more, and the level lie in (0, 1)"
            )
        names, self._codes = np.unique(groups, return_inverse=True)
        self.groups = len(names)
        self._resamples, self._seed, self._level = resamples, seed, level

    def intervals(self, statistics: Mapping[str, Statistic]) -> dict[str, Interval]:
        """Each statistic with its percentile interval, all from the same resamples.

        The ends are NaN if there are fewer than two groups: one drive does not show how much
        drives differ. A resample that leaves a statistic undefined is left out of its interval.

        Args:
            statistics: The statistics by name.
        """
        once = np.ones((len(self._codes), 1))
        values = {name: float(statistic(once)[0]) for name, statistic in statistics.items()}
        if self.groups < 2:
            return {name: Interval(value, math.nan, math.nan) for name, value in values.items()}
        summed = {name: of for name, of in statistics.items() if isinstance(of, OfSums)}
        others = {name: of for name, of in statistics.items() if name not in summed}
        sums = _Sums(list(summed.values()), self._codes)
        drawn: dict[str, list[np.ndarray]] = {name: [] for name in statistics}
        for counts in self._counts():
            for name, resampled in zip(summed, sums.under(counts), strict=True):
                drawn[name].append(resampled)
            if others:
                weights = counts.take(self._codes, axis=0)
                for name, statistic in others.items():
                    drawn[name].append(statistic(weights))
        return {
            name: Interval(values[name], *self._ends(np.concatenate(parts)))
            for name, parts in drawn.items()
        }

    def measured(self, tree: Any) -> Any:
        """The same tree, with its value and interval in place of each statistic.

        All statistics are computed from the same resamples. A draft becomes its part of a report;
        a value that is no statistic stays as it is.

        Args:
            tree: Nested drafts, dictionaries and lists.

        >>> tree = {"cells": 3, "top_1": mean_of(np.array([1.0, 0.0]))}
        >>> Bootstrap(np.array([0, 0])).measured(tree)
        {'cells': 3, 'top_1': Interval(value=0.5, low=nan, high=nan)}
        """
        return _measured(tree, self.intervals(dict(_statistics(tree))))

    def _counts(self) -> Iterator[Float[np.ndarray, "g r"]]:
        """How often each group was drawn, a few resamples at a time; the seed alone decides."""
        rng = np.random.default_rng(self._seed)
        step = max(1, _CHUNK // max(1, len(self._codes)))
        for start in range(0, self._resamples, step):
            counts = np.empty((self.groups, min(step, self._resamples - start)))
            for column in range(counts.shape[1]):
                picked = rng.integers(0, self.groups, self.groups)
                counts[:, column] = np.bincount(picked, minlength=self.groups)
            yield counts

    def _ends(self, drawn: Float[np.ndarray, " r"]) -> tuple[float, float]:
        defined = drawn[np.isfinite(drawn)]
        if not len(defined):
            return math.nan, math.nan
        low, high = np.quantile(defined, [(1 - self._level) / 2, (1 + self._level) / 2])
        return float(low), float(high)


def sequence_groups(predictions: pl.DataFrame) -> Int[np.ndarray, " n"]:
    """A number for each photo, shared by the photos of one sequence.

    A photo of no known sequence is a group by itself, and so is every photo of a table without
    a `sequence` column.

    >>> sequence_groups(pl.DataFrame({"sequence": ["b", "a", None, "a", None]})).tolist()
    [0, 1, 2, 1, 4]
    """
    numbered = predictions.with_row_index("group")
    if "sequence" in predictions.columns:
        first = pl.col("group").min().over("sequence")
        own = pl.when(pl.col("sequence").is_null()).then("group").otherwise(first)
        numbered = numbered.select(group=own)
    return numbered["group"].cast(pl.Int64).to_numpy()


def mean_of(values: Values) -> Statistic:
    """The mean over the photos whose value is not NaN.

    >>> mean_of(np.array([1.0, 4.0, np.nan]))(np.array([[1.0, 2.0], [1.0, 1.0], [1.0, 5.0]]))
    array([2.5, 2. ])
    """
    known = np.isfinite(values)
    return ratio_of(np.where(known, values, 0.0), known.astype(np.float64))


def ratio_of(numerators: Values, denominators: Values) -> Statistic:
    """The sum of the numerators over the sum of the denominators; NaN if that sum is 0."""
    return OfSums((numerators, denominators), _ratio)


@dataclass(frozen=True, eq=False)
class OfSums:
    """A statistic that is computed from sums over the photos alone.

    Attributes:
        values: The arrays that are summed, a value a photo.
        combine: The statistic from the sums: a row for each of `values`, a column a resample.
    """

    values: tuple[Values, ...]
    combine: Callable[[Float[np.ndarray, "k r"]], Float[np.ndarray, " r"]]

    def __call__(self, weights: Float[np.ndarray, "n r"]) -> Float[np.ndarray, " r"]:
        """The statistic under each column of weights."""
        return self.combine(
            np.array([values.astype(np.float64) @ weights for values in self.values])
        )


def _ratio(sums: np.ndarray) -> np.ndarray:
    above, below = sums
    return np.asarray(above / np.where(below != 0, below, np.nan))


class _Sums:
    """The sums of many statistics, taken over each group once, for all resamples."""

    def __init__(self, statistics: list[OfSums], codes: Int[np.ndarray, " n"]) -> None:
        self._statistics, self._places = statistics, []
        sums: list[np.ndarray] = []
        places: dict[bytes, int] = {}
        for statistic in statistics:
            own = []
            for values in statistic.values:
                key = hashlib.sha256(values.tobytes()).digest()  # many share a denominator
                if key not in places:
                    places[key] = len(sums)
                    sums.append(np.bincount(codes, weights=values))
                own.append(places[key])
            self._places.append(own)
        self._sums = np.array(sums)

    def under(self, counts: Float[np.ndarray, "g r"]) -> Iterator[Float[np.ndarray, " r"]]:
        """Each statistic under the counts of the groups."""
        if self._statistics:
            totals = self._sums @ counts
            for statistic, places in zip(self._statistics, self._places, strict=True):
                yield statistic.combine(totals[places])


def median_of(values: Values) -> Statistic:
    """The median over the photos whose value is not NaN.

    For an even number it is the mean of the middle two.

    >>> median_of(np.array([9.0, 1.0, 5.0]))(np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]]))
    array([5., 5.])
    """
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    ordered = values[order].astype(np.float64)
    place = np.full(len(values), len(order))
    place[order] = np.arange(len(order))

    def median(weights: Float[np.ndarray, "n r"]) -> Float[np.ndarray, " r"]:
        half = (place < len(order)).astype(np.float64) @ weights / 2
        if not half.any():
            return np.full(len(half), np.nan)
        start, running = _around_half(order, place, weights, half)
        lower, upper = np.argmax(running >= half, axis=0), np.argmax(running > half, axis=0)
        middle = (ordered[start + lower] + ordered[start + upper]) / 2
        return np.where(half > 0, middle, np.nan)

    return median


def _around_half(
    order: np.ndarray, place: np.ndarray, weights: np.ndarray, half: np.ndarray
) -> tuple[int, np.ndarray]:
    """Cumulative weights, in order of value, over a window that holds every column's median.

    A resample's median is near the middle, so the costly running sum is needed for a few photos
    only. The window widens until it holds every median.
    """
    count, reach = len(order), 8 + 4 * math.isqrt(len(order))
    while True:
        start, stop = max(0, count // 2 - reach), min(count, count // 2 + reach)
        below = (place < start).astype(np.float64) @ weights
        running = np.cumsum(weights.take(order[start:stop], axis=0), axis=0) + below
        defined = half > 0
        inside = (below < half) & (running[-1] > half)
        if inside[defined].all() or stop - start == count:
            return start, running
        reach *= 4


def difference_of(statistic: Statistic, other: Statistic) -> Statistic:
    """The first statistic minus the second, both of the same photos in the same order.

    Under one resample both models see the same photos, so a photo that is hard for both cancels:
    the interval is that of a paired comparison.
    """
    if not (isinstance(statistic, OfSums) and isinstance(other, OfSums)):
        return lambda weights: statistic(weights) - other(weights)
    first, second, own = statistic, other, len(statistic.values)
    return OfSums(
        (*first.values, *second.values),
        lambda sums: first.combine(sums[:own]) - second.combine(sums[own:]),
    )


def _statistics(tree: Any, path: str = "") -> Iterator[tuple[str, Statistic]]:
    """Every statistic of a tree, by its path."""
    if callable(tree):
        yield path, tree
    for name, entry in _entries(tree):
        yield from _statistics(entry, f"{path}.{name}")


def _measured(tree: Any, intervals: Mapping[str, Interval], path: str = "") -> Any:
    if callable(tree):
        return intervals[path]
    entries = {name: _measured(of, intervals, f"{path}.{name}") for name, of in _entries(tree)}
    if isinstance(tree, Draft):
        return tree.part(**entries)
    if isinstance(tree, list):
        return list(entries.values())
    return entries if isinstance(tree, Mapping) else tree


def _entries(tree: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(tree, Draft):
        return [(own.name, tree.fields[own.name]) for own in dataclasses.fields(tree.part)]
    if isinstance(tree, list):
        return enumerate(tree)
    return tree.items() if isinstance(tree, Mapping) else ()
