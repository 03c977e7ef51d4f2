"""The verbs as functions: the photos that they use, and the photos that they refuse."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import geoguess_cli as gg
from geoguess_cli import api
from geoguess_cli.app import app


def test_rows_that_are_left_out_are_warned_of(tmp_path: Path) -> None:
    table = tmp_path / "photos.csv"
    table.write_text("photo,latitude,longitude\na.jpg,10,20\nb.jpg,123,20\n")
    with pytest.warns(UserWarning, match="1 rows are left out, such as .*123"):
        photos = gg.read_photos(table)
    assert len(photos) == 1


def test_an_unknown_split_names_those_that_exist(model: api.Model) -> None:
    photos = gg.read_photos("sample_data/photos.csv")
    with pytest.raises(gg.GeoguessError, match="only in train, val, test"):
        gg.evaluate(model, photos, split="tset")


def test_cells_are_built_from_the_training_photos_alone(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clone)
    photos = gg.read_photos("sample_data/photos.csv")
    cells = gg.build_partition(photos, max_photos=60, min_photos=1)
    assert cells.photos.sum() == photos.splits["train"]
    assert api.photos_of_split(photos, "all") is photos


def test_an_evaluation_reads_the_features_that_are_kept(
    model: api.Model, clone: Path, tmp_path: Path
) -> None:
    """As `geoguess eval` does: the same report, from the same store, without a photo."""
    settings = (clone / "geoguess.toml").read_text()
    settings = settings.replace('"artifacts"', f'"{(tmp_path / "a").as_posix()}"')
    config = clone / "kept.toml"
    config.write_text(settings + '[features]\ndtype = "float32"\n')
    photos = gg.read_photos("sample_data/photos.csv")
    plain = gg.evaluate(model, photos, split="val")
    first = gg.evaluate(model, photos, split="val", config=config)
    (store,) = (tmp_path / "a" / "features").iterdir()
    rows = (store / "keys.bin").stat().st_size // 16
    assert rows == photos.splits["val"]
    again = gg.evaluate(model, photos, split="val", config=config)
    assert (store / "keys.bin").stat().st_size // 16 == rows
    assert again.report.record() == first.report.record()
    assert first.report.loss.value == pytest.approx(plain.report.loss.value, abs=1e-4)
    run = CliRunner().invoke(
        app, ["eval", "--split", "val", "--config", str(config), "--model", "artifacts/model",
              "--batch-size", "32", "--json", "--report", str(tmp_path / "eval")]
    )  # fmt: skip
    assert run.exit_code == 0, run.output
    assert (store / "keys.bin").stat().st_size // 16 == rows
    record = json.loads(run.stdout)
    assert record["calibration"]["after"]["nll"]["value"] == pytest.approx(
        again.report.calibration.after.nll.value, abs=1e-6
    )
    within = gg.evaluate(model.within("Texas, US"), photos, split="val", config=config)
    assert within.report.limited is not None
    config.unlink()
