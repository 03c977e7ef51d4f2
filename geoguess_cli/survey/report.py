"""A survey as plain JSON, and as a page to read."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from geoguess_cli.survey.attention import THIRDS
from geoguess_cli.survey.scan import ScanPlan
from geoguess_cli.survey.shortcuts import SharedSpot
from geoguess_cli.survey.survey import Survey

LISTED = 20
"""Photos without a map that the page names; the JSON names all."""


def survey_report(
    found: Survey,
    plan: ScanPlan,
    *,
    split: str,
    model: Mapping[str, Any],
    size: int,
    names: Sequence[str],
    sequences: Sequence[str | None],
    tokens: Sequence[str],
) -> dict[str, Any]:
    """What `attention.json` holds; `docs/metrics.md` defines every figure.

    Args:
        found: The survey.
        plan: How it looked.
        split: Which photos were asked about.
        model: Which model it is.
        size: Side of the square that the model sees, in pixels.
        names: Each photo of the set.
        sequences: Its drive.
        tokens: Of the cells.
    """

    def spots(listed: Sequence[SharedSpot]) -> list[dict[str, Any]]:
        return [_spot(spot, size, names, sequences, tokens) for spot in listed]

    told = found.attention
    return {
        "split": split,
        "model": dict(model),
        "follow": plan.follow,
        "window": plan.window,
        "stride": plan.stride,
        "baselines": list(plan.baselines),
        "counts": {
            "photos": told.photos,
            "sequences": told.sequences,
            "failed": len(found.failures),
            "shared_spots": len(found.suspects) + len(found.cleared),
            "suspects": len(found.suspects),
        },
        "thirds": {third: told.thirds[third].figure() for third in THIRDS},
        "ninths": [[figure.figure() for figure in row] for row in told.ninths],
        "profile": [figure.figure() for figure in told.profile],
        "suspects": spots(found.suspects),
        "cleared": spots(found.cleared),
        "failures": [{"photo": names[row], "reason": reason} for row, reason in found.failures],
    }


def _spot(
    spot: SharedSpot,
    size: int,
    names: Sequence[str],
    sequences: Sequence[str | None],
    tokens: Sequence[str],
) -> dict[str, Any]:
    box = spot.box
    sides = {"top": box.top, "left": box.left, "bottom": box.bottom, "right": box.right}
    shares = {
        "drop": spot.drop,
        "within": spot.within,
        "without": spot.without,
        "across": spot.across,
        "across_half": spot.across_half,
        "score": spot.score,
        "alone": spot.alone,
        "carried": spot.carried,
    }
    return {
        "sequence": sequences[spot.rows[0]],
        "token": tokens[spot.cell_index],
        "box": {name: pixel / size for name, pixel in sides.items()},
        "area": box.area / size**2,
        "photos": [names[row] for row in spot.rows],
        **{name: value if math.isfinite(value) else None for name, value in shares.items()},
        "changed": spot.changed,
        "kept_alone": spot.kept_alone,
        "compared_with": [names[row] for row in spot.others],
    }


def render_survey(report: Mapping[str, Any]) -> str:
    """The report as Markdown.

    Args:
        report: What `survey_report` gave.
    """
    sections = [_summary(report), _thirds(report), _suspects(report), _left_out(report)]
    sections.append(["Every figure is defined in `docs/metrics.md` of geoguess."])
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _summary(report: Mapping[str, Any]) -> list[str]:
    counts, model = report["counts"], report["model"]
    cell = {"top": "likeliest", "truth": "true"}[report["follow"]]
    return [
        f"# Where the model looks: {counts['photos']:,} photos of {_named(report['split'])}",
        "",
        f"Model `{model['fingerprint']}`: {model['backbone']} + {model['vit']}, "
        f"{model['image_size']} px, {model['cells']:,} cells. "
        f"The probability of each photo's {cell} cell is followed while a window of "
        f"{report['window']} px, moved by {report['stride']} px, is covered "
        f"({', '.join(report['baselines'])}). {counts['sequences']:,} drives; the intervals "
        "(95 %) come from resampling them.",
        "",
        "![Mean map, profile by height, share on each ninth](attention.png)",
    ]


def _named(split: str) -> str:
    return "the table" if split == "all" else f"the {split} split"


def _thirds(report: Mapping[str, Any]) -> list[str]:
    notes = {"upper": "sky, as a rule", "middle": "horizon, buildings, trees", "lower": "road"}
    rows = []
    for third in THIRDS:
        value, low, high = (report["thirds"][third][key] for key in ("value", "low", "high"))
        between = "–" if low is None else f"{100 * low:.1f} to {100 * high:.1f} %"
        share = "–" if value is None else f"{100 * value:.1f} %"
        rows.append(f"| {third} third ({notes[third]}) | {share} | {between} | 33.3 % |")
    return [
        "## By height",
        "",
        "| part of the frame | share of the positive drop | interval | share of the area |",
        "| --- | ---: | ---: | ---: |",
        *rows,
    ]


def _suspects(report: Mapping[str, Any]) -> list[str]:
    counts = report["counts"]
    head = [
        "## Shortcut report",
        "",
        f"Small spots that decide in several photos of a drive at one place of the frame: "
        f"{counts['shared_spots']:,}. Suspects among them: {counts['suspects']:,}. A suspect is a "
        "thing of the drive, that nearly no other drive of the cell or nearby has there, or that "
        "half of them lack and that is missing from some photos of the drive itself. The others "
        "are features that other drives share, as a road or a skyline.",
    ]
    if not report["suspects"]:
        return head
    rows = [
        f"| {number} | {spot['sequence']} | `{spot['token']}` | {len(spot['photos'])} | "
        f"{_place(spot['box'])} | {_percent(spot['score'])} | {_percent(spot['drop'])} | "
        f"{spot['changed']} | {_percent(spot['alone'])} | {_points(spot['carried'])} |"
        for number, spot in enumerate(report["suspects"], start=1)
    ]
    return [
        *head,
        "",
        "![Contact sheet of the suspects](suspects.png)",
        "",
        "| | drive | answer | photos | middle of the spot | score | covered: lost | answer changes "
        "| alone: left | pasted elsewhere |",
        "| ---: | --- | --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
        *rows,
        "",
        "*Score*: share of the answer's probability lost when the spot shows what photos without "
        "the thing show there, beyond what exchanging it within the drive costs. *Covered*: share "
        "lost when it is covered. *Alone*: share left when nothing else is seen. *Pasted "
        "elsewhere*: rise of the cell's probability in photos of other cells that the spot is "
        "pasted into.",
    ]


def _place(box: Mapping[str, float]) -> str:
    across, down = (box["left"] + box["right"]) / 2, (box["top"] + box["bottom"]) / 2
    return f"{100 * across:.0f} % across, {100 * down:.0f} % down"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _points(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:+.1f} points"


def _left_out(report: Mapping[str, Any]) -> list[str]:
    failures = report["failures"]
    if not failures:
        return []
    rows = [
        f"| `{one['photo']}` | {one['reason'].replace('|', chr(92) + '|')} |" for one in failures
    ]
    more = len(rows) - LISTED
    rest = ["", f"and {more:,} more, all listed in `attention.json`."] if more > 0 else []
    return ["## Left out", "", "| photo | why |", "| --- | --- |", *rows[:LISTED], *rest]
