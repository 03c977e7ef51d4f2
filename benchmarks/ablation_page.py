"""The page of the ablation: its tables between their markers, and its figures, from the lines."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ablation_figures import figures_of
from ablation_results import COLUMNS, Column, read_summary
from ablation_rows import CEILINGS

from geoguess_cli.drawing.saving import save_figure
from geoguess_cli.files import write_text
from geoguess_cli.wording import MINUS, UNDEFINED, Unit, number, whole_percent

Line = Mapping[str, Any]
_MARKED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_COLUMN = {column.key: column for column in COLUMNS}
COMPARED = ("top_1", "median_km", "nll")
WAYS = ("paper", "best", "tuned", "tuned-224", "base", "together", "laptop")
"""Rows whose way from `notebook` to the ceiling is told."""
DPI = 110


def write_page(page: Path) -> None:
    """Write the tables of a page again, and its figures beside it in `images/`.

    A table, or a figure, stands between `<!-- table: NAME -->` and `<!-- end -->`. The lines of
    the summary are those of the file beside it that ends in `.jsonl`.

    Args:
        page: A Markdown file with markers; if it does not exist, one with all tables is made.
    """
    summary = read_summary(page.with_suffix(".jsonl"))
    before = page.read_text(encoding="utf-8") if page.is_file() else EMPTY
    figures = figures_of(summary)

    def content(name: str) -> str:
        if name not in PICTURES:
            return TABLES[name](summary)
        own = name.removesuffix("_picture")
        return f"![{PICTURES[name]}](images/ablation-{own}.png)\n" if own in figures else ""

    text = _MARKED.sub(lambda found: f"{found[1]}{content(found[2])}{found[3]}", before)
    for name, figure in figures.items():
        save_figure(figure, page.parent / "images" / f"ablation-{name}.png", dpi=DPI)
    write_text(text, page)


def world_table(summary: Sequence[Line]) -> str:
    """The photos and drives of each split."""
    (world,) = (line["world"] for line in summary if "world" in line)
    rows = [
        (
            split,
            f"{world['photos'][split]:,}",
            f"{world['drives'][split]:,}",
            number(world["covered"][split], "share"),
        )
        for split in ("train", "val", "test")
    ]
    return table(("split", "photos", "drives", f"in one of the {world['cells']} cells"), rows)


def rows_table(group: str) -> Callable[[Sequence[Line]], str]:
    """Every statistic of the rows of a group; better or worse than the base is marked."""

    def written(summary: Sequence[Line]) -> str:
        heading = (
            "",
            *(column.title for column in COLUMNS),
            "steps",
            "processor s",
        )
        return table(heading, [_cells(line) for line in _of(summary, group)])

    return written


def _cells(line: Line) -> list[str]:
    words = _words(line)
    if not line["seeds"]:
        return [words, "not measured yet", *[""] * (len(COLUMNS) + 1)]
    if line.get("asked", 0) > line["seeds"]:
        words = f"{words} ({line['seeds']} of {line['asked']} seeds)"
    values = [_marked(column, line) for column in COLUMNS]
    return [
        words,
        *values,
        f"{line['steps']:,}" if line["steps"] else "–",
        f"{line['seconds']:,.0f}",
    ]


def _words(line: Line) -> str:
    return CEILINGS.get(line["row"]) or str(line["words"])


def _marked(column: Column, line: Line) -> str:
    text = number(line["statistics"][column.key][0], column.unit)
    side = judged(column, line)
    return {"better": f"**{text}**", "worse": f"*{text}*"}.get(side, text)


def judged(column: Column, line: Line) -> str:
    """ "better" or "worse" than the base, if the paired interval excludes 0; else ""."""
    value, low, high = line["differences"].get(column.key, (None, None, None))
    if value is None or low is None or column.less is None or low <= 0 <= high:
        return ""
    return "better" if (high < 0) == column.less else "worse"


def differences_table(group: str) -> Callable[[Sequence[Line]], str]:
    """The differences to the base with their paired intervals."""

    def written(summary: Sequence[Line]) -> str:
        rows = [
            [
                _words(line),
                *(_difference(_COLUMN[key], line) for key in COMPARED),
            ]
            for line in _of(summary, group)
            if line["seeds"] and line["differences"]
        ]
        return table(("", *(_COLUMN[key].title for key in COMPARED)), rows)

    return written


def _difference(column: Column, line: Line) -> str:
    value, low, high = line["differences"][column.key]
    ends = ", ".join(signed(column.unit, end) for end in (low, high))
    return f"{signed(column.unit, value)} ({ends})"


def gap_table(summary: Sequence[Line]) -> str:
    """How much of the way from `notebook` to each ceiling other rows come, and what they take."""
    known = {line["row"]: line for line in summary if line.get("seeds")}
    rows = []
    for name in WAYS:
        if not {name, "notebook", *CEILINGS} <= known.keys():
            continue
        shares = [
            whole_percent(closed(known["notebook"], known[name], known[top], key))
            for key in ("top_1", "median_km")
            for top in CEILINGS
        ]
        seconds = known[name]["seconds"] + known[name]["reading_seconds"]
        rows.append([known[name]["words"], *shares, f"{seconds:,.0f}"])
    heading = [
        f"{_COLUMN[key].title}, {words}"
        for key in ("top_1", "median_km")
        for words in CEILINGS.values()
    ]
    return table(("", *heading, "processor s"), rows)


def closed(base: Line, row: Line, top: Line, key: str) -> float:
    """Share of the way from a base to a ceiling that a row comes, by one statistic."""
    first, own, last = (line["statistics"][key][0] for line in (base, row, top))
    return float((own - first) / (last - first))


def calibration_table(summary: Sequence[Line]) -> str:
    """Each way to calibrate each row, judged on the test drives."""
    words = {line["row"]: _words(line) for line in summary if "row" in line}
    lines = [line for line in summary if "calibration" in line]
    most = max((int(line["how"].split()[0]) for line in lines if _of_drives(line)), default=0)
    rows = [
        [
            words[line["calibration"]],
            HOW.get(line["how"], line["how"]),
            f"{line['temperature']:.2f}",
            number(line["ece"], "share"),
            number(line["ece_most"], "share") if line["draws"] > 1 else "",
            number(line["set_90"], "share"),
            whole_percent(line["passes"]),
        ]
        for line in lines
        if not _of_drives(line) or line["how"] == f"{most} drives"
    ]
    heading = (
        "row",
        "fitted on",
        "temperature",
        "ECE",
        "worst ECE",
        "90 % sets",
        "within both limits",
    )
    return table(heading, rows)


def _of_drives(line: Line) -> bool:
    return str(line["how"]).endswith(" drives")


HOW = {
    "none": "nothing",
    "decision": "val, by the rules of `calibrate`",
    "test": "the test drives themselves",
}
"""How a temperature was fitted, where its name does not say it."""

TABLES: dict[str, Callable[[Sequence[Line]], str]] = {
    "world": world_table,
    "ceiling": rows_table("ceiling"),
    "features": rows_table("features"),
    "feature_differences": differences_table("features"),
    "hybrid": rows_table("hybrid"),
    "hybrid_differences": differences_table("hybrid"),
    "gap": gap_table,
    "calibration": calibration_table,
}
"""Every table by the name in its marker."""

PICTURES = {
    "features_picture": "What each key changes, with intervals",
    "hybrid_picture": "The ways end to end, and the ceilings, with intervals",
    "calibration_picture": "The calibration error by the number of val drives",
}
"""Every figure by the name in its marker, with its words."""

EMPTY = "# What each key is worth\n" + "".join(
    f"\n## {name.replace('_', ' ').capitalize()}\n\n<!-- table: {name} -->\n<!-- end -->\n"
    for name in (*TABLES, *PICTURES)
)
"""A page with every table."""


def _of(summary: Sequence[Line], group: str) -> list[Line]:
    return [line for line in summary if line.get("group") == group]


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; numbers stand to the right."""
    if not rows:
        return "Not measured.\n"
    lines = [heading, ["---", *["--:"] * (len(heading) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def signed(unit: Unit, value: float | None) -> str:
    """A difference with its sign; of shares in percentage points.

    >>> signed("share", -0.0412), signed("km", 12.3)
    ('−4.1 pp', '+12.3 km')
    """
    if value is None:
        return UNDEFINED
    own: Unit = "pp" if unit == "share" else unit
    return f"{'+' if value >= 0 else MINUS}{number(abs(value), own)}"
