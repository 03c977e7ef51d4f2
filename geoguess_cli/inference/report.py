"""An evaluation as a page to read: `report.md` from what `report.json` holds."""

from collections.abc import Callable, Sequence
from typing import Any

from geoguess_cli.inference.metrics import RADII_KM, TOP_K

SKIPPED_SHOWN = 20


def render_report(report: dict[str, Any]) -> str:
    """The report as Markdown.

    Args:
        report: `Evaluation.report`.
    """
    sections = [
        _summary(report),
        _right_cell(report),
        _how_far(report),
        _right_place(report),
        _left_out(report["skipped"]),
        ["Every figure is defined in `docs/metrics.md` of geoguess."],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _summary(report: dict[str, Any]) -> list[str]:
    counts, model = report["counts"], report["model"]
    unread = (
        f"{counts['skipped']:,} more could not be read and count nowhere."
        if counts["skipped"]
        else "Every photo could be read."
    )
    return [
        f"# Evaluation on the {report['split']} split",
        "",
        f"Model `{model['fingerprint']}`: {model['backbone']} + {model['vit']}, "
        f"{model['image_size']} px, {counts['cells']:,} cells, {model['parameters']:,} parameters; "
        f"run on {model['device']} in {model['precision']}.",
        "",
        f"{counts['photos']:,} photos, of which {counts['covered']:,} "
        f"({_text(report['coverage'], _percent)}) lie in a cell of the partition. {unread}",
    ]


def _right_cell(report: dict[str, Any]) -> list[str]:
    baseline = report["baselines"]["most_frequent_cell"]
    accuracies = [
        [f"top-{k}", *(_text(report[over][f"top_{k}"], _percent) for over in ("all", "covered"))]
        for k in TOP_K
    ]
    beside = [
        [
            "chance",
            _text(report["chance"], _percent),
            f"top-1 of a cell drawn at random: 1 / {report['counts']['cells']:,}",
        ],
        ["lift", _text(report["lift"], _times), "top-1 over all photos ÷ chance"],
        [
            "most frequent cell",
            _text(baseline["top_1"], _percent),
            f"top-1 over all photos of always answering `{baseline['token']}`, the cell with the "
            "most training photos",
        ],
        ["loss", _text(report["loss"], _nats), "mean −ln p of the true cell, covered photos"],
    ]
    return [
        "## The right cell",
        "",
        "A photo that lies in no cell cannot be answered right: over *all* photos it counts as "
        "wrong, over the *covered* ones it is left out.",
        "",
        *_table(["figure", "all photos", "covered photos"], accuracies),
        "",
        *_table(["figure", "value", "what it is"], beside),
    ]


def _how_far(report: dict[str, Any]) -> list[str]:
    baselines = report["baselines"]
    constant = baselines["best_constant"]
    compared = (report, constant, baselines["most_frequent_cell"])
    distances = [
        [name, *(_text(of[key], form) for of in compared)]
        for name, key, form in (
            ("median distance", "median_km", _km),
            ("mean distance", "mean_km", _km),
            ("GeoScore (of 5,000)", "geoscore", _points),
        )
    ]
    within = [
        [f"{radius:,g} km", _text(report["within_km"][f"{radius:g}"], _percent), name]
        for name, radius in RADII_KM.items()
    ]
    return [
        "## How far",
        "",
        "Great-circle distance from the point estimate to the truth, over all photos. The best "
        f"constant is the one place ({_place(constant)}) with the least median distance to these "
        "very photos: no answer that ignores the photo has a lower median.",
        "",
        *_table(["figure", "model", "best constant", "most frequent cell"], distances),
        "",
        *_table(["within", "share of all photos", "also called"], within),
    ]


def _right_place(report: dict[str, Any]) -> list[str]:
    rows = [
        [name, _text(report[f"{name}_accuracy"], _percent), meaning]
        for name, meaning in (
            ("state", "point estimate in the state (first-level region) of the truth"),
            ("country", "point estimate in the country of the truth"),
        )
    ]
    return ["## The right place", "", *_table(["figure", "value", "what it is"], rows)]


def _left_out(skipped: Sequence[dict[str, str]]) -> list[str]:
    """The photos that could not be read, the first ones by name."""
    if not skipped:
        return []
    rows = [[f"`{entry['photo']}`", entry["reason"].replace("|", "\\|")] for entry in skipped]
    more = len(rows) - SKIPPED_SHOWN
    rest = ["", f"and {more:,} more, all listed in `report.json`."] if more > 0 else []
    return ["## Left out", "", *_table(["photo", "why"], rows[:SKIPPED_SHOWN]), *rest]


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; columns of figures are aligned to the right."""
    rule = [
        "---:" if all(row[i][0].isdigit() or row[i] == _UNDEFINED for row in rows) else "---"
        for i in range(len(columns))
    ]
    return [f"| {' | '.join(row)} |" for row in (columns, rule, *rows)]


_UNDEFINED = "–"


def _text(figure: dict[str, Any], form: Callable[[float], str]) -> str:
    return _UNDEFINED if figure["value"] is None else form(figure["value"])


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _km(distance: float) -> str:
    return f"{distance:,.0f} km" if distance >= 100 else f"{distance:.3g} km"


def _points(score: float) -> str:
    return f"{score:,.0f}"


def _times(ratio: float) -> str:
    return f"{ratio:.1f}×"


def _nats(loss: float) -> str:
    return f"{loss:.3f} nats"


def _place(constant: dict[str, Any]) -> str:
    latitude, longitude = constant["latitude"]["value"], constant["longitude"]["value"]
    return (
        f"{abs(latitude):.3f}° {'N' if latitude >= 0 else 'S'}, "
        f"{abs(longitude):.3f}° {'E' if longitude >= 0 else 'W'}"
    )
