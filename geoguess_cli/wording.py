"""Numbers, places and their units as text: the one place where they are formatted."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

UNDEFINED = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"


def percent(share: float, *, whole: bool = False) -> str:
    """A share as text, with the digits that count.

    Args:
        share: In [0, 1].
        whole: Without zeros at its end, as on a scale.

    >>> percent(0.3456), percent(0.0345), percent(0.0012), percent(0.00001), percent(0.0)
    ('35 %', '3.5 %', '0.12 %', '< 0.01 %', '0 %')
    >>> percent(0.02), percent(0.02, whole=True)
    ('2.0 %', '2 %')
    >>> percent(0.000002, whole=True), percent(1.0, whole=True)
    ('0.0002 %', '100 %')
    """
    if whole:
        return f"{100 * share:.8f}".rstrip("0").rstrip(".") + " %"
    if share < 5e-5:
        return "< 0.01 %" if share > 0 else "0 %"
    digits = 0 if share >= 0.0995 else 1 if share >= 0.00995 else 2
    return f"{100 * share:.{digits}f} %"


def whole_percent(share: float) -> str:
    """A share as text in whole percent; – if it is undefined.

    >>> whole_percent(0.345), whole_percent(-0.012), whole_percent(float("nan"))
    ('34 %', '−1 %', '–')
    """
    return UNDEFINED if math.isnan(share) else f"{100 * share:.0f} %".replace("-", MINUS)


def tenths_of_percent(share: float) -> str:
    """A share as text for a column of a terminal, where the digits of all rows line up.

    >>> tenths_of_percent(0.6394), tenths_of_percent(0.06)
    ('63.9%', '6.0%')
    """
    return f"{share:.1%}"


def percentage_points(difference: float) -> str:
    """A difference of two shares as text, in percentage points with its sign; – if undefined.

    >>> percentage_points(0.0091), percentage_points(-0.25), percentage_points(float("nan"))
    ('+0.9 points', '−25.0 points', '–')
    """
    points = f"{100 * difference:+.1f} points"
    return UNDEFINED if math.isnan(difference) else points.replace("-", MINUS)


def kilometres(distance: float, decimals: int | None = None) -> str:
    """A distance in kilometres as text, with the digits that count.

    Args:
        distance: 0 or more.
        decimals: Decimals to write instead, as in a column or on an axis.

    >>> kilometres(0.414), kilometres(1.23), kilometres(12.34), kilometres(1234.5)
    ('0.41 km', '1.2 km', '12 km', '1,234 km')
    >>> kilometres(1.23, decimals=0), kilometres(270.0, decimals=1)
    ('1 km', '270.0 km')
    """
    if decimals is not None:
        return f"{distance:,.{decimals}f} km"
    digits = 2 if distance < 0.995 else 1 if distance < 9.95 else 0
    return f"{distance:,.{digits}f}".removesuffix(".0") + " km"


def length(distance_km: float) -> str:
    """A length of any size as text, in kilometres, metres or centimetres.

    >>> length(0.0000074), length(0.00234), length(0.1524), length(23.4)
    ('0.74 cm', '2.3 m', '152 m', '23 km')
    """
    for unit, size_km in (("km", 1.0), ("m", 1e-3)):
        if distance_km >= size_km:
            return kilometres(distance_km / size_km).removesuffix("km") + unit
    return kilometres(distance_km / 1e-5).removesuffix("km") + "cm"


def square_kilometres(area: float) -> str:
    """An area as text, with the digits that count.

    >>> square_kilometres(0.414), square_kilometres(8123.4), square_kilometres(1_234_567.0)
    ('0.41 km²', '8,123 km²', '1.23 million km²')
    """
    if area < 999_500:
        return kilometres(area) + "²"
    return f"{area / 1e6:,.{0 if area >= 99.5e6 else 1 if area >= 9.95e6 else 2}f} million km²"


def coordinates(latitude: float, longitude: float, *, decimals: int = 3) -> str:
    """A place as text, in degrees.

    >>> coordinates(45.6801, -111.04), coordinates(-18.1, 181.0, decimals=1)
    ('45.680° N, 111.040° W', '18.1° S, 179.0° W')
    """
    longitude = (longitude + 180) % 360 - 180
    return (
        f"{abs(latitude):.{decimals}f}° {'N' if latitude >= 0 else 'S'}, "
        f"{abs(longitude):.{decimals}f}° {'E' if longitude >= 0 else 'W'}"
    )


def counted(number: int, noun: str) -> str:
    """A number and its noun as text, in the singular or the plural.

    >>> counted(1, "cell"), counted(2199, "cell"), counted(2, "process")
    ('1 cell', '2,199 cells', '2 processes')
    """
    ending = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}" + ("" if number == 1 else ending)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown.

    >>> print(markdown_table(("part", "photos"), [("val", "12")]))
    | part | photos |
    | --- | --- |
    | val | 12 |
    """
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def byte_size(size: float) -> str:
    """A number of bytes as text, in decimal units.

    >>> byte_size(512), byte_size(23_400), byte_size(2_920_000_000), byte_size(259e9)
    ('512 B', '23 kB', '2.9 GB', '259 GB')
    """
    units = ("B", "kB", "MB", "GB", "TB", "PB")
    power = 0
    while size >= 999.5 and power < len(units) - 1:
        size, power = size / 1000, power + 1
    return f"{size:.{1 if power and size < 9.95 else 0}f} {units[power]}"


def time_span(seconds: float) -> str:
    """A length of time as text, in its largest two units.

    >>> time_span(42.3), time_span(754), time_span(7300), time_span(200_000)
    ('42 s', '13 min', '2 h 2 min', '2 d 8 h')
    """
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    days, hours = divmod(round(seconds / 3600), 24)
    return f"{days} d {hours} h" if days else f"{minutes // 60} h {minutes % 60} min"


def views_in_words(model: Mapping[str, Any]) -> str:
    """What a model saw of each photo, as a clause; "" if it was the whole photo alone.

    Args:
        model: The record of a model that `PhotoPredictor.identity` gives.

    >>> views_in_words({"views": 3, "views_redundancy": 0.75})
    '3 views of each photo are answered together (redundancy 0.75)'
    """
    if model.get("views", 1) == 1:
        return ""
    alike = f" (redundancy {model['views_redundancy']:.2f})" if "views_redundancy" in model else ""
    return f"{model['views']} views of each photo are answered together{alike}"


def parts_in_words(backbone: str, vit: str) -> str:
    """The encoder of a model as text: its backbone, and its ViT if it has one.

    >>> parts_in_words("resnet50", "vit_small_patch16_224"), parts_in_words("resnet50", "none")
    ('resnet50 + vit_small_patch16_224', 'resnet50')
    """
    return backbone if vit == "none" else f"{backbone} + {vit}"


def signed(number: float) -> str:
    """A number with its sign, a true minus sign below zero.

    >>> signed(0.1), signed(-1000.0), signed(0.0)
    ('+0.1', '−1,000', '0')
    """
    return f"{number:+,.4g}".replace("-", MINUS) if number else "0"


Unit = Literal["share", "pp", "km", "km²", "points", "nats", "score", "times", "cells"]
"""How a statistic is written; pp, percentage points, for the difference of two shares."""


class Measured(Protocol):
    """A statistic with the ends of its interval; a number that is undefined is NaN."""

    @property
    def value(self) -> float:
        """The statistic itself."""

    @property
    def low(self) -> float:
        """The lower end of its interval."""

    @property
    def high(self) -> float:
        """The upper end of its interval."""


@dataclass(frozen=True)
class StatisticText:
    """A statistic as text.

    Attributes:
        value: With its unit.
        interval: Both ends without the unit; "" without an interval.
    """

    value: str
    interval: str = ""

    def __str__(self) -> str:
        return f"{self.value} ({self.interval})" if self.interval else self.value


def significant(value: float) -> str:
    """A number with three significant digits, or all those before the point.

    >>> significant(1234.5), significant(0.12345)
    ('1,234', '0.123')
    """
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _three_digits(value: float) -> str:
    return significant(float(f"{value:.3g}"))


_FORMS: dict[Unit, tuple[Callable[[float], str], str]] = {
    "share": (lambda value: f"{100 * value:.1f}", " %"),
    "pp": (lambda value: f"{100 * value:.1f}", " pp"),
    "km": (significant, " km"),
    "km²": (_three_digits, " km²"),
    "points": (lambda value: f"{value:,.0f}", ""),
    "nats": (lambda value: f"{value:.3f}", " nats"),
    "score": (lambda value: f"{value:.3f}", ""),
    "times": (lambda value: f"{value:.1f}", "×"),
    "cells": (significant, ""),
}


def number(value: float | None, unit: Unit) -> str:
    """One number with its unit as text, with the digits of every page; – where it is undefined.

    >>> number(0.4935, "share"), number(1234.5, "km"), number(float("nan"), "nats")
    ('49.4 %', '1,234 km', '–')
    """
    form, ending = _FORMS[unit]
    return UNDEFINED if value is None or math.isnan(value) else form(value) + ending


def text_of(statistic: Measured, unit: Unit) -> StatisticText:
    """A statistic with its interval as text.

    >>> from types import SimpleNamespace
    >>> str(text_of(SimpleNamespace(value=0.4935, low=0.318, high=0.68), "share"))
    '49.4 % (31.8 to 68.0)'
    """
    form, _ = _FORMS[unit]
    known = all(map(math.isfinite, (statistic.value, statistic.low, statistic.high)))
    interval = f"{form(statistic.low)} to {form(statistic.high)}" if known else ""
    return StatisticText(number(statistic.value, unit), interval)


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
