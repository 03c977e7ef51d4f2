"""Scans: what is kept of photos, how one goes on, and which photos are taken."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoguess_cli.errors import ConfigError, PhotoError
from geoguess_cli.inference.probabilities import softmax
from geoguess_cli.survey.scan import Scanned, ScanPlan, scan_photo, scan_photos, whole_drives
from geoguess_cli.survey.scan_store import ScannedPhoto, ScanStore

PLAN = ScanPlan(window=8, stride=4)
KEY = PLAN.key({"fingerprint": "abc"})


def read(path: Path) -> np.ndarray:
    """A photo is a seed in a file; an empty file is no photo."""
    if not path.read_text():
        raise PhotoError(f"{path}: no photo")
    rng = np.random.default_rng(int(path.read_text()))
    return rng.random((3, 16, 16)).astype(np.float32)


def three_cells(images: np.ndarray) -> np.ndarray:
    """A smooth model that looks at everything, a little more at one corner."""
    upper, red = images[:, :, :8].mean((1, 2, 3)), images[:, 0].mean((1, 2))
    parts = np.stack([upper, red, images[:, 1, 10:, 10:].mean((1, 2))])
    return softmax(8 * parts.T)


class Interrupting:
    """The model until it has been asked so often, then Ctrl-C."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self, images: np.ndarray) -> np.ndarray:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return three_cells(images)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "photos"
    folder.mkdir()
    photos = [folder / f"{number}.txt" for number in range(6)]
    for number, path in enumerate(photos):
        path.write_text(str(number))
    return photos


def scan(folder: Path, paths: list[Path], predict: Callable = three_cells) -> list[Scanned]:
    with ScanStore(folder, KEY) as store:
        return list(scan_photos(predict, read, paths, PLAN, store))


def same(a: ScannedPhoto | None, b: ScannedPhoto | None) -> bool:
    assert a is not None
    assert b is not None
    np.testing.assert_array_equal(a.window_drops, b.window_drops)
    return (a.cell_index, a.probability, a.spots) == (b.cell_index, b.probability, b.spots)


def test_a_scan_holds_the_drops_of_its_photo(paths: list[Path]) -> None:
    image = read(paths[3])
    photo = scan_photo(three_cells, image, PLAN)
    probabilities = three_cells(image[None])[0]
    assert photo.cell_index == probabilities.argmax()
    assert photo.probability == pytest.approx(probabilities.max())
    covered = image.copy()
    covered[:, 8:16, 4:12] = 0
    expected = photo.probability - three_cells(covered[None])[0, photo.cell_index]
    assert photo.window_drops[2, 1] == pytest.approx(expected, abs=1e-6)
    assert scan_photo(three_cells, image, PLAN, truth=2).cell_index == 2


def test_an_interrupted_scan_goes_on_to_the_same_result(paths: list[Path], tmp_path: Path) -> None:
    whole = scan(tmp_path / "whole", paths)
    with pytest.raises(KeyboardInterrupt):
        scan(tmp_path / "cut", paths, Interrupting(8))
    model = Interrupting(1000)
    rest = scan(tmp_path / "cut", paths, model)
    before = [one.reused for one in rest]
    assert 0 < sum(before) < len(paths)
    assert before == sorted(before, reverse=True)
    for one, other in zip(whole, rest, strict=True):
        assert one.row == other.row
        assert same(one.photo, other.photo)
    assert all(one.reused for one in scan(tmp_path / "cut", paths, Interrupting(0)))


def test_a_line_cut_short_costs_its_own_photo_alone(paths: list[Path], tmp_path: Path) -> None:
    whole = scan(tmp_path, paths)
    (path,) = tmp_path.glob("*.jsonl")
    path.write_bytes(path.read_bytes()[:-7])
    again = scan(tmp_path, paths)
    assert [one.reused for one in again] == [True] * 5 + [False]
    assert same(whole[5].photo, again[5].photo)
    assert all(one.reused for one in scan(tmp_path, paths, Interrupting(0)))


def test_a_line_that_two_runs_spoilt_is_left_out(paths: list[Path], tmp_path: Path) -> None:
    scan(tmp_path, paths)
    (path,) = tmp_path.glob("*.jsonl")
    lines = path.read_text().splitlines()
    lines[3] = lines[3][:40] + lines[4]
    path.write_text("\n".join(lines) + "\n")
    again = scan(tmp_path, paths)
    assert [one.reused for one in again] == [True, True, False, True, True, True]


def test_another_model_or_plan_starts_anew_and_leaves_the_old_be(
    paths: list[Path], tmp_path: Path
) -> None:
    scan(tmp_path, paths)
    others = [
        PLAN.key({"fingerprint": "abd"}),
        ScanPlan(window=8, stride=8).key({"fingerprint": "abc"}),
        ScanPlan(window=8, stride=4, baselines=("blur",)).key({"fingerprint": "abc"}),
        ScanPlan(window=8, stride=4, follow="truth").key({"fingerprint": "abc"}),
    ]
    for number, key in enumerate(others, start=1):
        with ScanStore(tmp_path, key) as store:
            assert len(store) == 0
            assert len(store.others) == number
    with ScanStore(tmp_path, KEY) as store:
        assert len(store) == 6


def test_a_photo_is_known_by_what_it_shows(paths: list[Path], tmp_path: Path) -> None:
    scan(tmp_path / "scans", paths)
    moved = tmp_path / "elsewhere.txt"
    moved.write_text("4")
    paths[2].write_text("77")
    again = scan(tmp_path / "scans", [moved, *paths])
    assert [one.reused for one in again] == [True, True, True, False, True, True, True]


def test_photos_that_cannot_be_read_are_listed(paths: list[Path], tmp_path: Path) -> None:
    paths[1].write_text("")
    paths[4].unlink()
    scans = scan(tmp_path / "scans", paths)
    assert [scan.row for scan in scans if scan.photo is None] == [1, 4]
    assert "no photo" in str(scans[1].error)
    assert "4.txt" in str(scans[4].error)


def test_the_true_cell_is_followed_where_there_is_one(paths: list[Path], tmp_path: Path) -> None:
    plan = ScanPlan(window=8, stride=4, follow="truth")
    truths = np.array([2, 1, -1, 0, 2, 1])
    with ScanStore(tmp_path, plan.key({})) as store:
        scans = list(scan_photos(three_cells, read, paths, plan, store, truths=truths))
        cells = [scan.photo and scan.photo.cell_index for scan in scans]
        assert cells == [2, 1, None, 0, 2, 1]
        assert "no cell" in str(scans[2].error)
        # Where the table was mended, the photo is looked at again.
        truths[0] = 1
        (first, *_) = scan_photos(three_cells, read, paths, plan, store, truths=truths)
    assert first.photo is not None
    assert (first.photo.cell_index, first.reused) == (1, False)


def test_a_window_that_does_not_fit_is_an_error(paths: list[Path], tmp_path: Path) -> None:
    plan = ScanPlan(window=32)
    with ScanStore(tmp_path, plan.key({})) as store, pytest.raises(ConfigError, match="window"):
        list(scan_photos(three_cells, read, paths, plan, store))


@given(st.lists(st.integers(-1, 6), min_size=1, max_size=40), st.integers(1, 40), st.integers(0, 9))
def test_whole_drives_up_to_the_limit(drives: list[int], limit: int, seed: int) -> None:
    numbers = np.array(drives)
    rows = whole_drives(numbers, limit, seed=seed)
    assert len(rows) <= limit
    assert (np.diff(rows) > 0).all()
    taken = set(rows.tolist())
    counts = {drive: len(taken & set(np.flatnonzero(numbers == drive))) for drive in set(drives)}
    split = [d for d, count in counts.items() if d >= 0 and 0 < count < drives.count(d)]
    # Only a drive that alone exceeds the limit is cut, and then it is the only one.
    assert len(split) <= 1
    if split:
        assert set(numbers[rows]) == set(split)
        assert len(rows) == limit
    if limit >= len(drives):
        assert len(rows) == len(drives)
