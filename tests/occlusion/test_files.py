"""Occlusion maps in files."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.errors import OutputError
from geoguess_cli.occlusion.files import write_occlusion
from geoguess_cli.occlusion.records import explanation_record


def test_an_array_holds_the_drops(corner_explanation, tmp_path: Path) -> None:
    explanation = corner_explanation(steps=0)
    write_occlusion([explanation], tmp_path / "one.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "one.npy"), explanation.occlusion.drop)
    write_occlusion([explanation, explanation], tmp_path / "two.npy")
    assert np.load(tmp_path / "two.npy").shape == (2, 32, 32)


def test_json_holds_one_record_or_a_list(corner_explanation, tmp_path: Path) -> None:
    explanation = corner_explanation()
    write_occlusion([explanation], tmp_path / "one.json")
    record = json.loads((tmp_path / "one.json").read_text())
    assert record == explanation_record(explanation)
    write_occlusion([explanation, explanation], tmp_path / "two.json")
    assert json.loads((tmp_path / "two.json").read_text()) == [record, record]


def test_a_figure_is_a_sheet(corner_explanation, tmp_path: Path) -> None:
    write_occlusion([corner_explanation(steps=0)], tmp_path / "sheet.PNG", view="plain")
    with Image.open(tmp_path / "sheet.PNG") as image:
        assert image.width > 800


def test_another_ending_is_an_error(corner_explanation, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"map\.bmp must end in one of \.png.*\.json"):
        write_occlusion([corner_explanation(steps=0)], tmp_path / "map.bmp")


def test_a_figure_needs_the_file_of_its_photo(corner_explanation, tmp_path: Path) -> None:
    explanation = dataclasses.replace(corner_explanation(steps=0), photo=Path())
    with pytest.raises(OutputError, match="has no file"):
        write_occlusion([explanation], tmp_path / "map.svg")
    write_occlusion([explanation], tmp_path / "map.npy")
