"""The columns of predictions as arrays, from which every statistic is computed."""

from functools import cached_property

import numpy as np
import polars as pl
from jaxtyping import Bool, Float, Int

from geoguess_cli.evaluation import metrics
from geoguess_cli.evaluation.intervals import sequence_groups


class Columns:
    """Columns of `Evaluation.predictions`, a value a photo; a photo not counted has NaN.

    Args:
        frame: Rows without an error.
        counted: Whether each photo counts (default: all do).
    """

    def __init__(self, frame: pl.DataFrame, counted: Bool[np.ndarray, " n"] | None = None) -> None:
        self.frame = frame
        self._counted = np.ones(len(frame), dtype=bool) if counted is None else counted

    def __getitem__(self, name: str) -> Float[np.ndarray, " n"]:
        """A column of numbers or truth values; null is NaN."""
        return self.only(self.frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy())

    @cached_property
    def in_cell(self) -> Bool[np.ndarray, " n"]:
        """Whether each photo lies in a cell, counted or not."""
        return self.frame["token"].is_not_null().to_numpy()

    @cached_property
    def covered(self) -> "Columns":
        """The same photos, of which those that lie in a cell count."""
        return Columns(self.frame, self._counted & self.in_cell)

    @cached_property
    def groups(self) -> Int[np.ndarray, " n"]:
        """A number for each photo, shared by the photos of one sequence."""
        return sequence_groups(self.frame)

    @cached_property
    def _ranks(self) -> Int[np.ndarray, " n"]:
        return self.frame["rank"].fill_null(0).to_numpy().astype(np.int64)

    def hits(self, k: int) -> Float[np.ndarray, " n"]:
        """1 for each photo whose true cell is among its k likeliest, else 0."""
        return self.only(metrics.hits(self._ranks, k).astype(np.float64))

    def only(
        self, values: np.ndarray, photos: Bool[np.ndarray, " n"] | None = None
    ) -> Float[np.ndarray, " n"]:
        """The values of the photos that count (and are among `photos`); NaN for the others."""
        return np.where(self._counted if photos is None else self._counted & photos, values, np.nan)
