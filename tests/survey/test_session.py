"""A survey from end to end, with a model that looks at the colour of a photo."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.survey.scan import ScanPlan
from geoguess_cli.survey.scan_store import ScanStore
from geoguess_cli.survey.session import survey_photos

PLAN = ScanPlan(window=8, stride=8)


@pytest.fixture
def table(colored_photo, tmp_path: Path) -> PhotoTable:
    """Three drives of two photos each."""
    for row in range(6):
        (tmp_path / f"{row}.jpg").write_bytes(colored_photo("Austin"))
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(6)],
            "latitude": [30.2672] * 6,
            "longitude": [-97.7431] * 6,
            "sequence": ["a", "a", "b", "b", "c", "c"],
            "split": ["train"] * 4 + ["test"] * 2,
        }
    )
    return PhotoTable(frame, tmp_path)


def test_only_the_photos_asked_for_are_scanned(color_predictor, table, tmp_path) -> None:
    photos: list[tuple[int, int]] = []
    stores: list[ScanStore] = []
    report = survey_photos(
        color_predictor,
        table.only("test"),
        PLAN,
        tmp_path / "survey",
        known=table,
        split="test",
        on_start=stores.append,
        on_photo=lambda done, total: photos.append((done, total)),
    )
    assert photos == [(1, 2), (2, 2)]
    assert len(stores) == 1
    assert report.split == "test"
    assert (report.survey.attention.photos, report.survey.attention.sequences) == (2, 1)
    written = {path.name for path in (tmp_path / "survey").iterdir()}
    assert written == {"attention.json", "attention.md", "attention.png", "maps"}


def test_the_limit_takes_whole_drives(color_predictor, table, tmp_path) -> None:
    report = survey_photos(color_predictor, table, PLAN, tmp_path / "survey", limit=5)
    assert (report.survey.attention.photos, report.survey.attention.sequences) == (4, 2)


def test_the_table_decides_the_order_of_the_photos(color_predictor, table, tmp_path) -> None:
    backwards = table.take(np.arange(6)[::-1])
    reports = [
        survey_photos(color_predictor, photos, PLAN, tmp_path / "survey", known=table)
        for photos in (table, backwards)
    ]
    assert reports[0].record() == reports[1].record()
