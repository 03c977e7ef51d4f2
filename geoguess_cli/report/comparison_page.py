"""The content of the page of a comparison of two models."""

from typing import Literal

from geoguess_cli.evaluation.comparison import COMPARED, Comparison, Side
from geoguess_cli.evaluation.intervals import Interval
from geoguess_cli.report.content import Cell, Page, Picture, Section, Table
from geoguess_cli.wording import (
    UNDEFINED,
    StatisticText,
    Unit,
    counted,
    number,
    parts_in_words,
    text_of,
)

HEADLINE = ("all.top_1", "median_km", "geoscore", "calibration.after.ece")
SIDES: tuple[Side, Side] = ("a", "b")


def comparison_page(comparison: Comparison) -> Page:
    """The page of a comparison."""
    counts, models = comparison.counts, comparison.models
    opening = [
        f"{counted(counts.photos, 'photo')} of the {comparison.split} split, of "
        f"{counted(counts.sequences, 'sequence')}, the same for both models. In brackets: 95 % "
        "bootstrap interval over whole sequences; the interval of a difference is paired.",
        " ".join(
            f"{side.upper()}: {models[side]['name']}, model {models[side]['fingerprint']}, "
            f"{parts_in_words(models[side]['backbone'], models[side]['vit'])}, "
            f"{models[side]['cells']:,} cells."
            for side in SIDES
        ),
    ]
    headline = [
        (
            f"B − A, {COMPARED[key].name}",
            difference(comparison, key),
            f"A {value(comparison, key, 'a')}, B {value(comparison, key, 'b')}",
        )
        for key in HEADLINE
    ]
    rows: list[list[Cell]] = [
        [
            COMPARED[key].name + ("" if of.fair else " (own cells)"),
            text_of(of.a, _unit(key)),
            text_of(of.b, _unit(key)),
            difference(comparison, key),
            (of.better or UNDEFINED).upper(),
        ]
        for key, of in comparison.statistics.items()
    ]
    table = Table(
        "B − A is the difference. The last column names the better model if the interval of the "
        "difference excludes 0.",
        ("statistic", "A", "B", "B − A", "better"),
        rows,
    )
    picture = Picture(
        "shares",
        "Further right is better. Intervals of A and B may overlap although the paired difference "
        "is sure: judge by the table.",
    )
    return Page(
        "Two models on the same photos",
        opening,
        headline,
        [
            Section("verdict", "Which is better", verdicts(comparison)),
            Section("figures", "Statistic by statistic", [], [picture], [table]),
        ],
    )


def verdicts(comparison: Comparison) -> list[str]:
    """Sentences that say which differences are sure, and what does not compare."""
    sentences = []
    for side in reversed(SIDES):
        sure = [
            f"{COMPARED[key].name} by {_size(of.difference, _unit(key, difference=True))}"
            for key, of in comparison.statistics.items()
            if of.better == side
        ]
        if sure:
            sentences.append(f"{side.upper()} is better in {'; '.join(sure)}.")
    if not sentences:
        sentences.append(
            "No statistic tells the two models apart: the interval of every difference holds 0."
        )
    if not comparison.same_cells:
        first, second = (comparison.models[side]["cells"] for side in SIDES)
        sentences.append(
            f"The models choose among different cells ({first:,} and {second:,}). Statistics that "
            "depend on the cells then compare label spaces as well as models, so they name no "
            "better model; distances, GeoScore and states compare fairly."
        )
    return sentences


def difference(comparison: Comparison, key: str) -> StatisticText:
    """B − A as text, with its sign."""
    of = comparison.statistics[key].difference
    text = text_of(of, _unit(key, difference=True))
    sign = "+" if of.value >= 0 else ""
    return StatisticText(_minus(sign + text.value), _minus(text.interval))


def value(comparison: Comparison, key: str, side: Literal["a", "b"]) -> str:
    """The statistic of one model as text, without its interval."""
    return number(getattr(comparison.statistics[key], side).value, _unit(key))


def _unit(key: str, *, difference: bool = False) -> Unit:
    """How a statistic is written, or the difference of two; shares differ by percentage points."""
    unit = COMPARED[key].definition.unit
    return "pp" if difference and unit == "share" else unit


def _size(of: Interval, unit: Unit) -> str:
    """The difference without its sign."""
    low, high = sorted(abs(end) for end in (of.low, of.high))
    return str(text_of(Interval(abs(of.value), low, high), unit))


def _minus(text: str) -> str:
    return text.replace("-", "−")
