"""What each key of the training is worth: rows with paired intervals, beside the world's ceiling.

    python benchmarks/ablation.py --results DIR                           the drawn world
    python benchmarks/ablation.py --results DIR --photos photos.parquet   your own photos
    python benchmarks/ablation.py --page docs/ablation.md                 the page from stored lines

The sample world is drawn larger, its drives are divided into train, val and test, and each row
trains a model on it: a head on features that are kept once, or a hybrid end to end. Every result is
a line of JSON in DIR/rows, with the logits beside it. A row that is there is not computed again, so
a run that was stopped goes on. The ceiling comes first: the nearest training scenes by the true
parameters of the scenes, which only a drawn world has.

DIR/summary.jsonl holds the statistics of all rows, with 95 % intervals over the test drives of
their differences to the base. With --page they are copied beside the page, whose tables and figures
are written again; a page that does not exist is made.

With --photos the hybrids are those of the recipes `notebook`, `paper` and `osv-mini`, for a GPU;
--hybrid small takes the small one of the sample world. --small shows in seconds that all works.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import calm  # noqa: F401  (before numpy)
from ablation_calibration import calibration_lines
from ablation_neighbours import answer_by_neighbours, kept_features, scene_parameters
from ablation_page import write_page
from ablation_results import Judge, write_summary
from ablation_rows import (
    BASES,
    CEILINGS,
    FEATURE_ROWS,
    HYBRID_BASE,
    HYBRID_ROWS,
    ROWS,
    Row,
    Size,
    config_of,
)
from ablation_training import run_row
from ablation_worlds import World, drawn_world, generator, given_world

from geoguess_cli.config import CellsConfig

DRIVES = 930
FEATURES = "neighbours"
CALIBRATED = (
    "base",
    "smoothing",
    "distance",
    "distance-smoothing",
    "laptop",
    "together",
    "paper",
    "best",
    "tuned",
    "tuned-224",
)
"""Rows whose calibration is looked at more closely."""


def ceiling(world: World, workers: int) -> None:
    """The rows that need no training, and know what no photo says in full."""
    if not world.drives:
        return
    generator()
    from world.parameters import PAINTED, PLACE

    numbers = scene_parameters(world, workers)
    for name, groups in zip(CEILINGS, (PLACE, PAINTED), strict=True):
        own = {
            split: {group: values[group] for group in groups} for split, values in numbers.items()
        }
        report(name, 0, answer_by_neighbours(world, name, own))


def train_rows(world: World, rows: Sequence[Row], seeds: dict[str, int], size: Size) -> None:
    """The rows of each group with the first seed, then with the next."""
    for group in BASES:
        own = [row for row in rows if row.group == group]
        for seed in range(seeds[group]):
            for row in own:
                report(row.name, seed, run_row(world, row, seed, size))
        if group == "features" and own:
            config = config_of(FEATURE_ROWS[0], 0, world, size)
            report(FEATURES, 0, answer_by_neighbours(world, FEATURES, kept_features(world, config)))


def summary(world: World, seeds: dict[str, int], *, resamples: int) -> Iterator[dict[str, Any]]:
    """Every line of the summary."""
    yield {"world": world.record()}
    judge = Judge(world, resamples=resamples)
    for name in CEILINGS:
        if (line := judge.line(name, [0], HYBRID_BASE)) is not None:
            yield {"group": "ceiling", "words": CEILINGS[name], **line}
    for row in ROWS:
        count = seeds[row.group]
        asked = {"group": row.group, "row": row.name, "words": row.words, "asked": count}
        line = judge.line(row.name, range(count), BASES[row.group])
        yield {**asked, **(line or {"seeds": 0})}
    if (line := judge.line(FEATURES, [0], None)) is not None:
        yield {
            "group": "features",
            "words": "nearest training photos by features",
            "asked": 1,
            **line,
        }
    for name in CALIBRATED:
        group = next(row.group for row in ROWS if row.name == name)
        yield from calibration_lines(world, name, seeds[group])


def report(name: str, seed: int, new: bool) -> None:
    """One line a result, as it comes."""
    print(json.dumps({"row": name, "seed": seed, "new": new}), flush=True)


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--results", type=Path, help="folder for all results")
    parser.add_argument("--photos", type=Path, help="a photo table, in place of the drawn world")
    parser.add_argument("--page", type=Path, help="the page whose tables are written again")
    parser.add_argument("--drives", type=int, default=DRIVES, help="drives of the drawn world")
    parser.add_argument("--rows", nargs="+", metavar="ROW", help="only these rows")
    parser.add_argument("--only", choices=["ceiling", *BASES, "summary"], help="only a part")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of rows on features")
    parser.add_argument("--hybrid-seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=600, help="steps on features")
    parser.add_argument("--hybrid-steps", type=int, default=1800)
    parser.add_argument("--hybrid", choices=["small", "full"], help="default: small if drawn")
    parser.add_argument("--max-photos", type=int, help="of a cell; 60 if drawn, else 100")
    parser.add_argument("--min-photos", type=int, help="of a cell; 12 if drawn, else 20")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2, help="processes that draw the world")
    parser.add_argument("--small", action="store_true", help="small sizes, to show that it works")
    options = parser.parse_args(arguments)
    if options.small:
        small = {
            "drives": 40,
            "seeds": 1,
            "hybrid_seeds": 1,
            "steps": 2,
            "hybrid_steps": 6,
            "max_photos": 30,
            "min_photos": 2,
            "resamples": 50,
            "workers": 1,
        }
        vars(options).update(small)
    if options.results is None and options.page is None:
        parser.error("name --results DIR, --page FILE or both")
    known = [row.name for row in ROWS]
    if unknown := set(options.rows or ()) - set(known):
        parser.error(f"no row {', '.join(sorted(unknown))}; they are {', '.join(known)}")
    return options


def measure(options: argparse.Namespace) -> None:
    """All rows that are asked for, then the summary of all that are there."""
    folder = options.results.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    most, least = (100, 20) if options.photos else (60, 12)
    cells = CellsConfig(options.max_photos or most, options.min_photos or least, max_level=16)
    if options.photos:
        world = given_world(folder, options.photos, cells=cells)
    else:
        world = drawn_world(folder, drives=options.drives, cells=cells, workers=options.workers)
    small_hybrid = (options.hybrid or ("full" if options.photos else "small")) == "small"
    full = options.photos is not None and not options.small
    size = Size(
        feature_steps=0 if full else options.steps,
        hybrid_steps=0 if full and not small_hybrid else options.hybrid_steps,
        small_hybrid=small_hybrid,
        tiny=options.small,
    )
    seeds = {"features": options.seeds, "hybrid": options.hybrid_seeds}
    if options.only in (None, "ceiling"):
        ceiling(world, options.workers)
    rows = [
        row
        for row in (*FEATURE_ROWS, *HYBRID_ROWS)
        if options.only in (None, row.group) and row.name in (options.rows or [row.name])
    ]
    if rows:
        train_rows(world, rows, seeds, size)
    write_summary(summary(world, seeds, resamples=options.resamples), folder / "summary.jsonl")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write the page."""
    options = parsed(arguments)
    if options.results is not None:
        measure(options)
    if options.page is not None:
        if options.results is not None:
            shutil.copy(options.results / "summary.jsonl", options.page.with_suffix(".jsonl"))
        write_page(options.page)
        print(f"wrote {options.page}", file=sys.stderr)


if __name__ == "__main__":
    main()
