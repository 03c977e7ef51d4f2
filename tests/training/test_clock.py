"""The clock of a training: a snapshot is no part of a step."""

from types import SimpleNamespace

import pytest

from geoguess_cli.training import clock as clock_module
from geoguess_cli.training.clock import Clock


def test_a_snapshot_is_no_part_of_a_step_and_counts_twice_in_what_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(clock_module, "time", SimpleNamespace(monotonic=lambda: now))
    clock = Clock()
    now += 2
    clock.step()
    assert clock.needed == 2
    with clock.saving():
        now += 5
    assert clock.since_saving == 0
    now += 1
    clock.step()
    assert (clock.since_saving, clock.needed) == (1, 2 + 2 * 5)
