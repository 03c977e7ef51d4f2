"""The ablation at a small size: resumable, paired, and its page is what its lines say."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import ablation
import ablation_page
import numpy as np
import pytest
from ablation_calibration import Judged
from ablation_neighbours import NearestScenes, Tuning, tuned
from ablation_results import mean_over_seeds, read_summary
from ablation_rows import FEATURE_ROWS, HYBRID_ROWS, Size, config_of, photos_learned, steps_of
from ablation_worlds import World, drawn_world

from geoguess_cli.config import CellsConfig
from geoguess_cli.evaluation.intervals import mean_of

ROWS = ["base", "hierarchy", "notebook", "best"]
DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("ablation")


def run(folder: Path, capsys, *options: str) -> dict[str, bool]:
    """The rows that a small run reports, and whether each was computed."""
    capsys.readouterr()
    ablation.main(["--small", "--results", str(folder), "--rows", *ROWS, *options])
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return {line["row"]: line["new"] for line in lines}


@pytest.fixture
def measured(folder, capsys) -> Path:
    if not (folder / "summary.jsonl").is_file():
        assert set(run(folder, capsys).values()) == {True}
    return folder


def test_a_row_that_is_there_is_not_computed_again(measured, capsys) -> None:
    assert set(run(measured, capsys).values()) == {False}
    (measured / "rows" / "base-0.json").unlink()  # killed before its line was written
    again = run(measured, capsys)
    assert [row for row, new in again.items() if new] == ["base"]


def test_a_row_of_another_configuration_is_computed_again(measured, capsys) -> None:
    path = measured / "rows" / "base-0.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "digest": "of other epochs"}))
    assert [row for row, new in run(measured, capsys).items() if new] == ["base"]


def test_the_page_has_every_row_and_says_which_is_missing(measured, tmp_path) -> None:
    page = tmp_path / "ablation.md"
    page.write_text(f"before\n{ablation_page.EMPTY}after\n")
    shutil.copy(measured / "summary.jsonl", tmp_path / "ablation.jsonl")
    ablation_page.write_page(page)
    text = page.read_text()
    page.unlink()
    ablation_page.write_page(page)  # a page that does not exist is made
    assert page.read_text() in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    rows = {row.name: row for row in (*FEATURE_ROWS, *HYBRID_ROWS)}
    for row in rows.values():
        (line,) = (
            own
            for own in text.splitlines()
            if own.startswith(f"| {row.words} | ") and own.count(" | ") > 8
        )
        assert ("not measured yet" in line) == (row.name not in ROWS)
    names = {path.name for path in (tmp_path / "images").iterdir()}
    assert names == {"ablation-features.png", "ablation-hybrid.png", "ablation-calibration.png"}


def test_statistics_are_those_of_the_stored_photos(measured) -> None:
    arrays = np.load(measured / "rows" / "hierarchy-0.npz")
    base = np.load(measured / "rows" / "base-0.npz")
    (line,) = (
        own for own in read_summary(measured / "summary.jsonl") if own.get("row") == "hierarchy"
    )
    statistics = {key: of[0] for key, of in line["statistics"].items()}
    assert statistics["top_1"] == pytest.approx((arrays["rank"] == 1).mean(), abs=1e-5)
    assert statistics["median_km"] == pytest.approx(np.median(arrays["km"]), abs=1e-5)
    covered = arrays["covered"]
    assert statistics["set_90"] == pytest.approx(arrays["in_90"][covered].mean(), abs=1e-5)
    assert line["differences"]["median_km"][0] == pytest.approx(
        np.median(arrays["km"]) - np.median(base["km"]), abs=2e-5
    )
    low, high = line["differences"]["top_1"][1:]
    assert low <= line["differences"]["top_1"][0] <= high


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> World:
    cells = CellsConfig(30, 2, max_level=16)
    folder = tmp_path_factory.mktemp("world")
    return drawn_world(folder, drives=40, cells=cells, workers=1)


@pytest.mark.parametrize("rows", [FEATURE_ROWS, HYBRID_ROWS], ids=["features", "hybrid"])
def test_all_rows_of_a_group_have_the_steps_of_the_same_time(world, rows) -> None:
    size = Size(feature_steps=40, hybrid_steps=40)
    for row in rows:
        config = config_of(row, 0, world, size)
        photos = photos_learned(row, config, world)
        epoch = -(-photos // config.train.batch_size)
        assert abs(steps_of(config, photos) - 40 * row.pace) <= epoch / 2, row.name


def test_rows_differ_from_their_base_by_the_keys_they_name(world) -> None:
    size = Size()
    base = config_of(FEATURE_ROWS[0], 0, world, size)
    for row in FEATURE_ROWS[1:-4]:
        own = config_of(row, 0, world, size)
        changed = {
            f"{table}.{key}"
            for table in ("cells", "images", "model", "train")
            for key, value in vars(getattr(own, table)).items()
            if value != getattr(getattr(base, table), key) and key != "stages"
        }
        named = {key for key in row.changes if row.changes[key] != FEATURE_ROWS[0].changes.get(key)}
        assert changed == named, row.name


def test_the_notebooks_val_shares_drives_and_the_test_photos_stay(world) -> None:
    drives = {name: set(world.mixed.only(name).frame["sequence"]) for name in ("train", "val")}
    assert drives["train"] & drives["val"]
    assert world.mixed.only("test").frame.equals(world.table.only("test").frame)
    own = {name: set(world.table.only(name).frame["sequence"]) for name in ("train", "val")}
    assert not own["train"] & own["val"]
    assert world.mixed.splits == pytest.approx(
        {k: v for k, v in world.table.splits.items() if k}, abs=2
    )


def test_the_nearest_scene_answers_and_noise_gets_no_weight() -> None:
    rng = np.random.default_rng(0)
    cells = np.repeat(np.arange(5), 40)
    signal = rng.normal(0, 0.1, (200, 2)) + cells[:, None]
    train = {"signal": signal, "noise": rng.normal(0, 9, (200, 6))}
    scenes = NearestScenes(train, cells, 5)
    one = Tuning({"signal": 1.0, "noise": 1.0}, neighbours=1)
    itself = scenes.logits(scenes.joint(train, one), one)
    assert (itself.argmax(axis=1) == cells).all()
    truths = rng.integers(0, 5, 60)
    val = {
        "signal": rng.normal(0, 0.1, (60, 2)) + truths[:, None],
        "noise": rng.normal(0, 9, (60, 6)),
    }
    best = tuned(scenes, val, truths)
    assert best.weights["noise"] < best.weights["signal"] / 2
    answers = scenes.logits(scenes.joint(val, best), best)
    assert (answers.argmax(axis=1) == truths).mean() > 0.95
    np.testing.assert_allclose(np.exp(answers).sum(axis=1), 1, atol=1e-4)


def test_chance_alone_gives_the_error_of_a_mean_of_coins() -> None:
    photos, drives, sure = 400, 40, 0.8
    logits = np.tile(np.log([sure, 1 - sure]), (photos, 1)).astype(np.float32)
    of = (logits, np.zeros(photos, dtype=np.int64))
    numbers = np.repeat(np.arange(drives), photos // drives)
    judged = Judged(1.0, of, of, numbers, numbers)
    for alike, coins in ((False, photos), (True, drives)):
        errors = [ece for ece, _ in judged.by_chance(alike=alike)]
        # The mean distance of a normal variable from its mean, see Geary (1935).
        expected = np.sqrt(2 / np.pi * sure * (1 - sure) / coins)
        assert np.mean(errors) == pytest.approx(expected, rel=0.3)


def test_a_row_of_several_seeds_is_their_mean() -> None:
    seeds = [mean_of(np.array([1.0, 0.0, 1.0])), mean_of(np.array([0.0, 0.0, 1.0]))]
    weights = np.array([[1.0, 2.0], [1.0, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(mean_over_seeds(seeds)(weights), [0.5, (1 + 1 / 3) / 2])


@pytest.mark.parametrize(
    ("less", "ends", "side"),
    [
        (False, (0.1, 0.02, 0.2), "better"),
        (True, (0.1, 0.02, 0.2), "worse"),
        (True, (-0.1, -0.2, -0.02), "better"),
        (False, (0.1, -0.02, 0.2), ""),
        (None, (0.1, 0.02, 0.2), ""),
        (False, (0.1, None, None), ""),
    ],
)
def test_better_and_worse_need_an_interval_without_0(less, ends, side) -> None:
    column = SimpleNamespace(key="x", less=less)
    assert ablation_page.judged(column, {"differences": {"x": ends}}) == side


def test_the_share_of_a_gap_that_is_closed() -> None:
    lines = [{"statistics": {"median_km": [km]}} for km in (300.0, 150.0, 100.0)]
    assert ablation_page.closed(*lines, "median_km") == pytest.approx(0.75)


def test_the_page_of_the_docs_is_what_the_stored_lines_say(tmp_path) -> None:
    page = tmp_path / "ablation.md"
    for name in ("ablation.md", "ablation.jsonl"):
        shutil.copy(DOCS / name, tmp_path / name)
    ablation_page.write_page(page)
    assert page.read_text() == (DOCS / "ablation.md").read_text()
    for path in (tmp_path / "images").iterdir():
        assert (DOCS / "images" / path.name).is_file()
