"""Surveys of a set: photos on disk, a model that reads a known patch, the report of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from geoguess_cli.errors import PhotoError
from geoguess_cli.survey.figures import attention_figure, suspects_sheet
from geoguess_cli.survey.report import render_survey, survey_report
from geoguess_cli.survey.scan import ScanPlan
from geoguess_cli.survey.scan_store import ScanStore
from geoguess_cli.survey.survey import PhotoSet, Survey, survey

SIDE = 32
PLAN = ScanPlan(window=8, stride=8)
DRIVES = np.repeat(np.arange(5), 3)
CELLS = np.array([1] * 9 + [0] * 6)
MODEL = {"fingerprint": "abc", "backbone": "none", "vit": "none", "image_size": SIDE, "cells": 2}


def read(path: Path) -> torch.Tensor:
    """Black is 0, white is 1."""
    try:
        pixels = np.asarray(Image.open(path), dtype=np.float32) / 255
    except OSError as error:
        raise PhotoError(f"{path}: cannot be read") from error
    return torch.from_numpy(pixels).permute(2, 0, 1)


def reads_patch(images: torch.Tensor) -> torch.Tensor:
    """Cell 1 by the patch of rows 24 to 32, columns 8 to 16."""
    second = 0.05 + 0.9 * images[:, :, 24:32, 8:16].mean(dim=(1, 2, 3)).clamp(0, 1)
    return torch.stack([1 - second, second], dim=1)


@pytest.fixture
def known(tmp_path: Path) -> PhotoSet:
    """Five drives of three photos; in the first a bright thing lies where the model looks."""
    rng = np.random.default_rng(5)
    paths = []
    for row, drive in enumerate(DRIVES):
        pixels = rng.integers(0, 25, (SIDE, SIDE, 3), dtype=np.uint8)
        if drive == 0:
            pixels[24:32, 8:16] += 220
        paths.append(tmp_path / f"{row}.png")
        Image.fromarray(pixels).save(paths[-1])
    latlng = np.stack([np.linspace(30, 45, 15), np.linspace(-110, -95, 15)], axis=1)
    return PhotoSet(paths, DRIVES, CELLS, latlng)


def surveyed(known: PhotoSet, rows: list[int], folder: Path) -> Survey:
    with ScanStore(folder / "scans", PLAN.key(MODEL)) as store:
        return survey(reads_patch, read, known, np.array(rows), PLAN, store, size=SIDE)


def reported(found: Survey, known: PhotoSet) -> dict:
    return survey_report(
        found,
        PLAN,
        split="test",
        model=MODEL,
        size=SIDE,
        names=[path.name for path in known.paths],
        sequences=[f"drive-{drive}" for drive in DRIVES],
        tokens=["aa", "bb"],
    )


def test_the_thing_of_a_drive_is_the_only_suspect(known: PhotoSet, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    with ScanStore(tmp_path / "scans", PLAN.key(MODEL)) as store:
        found = survey(
            *(reads_patch, read, known, np.arange(9), PLAN, store),
            size=SIDE,
            on_photo=lambda done, total: steps.append((done, total)),
        )
    assert steps == [(done, 9) for done in range(1, 10)]
    report = json.loads(json.dumps(reported(found, known)))
    (suspect,) = report["suspects"]
    assert suspect["sequence"] == "drive-0"
    assert suspect["token"] == "bb"
    assert sorted(suspect["photos"]) == ["0.png", "1.png", "2.png"]
    assert suspect["box"] == {"top": 0.75, "left": 0.25, "bottom": 1.0, "right": 0.5}
    assert suspect["area"] == pytest.approx(1 / 16)
    assert suspect["score"] > 0.8
    assert suspect["carried"] > 0.7
    assert report["cleared"] == []
    assert report["counts"] == {
        "photos": 9,
        "sequences": 3,
        "failed": 0,
        "shared_spots": 1,
        "suspects": 1,
    }
    assert report["thirds"]["lower"]["value"] > 0.7
    assert len(report["profile"]) == 24
    page = render_survey(report)
    assert "| 1 | drive-0 | `bb` | 3 | 38 % across, 88 % down |" in page
    assert "Suspects among them: 1." in page


def test_photos_that_are_not_scanned_still_serve_for_comparison(
    known: PhotoSet, tmp_path: Path
) -> None:
    found = surveyed(known, [0, 1, 2], tmp_path)
    (spot,) = found.suspects
    assert set(DRIVES[list(spot.others)]) == {1, 2, 3, 4}
    assert found.attention.sequences == 1


def test_a_second_run_takes_all_from_the_first(known: PhotoSet, tmp_path: Path) -> None:
    first, second = (surveyed(known, list(range(9)), tmp_path) for _ in range(2))
    assert (first.reused, second.reused) == (0, 9)
    assert reported(first, known) == reported(second, known)


def test_what_cannot_be_read_is_listed(known: PhotoSet, tmp_path: Path) -> None:
    known.paths[4].write_bytes(b"no photo | at all")
    found = surveyed(known, [0, 1, 2, 4], tmp_path)
    assert found.failures == [(4, f"{known.paths[4]}: cannot be read")]
    report = reported(found, known)
    assert report["failures"] == [{"photo": "4.png", "reason": f"{known.paths[4]}: cannot be read"}]
    assert "## Left out" in render_survey(report)
    with pytest.raises(PhotoError, match="not one of 1 photos"):
        surveyed(known, [4], tmp_path)


def test_a_page_without_suspects_has_no_sheet(known: PhotoSet, tmp_path: Path) -> None:
    found = surveyed(known, list(range(3, 15)), tmp_path)
    assert found.suspects == []
    page = render_survey(reported(found, known))
    assert "Suspects among them: 0." in page
    assert "suspects.png" not in page


def test_the_figures_show_what_was_found(known: PhotoSet, tmp_path: Path) -> None:
    found = surveyed(known, list(range(9)), tmp_path)
    figure = attention_figure(found.attention, window=8)
    texts = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    lower = found.attention.thirds["lower"].value
    assert f"{100 * lower:.1f} %" in texts
    images = [image for ax in figure.axes for image in ax.images]
    (shown,) = [image for image in images if image.get_gid() == "mean-map"]
    np.testing.assert_array_equal(shown.get_array(), found.attention.mean_drop)
    assert shown.norm.vmin == -shown.norm.vmax

    sheet = suspects_sheet(
        found.suspects,
        lambda row: Image.open(known.paths[row]),
        size=SIDE,
        drives=["drive-0"],
        answers=["cell bb"],
    )
    photos = [image for ax in sheet.axes for image in ax.images if image.get_gid() == "photo"]
    assert len(photos) == 3 + 2
    boxes = {
        patch.get_bbox().bounds
        for ax in sheet.axes
        for patch in ax.patches
        if patch.get_gid() == "spot"
    }
    assert boxes == {(8, 24, 8, 8)}
    assert any("drive-0, 3 photos" in text.get_text() for text in sheet.texts)
