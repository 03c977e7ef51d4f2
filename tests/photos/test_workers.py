"""The number of processes follows the photos and the machine."""

from geoguess_cli.photos.workers import MAX_WORKERS, automatic_workers


def test_few_photos_need_no_workers():
    assert automatic_workers(0) == automatic_workers(10) == 0


def test_many_photos_take_a_process_a_core_within_limits():
    assert 1 <= automatic_workers(10**6) <= MAX_WORKERS
