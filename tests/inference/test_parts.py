"""Answers in a folder of parts: no row is lost or repeated, whatever stops the work."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from answer_worlds import (
    BATCH,
    PHOTOS,
    ROWS,
    fill,
    made_answer,
    parts_in,
    random_predictor,
    two_cells,
    write_noise,
)
from kill_worlds import Killer, needs_fork
from polars.testing import assert_frame_equal

from geoguess_cli.errors import ModelError, OutputError
from geoguess_cli.inference import parts as module
from geoguess_cli.inference.answers import answer_row, row_schema
from geoguess_cli.inference.parts import MERGED_NAME, Shard
from geoguess_cli.inference.predictor import Predictor


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", ROWS)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return random_predictor()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_noise(tmp_path_factory.mktemp("world") / "photos")


@pytest.fixture(scope="module")
def expected(predictor: Predictor, photos: list[Path]) -> pl.DataFrame:
    """One row a photo, from answers that were never written in parts."""
    answers = predictor.predict(photos, batch_size=BATCH)
    rows = [answer_row(answer, predictor.partition, 2) for answer in answers]
    unknown = dict.fromkeys(("feature_distance", "feature_percentile"), pl.Float64)
    frame = pl.DataFrame(rows, schema_overrides={**unknown, "unlike": pl.Boolean})
    assert frame["probability_1"].n_unique() == PHOTOS  # each answer can be told from the others
    return frame


def merged(folder: Path) -> pl.DataFrame:
    return pl.read_parquet(folder / MERGED_NAME)


def test_one_run_gives_a_row_for_each_photo(predictor, photos, expected, tmp_path: Path) -> None:
    assert fill(tmp_path / "deep" / "out", predictor, photos)
    assert_frame_equal(merged(tmp_path / "deep" / "out"), expected, check_exact=True)
    seen = sorted(own.name for own in (tmp_path / "deep" / "out").iterdir())
    assert [name for name in seen if name != ".lock"] == ["about.json", "predictions.parquet"]
    parts, _ = parts_in(tmp_path / "deep" / "out", predictor, photos)
    ((photo, error),) = parts.failures()
    assert photo == str(photos[3])
    assert "03.png" in error


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2)])
def test_shards_together_equal_one_run(order, predictor, photos, expected, tmp_path: Path) -> None:
    whole = [fill(tmp_path / "out", predictor, photos, Shard(number, 3)) for number in order]
    assert whole == [False, False, True]
    assert_frame_equal(merged(tmp_path / "out"), expected, check_exact=True)


def test_shards_of_several_disks_are_put_together(
    predictor, photos, expected, tmp_path: Path
) -> None:
    for number in (1, 2):
        assert not fill(tmp_path / f"{number}", predictor, photos, Shard(number, 2))
    shutil.copytree(tmp_path / "1", tmp_path / "2", dirs_exist_ok=True)
    parts, _ = parts_in(tmp_path / "2", predictor, photos)
    assert parts.missing() == []
    assert fill(tmp_path / "2", predictor, photos)
    assert_frame_equal(merged(tmp_path / "2"), expected, check_exact=True)


def test_what_is_there_is_not_answered_again(predictor, photos, expected, tmp_path: Path) -> None:
    fill(tmp_path, predictor, photos, Shard(2, 3))
    parts, how = parts_in(tmp_path, predictor, photos)
    asked: list[str] = []

    def ask(own: Any) -> Iterator[Any]:
        asked.extend(path.name for path in own)
        return predictor.predict(own, **how)

    done = list(parts.add(photos, ask, predictor.partition, top_k=2))
    assert asked == [path.name for path in photos[:ROWS] + photos[2 * ROWS :]]
    assert done == list(range(1, PHOTOS - ROWS + 1))
    assert parts.merge()
    assert_frame_equal(merged(tmp_path), expected, check_exact=True)


@pytest.mark.parametrize("damage", ["empty", "cut", "short"])
@pytest.mark.promise("fault", "a part of predictions that is empty, cut or too short")
def test_a_damaged_part_is_answered_again(
    damage, predictor, photos, expected, tmp_path: Path
) -> None:
    fill(tmp_path, predictor, photos, Shard(1, 2))
    parts, _ = parts_in(tmp_path, predictor, photos)
    path = parts.path(0)
    if damage == "short":
        pl.read_parquet(path).head(3).write_parquet(path)
    else:
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else 500])
    assert parts.missing() == [0, 1]
    assert fill(tmp_path, predictor, photos)
    assert_frame_equal(merged(tmp_path), expected, check_exact=True)


def test_an_error_keeps_the_parts_before_it(predictor, photos, expected, tmp_path: Path) -> None:
    parts, how = parts_in(tmp_path, predictor, photos)
    parts.begin()

    def failing(own: Any) -> Iterator[Any]:
        for number, answer in enumerate(predictor.predict(own, **how)):
            if number == ROWS + 2:
                raise ModelError("the logits are not finite")
            yield answer

    with pytest.raises(ModelError):
        list(parts.add(photos, failing, predictor.partition, top_k=2))
    assert parts.missing() == [1, 2]
    assert not parts.merge()
    assert fill(tmp_path, predictor, photos)
    assert_frame_equal(merged(tmp_path), expected, check_exact=True)


def test_other_photos_models_and_options_are_refused_by_name(
    predictor, photos, tmp_path: Path
) -> None:
    fill(tmp_path, predictor, photos, Shard(1, 3))
    with pytest.raises(OutputError, match=r"cannot go on: the photos was 21 .* and is 20 .*-o"):
        fill(tmp_path, predictor, photos[:-1])
    with pytest.raises(OutputError, match=r"the model was .* and is "):
        fill(tmp_path, random_predictor(1), photos)
    with pytest.raises(OutputError, match=r"--batch-size was 4 and is 2; --min-confidence was 0.0"):
        fill(tmp_path, predictor, photos, batch_size=2, min_confidence=0.5)
    about = json.loads((tmp_path / "about.json").read_text())
    for content, words in (
        ({**about, "format": 99}, "another version"),
        ([1], "does not say what the predictions beside it are"),
    ):
        (tmp_path / "about.json").write_text(json.dumps(content))
        with pytest.raises(OutputError, match=words):
            fill(tmp_path, predictor, photos)


def test_a_folder_of_other_files_is_refused(predictor, photos, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"holds thesis\.tex and no predictions"):
        fill(tmp_path, predictor, photos)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        fill(tmp_path / "file", predictor, photos)


@needs_fork
@pytest.mark.promise("kill", "`predict -o DIR`: before each write of the folder")
def test_a_kill_before_any_write_loses_and_repeats_no_row(tmp_path: Path) -> None:
    partition = two_cells()
    rows = [answer_row(made_answer(row), partition, 2) for row in range(PHOTOS)]
    expected = pl.DataFrame(rows, schema=row_schema(partition, 2))
    with Killer("answer_worlds") as killer:
        writes = killer.run("fill_with_made_answers", tmp_path / "straight")
        assert writes is not None
        assert writes > 20, "the audit sees every write"
        for kill_before in range(writes):
            folder = tmp_path / f"killed-{kill_before}"
            assert killer.run("fill_with_made_answers", folder, kill_before) is None
            assert killer.run("fill_with_made_answers", folder) is not None
            assert_frame_equal(merged(folder), expected, check_exact=True)
