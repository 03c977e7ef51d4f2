"""Results as files: the ending of a path chooses the writer, or the error says which exist."""

import shutil
from pathlib import Path

import pytest
from command_worlds import World
from kill_worlds import Killer, needs_fork

import geoguess_cli as gg
from geoguess_cli import api
from geoguess_cli.model.checkpoint import load_model


def test_answers_are_saved_with_their_cells(model: api.Model, photo: str, tmp_path: Path) -> None:
    answers = [model.answer(photo), model.answer(photo)]
    gg.save(answers, tmp_path / "answers.jsonl", partition=model.partition)
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 2


def test_answers_are_saved_as_waypoints_and_sidecars(
    model: api.Model, photo: str, tmp_path: Path
) -> None:
    answer = model.answer(photo)
    for ending, tag in ((".gpx", "<wpt "), (".kml", "<Placemark>"), (".xmp", "exif:GPSLatitude")):
        gg.save(answer, tmp_path / f"a{ending}", partition=model.partition)
        assert tag in (tmp_path / f"a{ending}").read_text()
    with pytest.raises(gg.GeoguessError, match="never replaced"):
        gg.save(answer, tmp_path / "a.xmp", partition=model.partition)


def test_a_saved_model_answers_the_same(model: api.Model, photo: str, tmp_path: Path) -> None:
    gg.save(model, tmp_path / "model")
    again = gg.load_model(tmp_path / "model", device="cpu", precision="fp32")
    assert again.answer(photo).estimate == model.answer(photo).estimate
    gg.save(model.partition, tmp_path / "cells.parquet")
    assert (tmp_path / "cells.parquet").stat().st_size > 1000


def test_what_cannot_be_saved_says_why(model: api.Model, photo: str, tmp_path: Path) -> None:
    answers = [model.answer(photo)]
    with pytest.raises(gg.GeoguessError, match=r"partition=model\.partition"):
        gg.save(answers, tmp_path / "answers.csv")
    with pytest.raises(gg.GeoguessError, match="must end in"):
        gg.save(answers, tmp_path / "answers.xls", partition=model.partition)
    with pytest.raises(gg.GeoguessError, match="holds one Model; 2 were given"):
        gg.save([model, model], tmp_path / "model")
    with pytest.raises(TypeError, match=r"gg\.save writes PhotoTable, .*; this is float"):
        gg.save(2.5, tmp_path / "thing.json")


@needs_fork
@pytest.mark.promise("kill", "`train`: after its last epoch, over the calibration")
def test_a_kill_over_the_calibration_costs_no_model(trained_world: World, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("eval", "features", "*.html")
    start = tmp_path / "start"
    shutil.copytree(trained_world.folder, start, ignore=ignored)
    (start / "artifacts" / "model" / "metrics.json").write_text('{"old": true}\n')
    killed = Path(shutil.copytree(start, tmp_path / "killed"))

    def model_of(folder: Path) -> dict[str, bytes]:
        files = (folder / "artifacts" / "model").iterdir()
        return {path.name: path.read_bytes() for path in files}

    with Killer("train_jobs") as killer:
        assert killer.run("conclude", start) is not None
        assert killer.run("die_while_calibrating", killed) is None
        assert load_model(killed / "artifacts" / "model").metrics == {"old": True}
        assert killer.run("conclude", killed) is not None
    assert "best" in load_model(killed / "artifacts" / "model").metrics
    assert model_of(killed) == model_of(start)
