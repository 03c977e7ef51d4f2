"""What a comparison of two models says."""

from collections.abc import Mapping
from typing import Any

from geoguess_cli.evaluation.comparison import FIGURES
from geoguess_cli.report.content import Page, Picture, Section, Table
from geoguess_cli.wording import Shown, counted, shown

HEADLINE = ("all.top_1", "median_km", "geoscore", "calibration.after.ece")


def comparison_page(comparison: Mapping[str, Any]) -> Page:
    """The page of a comparison.

    Args:
        comparison: As `inference.comparison.compare` gives it.
    """
    counts, models = comparison["counts"], comparison["models"]
    opening = [
        f"{counted(counts['photos'], 'photo')} of the {comparison['split']} split, of "
        f"{counted(counts['sequences'], 'sequence')}, the same for both models. In brackets: 95 % "
        "bootstrap interval over whole sequences; that of a difference is paired.",
        " ".join(
            f"{side.upper()}: {models[side]['name']}, model {models[side]['fingerprint']}, "
            f"{models[side]['backbone']} + {models[side]['vit']}, {models[side]['cells']:,} cells."
            for side in "ab"
        ),
    ]
    headline = [
        (
            f"B − A, {FIGURES[key].name}",
            difference(comparison, key),
            f"A {_value(comparison, key, 'a')}, B {_value(comparison, key, 'b')}",
        )
        for key in HEADLINE
    ]
    rows = [
        [
            FIGURES[key].name + ("" if found["fair"] else " (own cells)"),
            shown(found["a"], FIGURES[key].kind),
            shown(found["b"], FIGURES[key].kind),
            difference(comparison, key),
            (found["better"] or "–").upper(),
        ]
        for key, found in comparison["figures"].items()
    ]
    table = Table(
        "B − A is the difference; the last column names the better model where the interval of the "
        "difference does not hold 0.",
        ("figure", "A", "B", "B − A", "better"),
        rows,
    )
    picture = Picture(
        "shares",
        "Further right is better. Intervals of A and B may overlap where the paired difference is "
        "sure: judge by the table.",
    )
    return Page(
        "Two models on the same photos",
        opening,
        headline,
        [
            Section("verdict", "Which is better", verdicts(comparison)),
            Section("figures", "Figure by figure", [], [picture], [table]),
        ],
    )


def verdicts(comparison: Mapping[str, Any]) -> list[str]:
    """In words: what is sure, and what does not compare."""
    words = []
    for side in "ba":
        sure = [
            f"{FIGURES[key].name} by {_size(found['difference'], _kind(key))}"
            for key, found in comparison["figures"].items()
            if found["better"] == side
        ]
        if sure:
            words.append(f"{side.upper()} is better in {'; '.join(sure)}.")
    if not words:
        words.append("No figure tells the two apart: every interval of a difference holds 0.")
    if not comparison["same_cells"]:
        first, second = (comparison["models"][side]["cells"] for side in "ab")
        words.append(
            f"The models choose among different cells ({first:,} and {second:,}), so figures of "
            "right cells compare label spaces as well as models, and name no better one; "
            "distances, GeoScore and states compare fairly."
        )
    return words


def difference(comparison: Mapping[str, Any], key: str) -> Shown:
    """B − A as text, with its sign."""
    found = comparison["figures"][key]["difference"]
    text = shown(found, _kind(key))
    if found["value"] is None or found["value"] < 0:
        return Shown(_minus(text.value), _minus(text.interval))
    return Shown(f"+{text.value}", _minus(text.interval))


def _kind(key: str) -> str:
    """How a difference of this figure is written."""
    kind = FIGURES[key].kind
    return "pp" if kind == "share" else kind


def _value(comparison: Mapping[str, Any], key: str, side: str) -> str:
    return shown(comparison["figures"][key][side], FIGURES[key].kind).value


def _size(found: Mapping[str, float], kind: str) -> str:
    """The difference without its sign."""
    ends = sorted(abs(found[end]) for end in ("low", "high"))
    return str(shown({"value": abs(found["value"]), "low": ends[0], "high": ends[1]}, kind))


def _minus(text: str) -> str:
    return text.replace("-", "−")
