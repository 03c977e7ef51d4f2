"""Groups of photos of one place, judged as if each group were a photo."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from geoguess_cli.choices import PointMethod
from geoguess_cli.evaluation.evaluation import Predicts, photos_inside
from geoguess_cli.evaluation.report import Grouped
from geoguess_cli.geo.geodesy import from_unit_vectors, great_circle_km, unit_vectors
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Outputs
from geoguess_cli.inference.groups import Groups, grouped, groups_by
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.memory import Memory
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.columns import ARCHIVE_COLUMNS
from geoguess_cli.photos.table import PhotoTable


class GroupPredictor:
    """A predictor whose photos are groups: its `outputs` has a row for each group.

    Args:
        predictor: The model.
        table: The photos.
        groups: Which of them belong together.
        redundancy: How alike the photos of a group are as evidence, in [0, 1].
    """

    def __init__(
        self, predictor: Predicts, table: PhotoTable, groups: Groups, *, redundancy: float
    ) -> None:
        self._predictor, self._table = predictor, table
        self._groups, self._redundancy = groups, redundancy

    @property
    def partition(self) -> Partition:
        """The cell of each column of the logits, or those among them that reach into a region."""
        return self._predictor.partition

    @property
    def temperature(self) -> float:
        """The number that logits are divided by before the softmax."""
        return self._predictor.temperature

    @property
    def point(self) -> PointMethod:
        """How the point estimate is chosen."""
        return self._predictor.point

    @property
    def familiarity(self) -> Familiarity | None:
        """What the training photos are like."""
        return self._predictor.familiarity

    @property
    def memory(self) -> Memory | None:
        """The training photos that the model carries."""
        return self._predictor.memory

    def outputs(
        self, files: Sequence[PhotoFile], *, batch_size: int, workers: int
    ) -> Iterator[Outputs]:
        """The logits of the groups; `files` are those of `group_table`, one a group."""
        assert len(files) == len(self._groups)
        outputs = self._predictor.outputs(self._table.files, batch_size=batch_size, workers=workers)
        return grouped(outputs, self._groups, self._redundancy, self.familiarity)

    def identity(self) -> dict[str, Any]:
        """The parts, size and fingerprint of the model."""
        return self._predictor.identity()


def group_table(table: PhotoTable, groups: Groups) -> PhotoTable:
    """A row for each group: its name, and place, split and sequence of its middle photo.

    The middle photo is the one nearest to the mean place of the group, so that the place is one
    where a photo was taken.

    Args:
        table: The photos.
        groups: Which of them belong together.
    """
    sums = np.zeros((len(groups), 3))
    np.add.at(sums, groups.members, unit_vectors(table.latlng))
    away = great_circle_km(from_unit_vectors(sums)[groups.members], table.latlng)
    order = np.lexsort((away, groups.members))
    _, first = np.unique(groups.members[order], return_index=True)
    middle = table.take(order[first])
    frame = middle.frame.drop(ARCHIVE_COLUMNS, strict=False)
    return PhotoTable(
        frame.with_columns(pl.Series("photo", list(groups.names), dtype=pl.String)), table.root
    )


def by_group(
    predictor: Predicts, table: PhotoTable, column: str, *, redundancy: float
) -> tuple[GroupPredictor, PhotoTable, Grouped]:
    """What `evaluate` takes to judge groups: the model, a row for each group, and what they are.

    If the answers of the model are limited to a region, only photos that were taken there form
    groups.

    Args:
        predictor: The model.
        table: The photos.
        column: Photos that share its value form a group.
        redundancy: How alike the photos of a group are as evidence, in [0, 1].

    Raises:
        PhotoTableError: The table has no such column, or no photo in the region.
    """
    table = photos_inside(table, predictor.partition)
    groups = groups_by(table, column)
    own = GroupPredictor(predictor, table, groups, redundancy=redundancy)
    return own, group_table(table, groups), Grouped(column, len(table), redundancy)
