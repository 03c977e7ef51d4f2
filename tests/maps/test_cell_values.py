from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.errors import CellError, MissingFileError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.cell_values import (
    accuracy_values,
    cells_frame,
    every_values,
    level_values,
    photos_values,
    read_predictions,
)


def test_photos_and_levels_are_the_partitions(states: Partition) -> None:
    assert photos_values(states).values.tolist() == states.photos.tolist()
    by_level = level_values(states)
    assert by_level.values.tolist() == states.levels.tolist()
    assert [value for value, _ in by_level.ticks] == list(
        range(states.levels.min(), states.levels.max() + 1)
    )
    frame = cells_frame(states, by_level)
    assert frame["token"].to_list() == states.tokens
    assert "accuracy" not in frame.columns


def test_accuracy_counts_the_photos_of_each_cell(states: Partition) -> None:
    rng = np.random.default_rng(0)
    cells = rng.integers(0, len(states) // 2, 200)
    ranks = rng.integers(1, 4, 200)
    rows = pl.DataFrame(
        {
            "token": [states.tokens[cell] for cell in cells] + [None, states.tokens[-1]],
            "rank": pl.Series([*ranks.tolist(), 1, None], dtype=pl.UInt32),
        }
    )
    made = accuracy_values(states, rows)
    frame = cells_frame(states, made)
    for cell in range(len(states)):
        own = ranks[cells == cell]
        assert frame["test_photos"][cell] == len(own)
        if len(own):
            assert made.values[cell] == pytest.approx(np.mean(own == 1))
            assert frame["accuracy"][cell] == pytest.approx(np.mean(own == 1))
        else:
            assert np.isnan(made.values[cell])
            assert frame["accuracy"][cell] is None
    assert made.caption.startswith(f"top-1 {np.mean(ranks == 1):.0%}".replace("%", " %"))
    assert "200 test photos" in made.caption


def test_a_report_of_other_cells_is_refused(states: Partition, faces: Partition) -> None:
    other = pl.DataFrame({"token": [faces.tokens[0]], "rank": [1]})
    with pytest.raises(CellError, match=r"`1` is not in this partition of .* --cells"):
        accuracy_values(states, other)
    with pytest.raises(CellError, match="no photo that lies in a cell"):
        accuracy_values(states, other.clear())


def test_the_values_asked_for_come_first(states: Partition) -> None:
    predictions = pl.DataFrame({"token": [states.tokens[0]], "rank": [1]})
    levels = level_values(states).label
    assert every_values(states, "level")[0].label == levels
    assert len(every_values(states, "photos")) == 2
    first, *others = every_values(states, "accuracy", predictions)
    assert first.label.startswith("top-1 accuracy")
    assert len(others) == 2


def test_a_report_without_predictions_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="geoguess eval -o"):
        read_predictions(tmp_path)
    pl.DataFrame({"token": ["1"]}).write_parquet(tmp_path / "predictions.parquet")
    with pytest.raises(CellError, match="has no columns `token` and `rank`"):
        read_predictions(tmp_path)
