"""The statistics of the rows with paired intervals by drive, from the numbers of each photo.

Several seeds of a row are one statistic: their mean, under the same resamples of the test drives.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ablation_training import Files
from ablation_worlds import World

from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.calibration import ece_of
from geoguess_cli.evaluation.intervals import (
    Bootstrap,
    Statistic,
    Values,
    difference_of,
    mean_of,
    median_of,
    sequence_groups,
)
from geoguess_cli.files import json_lines, write_text
from geoguess_cli.inference.geoscore import geoscore
from geoguess_cli.wording import Unit

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Column:
    """A statistic of the table.

    Attributes:
        key: In the lines of JSON.
        title: In the heading of its column.
        unit: How it is written.
        less: Whether less is better; None if neither is.
        of: The statistic of the photos of one seed, from their arrays.
    """

    key: str
    title: str
    unit: Unit
    less: bool | None
    of: Callable[[Arrays], Statistic]


def _top(k: int) -> Callable[[Arrays], Statistic]:
    return lambda photos: mean_of(metrics.hits(photos["rank"], k))


def _within(km: float) -> Callable[[Arrays], Statistic]:
    return lambda photos: mean_of(photos["km"] <= km)


def _covered(photos: Arrays, values: Values) -> np.ndarray:
    return np.where(photos["covered"], np.asarray(values, dtype=np.float64), np.nan)


COLUMNS = (
    Column("top_1", "top-1", "share", False, _top(1)),
    Column("top_5", "top-5", "share", False, _top(5)),
    Column("median_km", "median", "km", True, lambda photos: median_of(photos["km"])),
    Column("within_25", "25 km", "share", False, _within(25)),
    Column("within_200", "200 km", "share", False, _within(200)),
    Column("within_750", "750 km", "share", False, _within(750)),
    Column("geoscore", "GeoScore", "points", False, lambda photos: mean_of(geoscore(photos["km"]))),
    Column(
        "nll", "log loss", "nats", True, lambda photos: mean_of(_covered(photos, photos["nll"]))
    ),
    Column(
        "ece",
        "ECE",
        "share",
        True,
        lambda photos: ece_of(_covered(photos, photos["confidence"]), photos["correct"]),
    ),
    Column(
        "set_90",
        "90 % sets",
        "share",
        None,
        lambda photos: mean_of(_covered(photos, photos["in_90"])),
    ),
)


def mean_over_seeds(statistics: Sequence[Statistic]) -> Statistic:
    """The mean of a statistic of several seeds, under the same resamples."""
    if len(statistics) == 1:
        return statistics[0]
    return lambda weights: np.mean([own(weights) for own in statistics], axis=0)


def statistics_of(seeds: Sequence[Arrays]) -> dict[str, Statistic]:
    """Every column of a row, by key."""
    return {
        column.key: mean_over_seeds([column.of(photos) for photos in seeds]) for column in COLUMNS
    }


class Judge:
    """Rows of one world with their intervals, and their differences to a base.

    Args:
        world: Whose test photos are resampled by drive.
        resamples: Number of resamples.
    """

    def __init__(self, world: World, *, resamples: int = 1000) -> None:
        self._world = world
        groups = sequence_groups(world.table.only("test").frame)
        self._bootstrap = Bootstrap(groups, resamples=resamples)

    def line(self, name: str, seeds: Iterable[int], base: str | None) -> dict[str, Any] | None:
        """A row as plain JSON; None if no seed of it has a result."""
        found = self._results(name, seeds)
        if not found:
            return None
        own = statistics_of([photos for _, photos in found])
        asked: dict[str, Statistic] = dict(own)
        paired = [] if base in (None, name) else self._results(str(base), seeds)
        if paired:
            others = statistics_of([photos for _, photos in paired])
            asked |= {f"-{key}": difference_of(of, others[key]) for key, of in own.items()}
        measured = {key: _ends(of) for key, of in self._bootstrap.intervals(asked).items()}
        records = [record for record, _ in found]
        return {
            "row": name,
            "seeds": len(found),
            "steps": round(float(np.mean([of["steps"] for of in records]))),
            "seconds": round(float(np.mean([of["seconds"] for of in records])), 1),
            "reading_seconds": records[0]["reading_seconds"],
            "temperatures": [round(of["temperature"], 3) for of in records],
            "points": sorted({of["point"] for of in records}),
            "statistics": {key: of for key, of in measured.items() if not key.startswith("-")},
            "differences": {key[1:]: of for key, of in measured.items() if key.startswith("-")},
        }

    def _results(self, name: str, seeds: Iterable[int]) -> list[tuple[dict[str, Any], Arrays]]:
        files = [Files(self._world.folder, f"{name}-{seed}") for seed in seeds]
        return [(record, of.load()) for of in files if (record := of.record()) is not None]


def _ends(interval: Any) -> list[float | None]:
    ends = (interval.value, interval.low, interval.high)
    return [round(float(end), 5) if np.isfinite(end) else None for end in ends]


def write_summary(lines: Iterable[Mapping[str, Any]], path: Path) -> None:
    """One object a line."""
    write_text("".join(json_lines(lines)), path)


def read_summary(path: Path) -> list[dict[str, Any]]:
    """The lines of `write_summary`."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
