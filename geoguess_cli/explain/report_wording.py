"""Figures of a report as text: the value in its unit, and its interval in the same."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

UNDEFINED = "–"


@dataclass(frozen=True)
class Shown:
    """A figure as text.

    Attributes:
        value: With its unit.
        interval: Both ends, without it; "" where there is none.
    """

    value: str
    interval: str = ""

    def __str__(self) -> str:
        return f"{self.value} ({self.interval})" if self.interval else self.value


def _number(value: float) -> str:
    """Three digits that count, or all those before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _three_digits(value: float) -> str:
    return _number(float(f"{value:.3g}"))


FORMS: dict[str, tuple[Callable[[float], str], str]] = {
    "share": (lambda value: f"{100 * value:.1f}", " %"),
    "pp": (lambda value: f"{100 * value:.1f}", " pp"),
    "km": (_number, " km"),
    "km²": (_three_digits, " km²"),
    "points": (lambda value: f"{value:,.0f}", ""),
    "nats": (lambda value: f"{value:.3f}", " nats"),
    "score": (lambda value: f"{value:.3f}", ""),
    "times": (lambda value: f"{value:.1f}", "×"),
    "cells": (_number, ""),
}
"""How a number of each kind is written, and its unit; pp, points of a percentage, part shares."""


def shown(figure: Mapping[str, float | None], kind: str) -> Shown:
    """A figure of a report as text.

    Args:
        figure: With `value`, `low` and `high`.
        kind: One of `FORMS`.

    >>> str(shown({"value": 0.4935, "low": 0.318, "high": 0.68}, "share"))
    '49.4 % (31.8 to 68.0)'
    >>> str(shown({"value": 1234.5, "low": None, "high": None}, "km"))
    '1,234 km'
    """
    number, unit = FORMS[kind]
    value, low, high = figure["value"], figure["low"], figure["high"]
    if value is None:
        return Shown(UNDEFINED)
    interval = f"{number(low)} to {number(high)}" if low is not None and high is not None else ""
    return Shown(number(value) + unit, interval)


def without_common_country(names: Sequence[str]) -> list[str]:
    """Names of places without the country that more than half of them share.

    >>> without_common_country(["Utah, US", "Idaho, US", "Peru"])
    ['Utah', 'Idaho', 'Peru']
    >>> without_common_country(["Utah, US", "Ontario, Canada"])
    ['Utah, US', 'Ontario, Canada']
    """
    countries = Counter(name.rpartition(", ")[2] for name in names)
    country, count = max(countries.items(), key=lambda item: item[1], default=("", 0))
    if 2 * count <= len(names):
        return list(names)
    return [name.removesuffix(f", {country}") for name in names]
