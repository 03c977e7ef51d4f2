"""The cost of a buffer, and of each other choice, is what the split with it sets aside."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.photos import buffers
from geoguess_cli.photos.buffers import (
    BUFFERS_KM,
    MOST_LOST,
    lost_share,
    other_choices,
    split_within,
)
from geoguess_cli.photos.splits import assign_splits
from geoguess_cli.photos.table import PhotoTable

KM = 1 / 111.195  # degrees of latitude


def table_of(latitudes: np.ndarray, sequence: list[str] | None = None) -> PhotoTable:
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(len(latitudes))],
            "latitude": latitudes,
            "longitude": np.full(len(latitudes), 10.0),
        }
    )
    if sequence is not None:
        frame = frame.with_columns(pl.Series("sequence", sequence))
    return PhotoTable(frame, Path("/photos"))


def street(spacing_km: float, photos: int = 100) -> PhotoTable:
    """Photos along a meridian, each of them a drive of its own."""
    rows = np.arange(photos)
    return table_of(45.0 + rows * spacing_km * KM, [f"d{row}" for row in rows])


def test_nothing_is_lost_without_a_buffer() -> None:
    assert lost_share(assign_splits(street(0.2))) == 0.0
    assert lost_share(PhotoTable(street(0.2).frame.head(0), Path())) == 0.0


def test_the_lost_share_is_that_of_the_training_photos() -> None:
    divided = assign_splits(street(0.4), by="random", buffer_km=1.0)
    aside = int(divided.frame["split"].is_null().sum())
    assert aside > 0
    assert lost_share(divided) == aside / (100 - 20)


@pytest.mark.parametrize("spacing_km", [2.0, 0.7, 0.35, 0.15, 0.04])
def test_auto_takes_the_widest_buffer_that_keeps_enough(spacing_km: float) -> None:
    table = street(spacing_km)
    divided, buffer_km = split_within(table, by="random")
    costs = {}
    for own in BUFFERS_KM:
        try:
            costs[own] = lost_share(assign_splits(table, by="random", buffer_km=own))
        except PhotoTableError:
            costs[own] = 1.0
    cheap = [own for own in BUFFERS_KM if costs[own] <= MOST_LOST]
    assert buffer_km == max(cheap, default=min(BUFFERS_KM))
    assert lost_share(divided) == costs[buffer_km]


def test_each_figure_is_that_of_the_split_it_names() -> None:
    table = street(0.4)
    options = {"by": "random", "seed": 3}
    divided = assign_splits(table, buffer_km=1.0, **options)
    choices = {
        choice.options: choice.lost
        for choice in other_choices(table, divided, buffer_km=1.0, **options)
    }
    for words, lost in choices.items():
        name, _, value = words.partition(" ")
        if name == "--buffer-km":
            own = assign_splits(table, buffer_km=float(value), **options)
        else:
            level = int(value.split()[-1])
            own = assign_splits(table, buffer_km=1.0, by="cell", level=level, seed=3)
        assert lost == lost_share(own) < lost_share(divided)
    assert "--buffer-km 0.25" in choices
    assert any(words.startswith("--by cell --level") for words in choices)


def test_choices_that_cost_as_much_are_not_named() -> None:
    """The split that came with the photos is kept, so no other grouping changes it."""
    table = street(0.4)
    sides = pl.Series("split", [*["train"] * 8, "val", "test"] * 10)
    kept = PhotoTable(table.frame.with_columns(sides), table.root)
    divided = assign_splits(kept, buffer_km=0.5)
    named = [c.options for c in other_choices(kept, divided, buffer_km=0.5)]
    assert named == ["--buffer-km 0.25", "--buffer-km 0.1"]


def test_large_tables_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    table = street(0.4)
    divided = assign_splits(table, by="random", buffer_km=1.0)
    monkeypatch.setattr(buffers, "MOST_TRIED", 99)
    assert other_choices(table, divided, buffer_km=1.0, by="random") == []
