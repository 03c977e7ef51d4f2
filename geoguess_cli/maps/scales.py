"""Scales of colours: how values become colours, and the ticks of their keys."""

import numpy as np
from jaxtyping import Float
from matplotlib.colors import BoundaryNorm, LogNorm, Normalize, PowerNorm
from matplotlib.ticker import MaxNLocator

from geoguess_cli.choices import ColorScale
from geoguess_cli.wording import percent

# On a logarithmic scale the lowest colour stands for this share of the greatest probability.
_LOG_RANGE = 1e-4

_LONG_SCALE = 1000.0  # greatest value over least one

Ticks = list[tuple[float, str]]
"""Values at which a key has ticks, with their labels."""


def probability_norm(scale: ColorScale, most: float) -> Normalize:
    """The norm that maps probabilities of cells to [0, 1].

    Args:
        scale: "root" makes small probabilities visible; "linear" keeps proportions; "log" shows
            differences between the smallest.
        most: The greatest probability, above 0.
    """
    if scale == "log":
        return LogNorm(_LOG_RANGE * most, most, clip=True)
    return PowerNorm(0.5, 0.0, most) if scale == "root" else Normalize(0.0, most)


def photos_norm(photos: Float[np.ndarray, " n"]) -> Normalize:
    """The norm that maps photos per cell to [0, 1]; logarithmic if the cells differ much."""
    low, high = float(photos.min()), float(photos.max())
    if low > 0 and high / low > 12:
        return LogNorm(low, high)
    return Normalize(low if low < high else 0.0, max(high, 1.0))


def level_norm(low: int, high: int) -> BoundaryNorm:
    """The norm that gives each level from `low` to `high` a colour of its own."""
    return BoundaryNorm(np.arange(low, high + 2) - 0.5, high - low + 1)


def probability_ticks(norm: Normalize) -> Ticks:
    """Round probabilities about evenly spaced along the scale, and its zero if it has one.

    >>> [text for _, text in probability_ticks(probability_norm("root", 0.64))]
    ['0 %', '5 %', '20 %', '50 %']
    >>> [text for _, text in probability_ticks(probability_norm("log", 0.5))]
    ['0.005 %', '0.05 %', '0.5 %', '5 %', '50 %']
    """
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    round_ones = np.array([step * 10.0**power for power in range(-12, 1) for step in (1, 2, 5)])
    round_ones = round_ones[(round_ones <= high * (1 + 1e-6)) & (round_ones >= low * (1 - 1e-6))]
    marks = np.asarray(norm.inverse(np.linspace(0, 1, 5)[1 if low == 0 else 0 :]))
    nearest = np.abs(np.log(marks[:, None] / round_ones)).argmin(axis=1)
    chosen = {*([0.0] if low == 0 else []), *round_ones[nearest].tolist()}
    return [(value, percent(value, whole=True)) for value in sorted(chosen)]


def count_ticks(norm: Normalize) -> Ticks:
    """Round whole numbers along a scale.

    >>> count_ticks(Normalize(3, 11))
    [(4.0, '4'), (6.0, '6'), (8.0, '8'), (10.0, '10')]
    >>> [text for _, text in count_ticks(LogNorm(1, 30))]
    ['1', '2', '5', '10', '20']
    >>> [text for _, text in count_ticks(LogNorm(1, 10_000))]
    ['1', '10', '100', '1,000', '10,000']
    """
    low, high = float(norm.vmin or 0.0), float(norm.vmax or 0.0)
    if isinstance(norm, LogNorm):
        # Labels of three steps in each decade would run into each other on a long scale.
        steps = (1, 2, 5) if high / low < _LONG_SCALE else (1,)
        candidates = [step * 10.0**power for power in range(12) for step in steps]
    else:
        locator = MaxNLocator(6, integer=True, steps=[1, 2, 5, 10])
        candidates = [float(tick) for tick in locator.tick_values(low, high)]
    return [(tick, f"{tick:,.0f}") for tick in candidates if low <= tick <= high]
