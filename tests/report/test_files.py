"""What an evaluation leaves in its folder."""

import dataclasses
import json
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

from geoguess_cli.evaluation.evaluation import Evaluation
from geoguess_cli.report.figures import figures_of
from geoguess_cli.report.files import write_evaluation


@pytest.fixture(scope="module")
def folder(made_evaluation: Evaluation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "made" / "here"
    written = write_evaluation(made_evaluation, folder)
    assert sorted(written) == sorted(folder.iterdir())
    return folder


def test_it_holds_the_report_the_figures_and_a_row_a_photo(
    made_evaluation: Evaluation, folder: Path
) -> None:
    assert json.loads((folder / "report.json").read_text()) == made_evaluation.report.record()
    assert pl.read_parquet(folder / "predictions.parquet").equals(made_evaluation.predictions)
    names = {path.stem for path in folder.glob("*.png")}
    assert names == set(figures_of(made_evaluation))
    for path in folder.glob("*.png"):
        with Image.open(path) as image:
            assert image.width >= 700


def test_the_markdown_shows_what_lies_beside_it(folder: Path) -> None:
    text = (folder / "report.md").read_text()
    for path in folder.glob("*.png"):
        assert f"]({path.name})" in text


def test_the_same_evaluation_gives_the_same_page(
    made_evaluation: Evaluation, folder: Path, tmp_path: Path
) -> None:
    write_evaluation(made_evaluation, tmp_path)
    for name in ("report.html", "report.md", "report.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_without_training_photos_their_figure_is_left_out(made_evaluation: Evaluation) -> None:
    report = dataclasses.replace(made_evaluation.report, by_distance_to_train=None)
    left = set(figures_of(made_evaluation)) - set(
        figures_of(dataclasses.replace(made_evaluation, report=report))
    )
    assert left == {"train_distance"}
