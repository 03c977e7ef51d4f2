"""A data set from its server to a photo table: small ones, with the layouts of the real ones."""

import os
from dataclasses import replace

import pytest

from geoguess_cli.errors import DownloadError
from geoguess_cli.sources.downloading import (
    DownloadPlan,
    check_download,
    download,
    plan_download,
    read_download,
)
from geoguess_cli.sources.downloads import DATA_SETS


def _fetched(plan: DownloadPlan) -> DownloadPlan:
    download(plan, environment=os.environ, quiet=True)
    return plan


def test_osv_mini_to_its_photos_and_checks(small_osv_mini, tmp_path) -> None:
    plan = _fetched(plan_download(small_osv_mini, tmp_path / "to"))
    reading = read_download(plan)
    assert reading.table.splits == {"train": 4, "test": 2}
    assert all(path.is_file() for path in reading.table.files)
    checks = {check.what: (check.found, check.published) for check in check_download(plan, reading)}
    assert checks == {
        "rows of osv5m/train_mini.csv": (5, 5),
        "columns of osv5m/train_mini.csv": (32, 32),
        "photos of train": (4, 5),
        "rows of osv5m/test_mini.csv": (3, 3),
        "columns of osv5m/test_mini.csv": (32, 32),
        "photos of test": (2, 3),
        "rows that cannot be used": (0, 0),
        "rows whose photo is not there": (2, 0),
    }
    held = [check.what for check in check_download(plan, reading) if not check.holds]
    assert held == ["photos of train", "photos of test", "rows whose photo is not there"]


def test_a_finished_download_plans_nothing(small_osv_mini, tmp_path) -> None:
    plan = _fetched(plan_download(small_osv_mini, tmp_path / "to"))
    again = plan_download(small_osv_mini, tmp_path / "to")
    assert plan.files
    assert (again.files, again.bytes, again.disk_bytes) == ((), 0, 0)


def test_an_archive_needs_its_size_twice(small_osv_mini, hub, tmp_path) -> None:
    hub.sizes[small_osv_mini.repository] = 10**6
    plan = plan_download(small_osv_mini, tmp_path / "to")
    assert plan.bytes == 10**6
    assert plan.disk_bytes > 2 * 10**6


def test_a_disk_that_is_too_small(small_osv_5m, hub, tmp_path) -> None:
    hub.sizes["images/train/00.zip"] = 10**18
    with pytest.raises(DownloadError, match=r"1000 PB.*--to DIR.*--only test"):
        plan_download(small_osv_5m, tmp_path / "not" / "there")
    assert not (tmp_path / "not").exists()
    assert plan_download(small_osv_5m, tmp_path, only=["test"]).files == (
        "test.csv",
        "images/test/00.zip",
    )


def test_a_wrong_part_is_refused_before_the_server_is_asked(hub, tmp_path) -> None:
    with pytest.raises(DownloadError, match="no part"):
        plan_download(DATA_SETS["osv-5m"], tmp_path, only=["val"])
    assert hub.log == []


def test_fewer_archives_than_published_differ(small_osv_5m, tmp_path) -> None:
    part = replace(small_osv_5m.parts[1], archive_count=2)
    data_set = replace(small_osv_5m, parts=(part,))
    plan = _fetched(plan_download(data_set, tmp_path))
    wrong = {check.what for check in check_download(plan, read_download(plan)) if not check.holds}
    assert wrong == {"archives of test"}


def test_osv_5m_in_its_zips(small_osv_5m, tmp_path) -> None:
    plan = _fetched(plan_download(small_osv_5m, tmp_path))
    reading = read_download(plan)
    assert reading.table.splits == {"train": 4, "test": 2}
    assert all(check.holds for check in check_download(plan, reading))


def test_a_part_of_osv_5m_says_how_many_photos_are_elsewhere(small_osv_5m, tmp_path) -> None:
    plan = _fetched(plan_download(small_osv_5m, tmp_path, only=["train/01"]))
    assert plan.files == ("train.csv", "images/train/01.zip")
    reading = read_download(plan)
    checks = {check.what: (check.found, check.published) for check in check_download(plan, reading)}
    assert reading.table.splits == {"train": 2}
    assert checks["photos of train"] == (2, None)
    assert checks["rows whose photo is not there"] == (2, None)
    assert all(check.holds for check in check_download(plan, reading))


def test_im2gps3k_is_all_test(small_im2gps3k, tmp_path) -> None:
    plan = _fetched(plan_download(small_im2gps3k, tmp_path))
    reading = read_download(plan)
    assert reading.table.splits == {"test": 3}
    assert all(check.holds for check in check_download(plan, reading))
