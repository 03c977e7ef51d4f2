"""The clock of a training: a snapshot is no part of a step."""

import time

from geoguess_cli.training.clock import Clock


def test_a_snapshot_is_no_part_of_a_step_and_counts_twice_in_what_is_needed() -> None:
    clock = Clock()
    time.sleep(0.01)
    clock.step()
    step = clock.needed
    assert step >= 0.01
    with clock.saving():
        time.sleep(0.03)
    assert clock.since_saving < 0.03
    clock.step()
    assert step + 0.06 <= clock.needed < step + 0.2
