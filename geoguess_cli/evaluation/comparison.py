"""Two models side by side on the same photos: which is better, and by how much.

Under one resample both see the same photos, so what makes a photo hard for both cancels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
import polars as pl

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.evaluation.columns import Columns
from geoguess_cli.evaluation.definitions import Definition, plain
from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.evaluation.intervals import Bootstrap, Draft, Interval, Statistic, difference_of
from geoguess_cli.evaluation.measurement import accuracy, trust
from geoguess_cli.evaluation.report import COMPARED as COMPARED

Side = Literal["a", "b"]


@dataclass(frozen=True, kw_only=True)
class ComparedCounts:
    """The photos that both models could read, their sequences, and the photos left out."""

    photos: int
    skipped: int
    sequences: int


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A statistic of two models.

    Attributes:
        a: The first model's.
        b: The second model's.
        difference: B − A, with its paired interval.
        fair: Whether the statistic is comparable; some are not between models of different cells.
        better: The better model, if the interval of the difference excludes 0.
    """

    a: Interval
    b: Interval
    difference: Interval
    fair: bool
    better: Side | None


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two models on the same photos; `docs/metrics.md` defines every key of its JSON.

    Attributes:
        split: Name of the photos.
        counts: Numbers of photos and of sequences.
        same_cells: Whether both models choose among the same cells.
        models: Name and identity of each model.
        statistics: By their key in a report.
    """

    split: str
    counts: ComparedCounts
    same_cells: bool
    models: Mapping[Side, Mapping[str, Any]]
    statistics: Mapping[str, Difference]

    def record(self) -> dict[str, Any]:
        """What `comparison.json` holds; the statistics stand under `figures` there."""
        record: dict[str, Any] = plain(self)
        return {("figures" if key == "statistics" else key): of for key, of in record.items()}


def compare(a: Evaluation, b: Evaluation, *, names: tuple[str, str] = ("a", "b")) -> Comparison:
    """Two evaluations of the same photos side by side, with the interval of each difference.

    ```python
    import geoguess_cli as gg
    photos = gg.read_photos("sample_data/photos.csv")
    model = gg.load_model("artifacts/model")
    a, b = gg.evaluate(model, photos), gg.evaluate(model, photos)
    gg.save(gg.compare(a, b, names=("before", "after")), "artifacts/comparison")
    ```

    Args:
        a: The evaluation of the first model.
        b: The evaluation of the second model; the differences are b minus a.
        names: Name of each model.

    Raises:
        PhotoTableError: The evaluations are of different photos, or share no readable photo.
    """
    rows_a, rows_b = _same_photos(a.predictions, b.predictions)
    of_a, of_b = _statistics(rows_a, a), _statistics(rows_b, b)
    bootstrap = Bootstrap(Columns(rows_a).groups)
    sides: dict[str, Any] = bootstrap.measured(
        {
            key: {"a": of_a[key], "b": of_b[key], "difference": difference_of(of_b[key], of_a[key])}
            for key in COMPARED
        }
    )
    same = np.array_equal(a.partition.cells, b.partition.cells)
    return Comparison(
        split=a.report.split,
        counts=ComparedCounts(
            photos=len(rows_a), skipped=len(a.predictions) - len(rows_a), sequences=bootstrap.groups
        ),
        same_cells=same,
        models={
            "a": {"name": names[0], **a.report.model},
            "b": {"name": names[1], **b.report.model},
        },
        statistics={
            key: _judged(COMPARED[key].definition, same, **of) for key, of in sides.items()
        },
    )


def _same_photos(a: pl.DataFrame, b: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of the photos that both could read."""
    where = ["photo", "latitude", "longitude"]
    if not a.select(where).equals(b.select(where)):
        raise PhotoTableError("the two evaluations are of different photos; compare on one table")
    both = a["error"].is_null() & b["error"].is_null()
    if not both.any():
        raise PhotoTableError("no photo could be read by both models; compare on other photos")
    return a.filter(both), b.filter(both)


def _statistics(rows: pl.DataFrame, evaluation: Evaluation) -> dict[str, Statistic]:
    photos = Columns(rows)
    parts: Any = {
        **accuracy(photos, len(evaluation.partition)),
        **trust(photos, evaluation.report.calibration.temperature),
    }
    return {key: reduce(_under, key.split("."), parts) for key in COMPARED}


def _under(part: Any, name: str) -> Any:
    return part.fields[name] if isinstance(part, Draft) else part[name]


def _judged(
    definition: Definition, same_cells: bool, *, a: Interval, b: Interval, difference: Interval
) -> Difference:
    fair = same_cells or not definition.of_cells
    better: Side | None = None
    if fair and (difference.low > 0 or difference.high < 0):
        better = "b" if (difference.high < 0) == definition.less else "a"
    return Difference(a=a, b=b, difference=difference, fair=fair, better=better)
