"""A training stops at a signal or before a time limit, and a second Ctrl-C ends it at once."""

import os
import signal

import pytest
import typer

from geoguess_cli.console.stopping import TIME_UP, StopRequests, duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2h", 7200), ("90m", 5400), ("1h30m", 5400), ("0.5h", 1800), ("45s", 45), ("1d", 86400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "-1h", "1h30", "two hours", "1e3s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is not a duration; write it as 2h, 90m"):
        duration(text)


def test_no_limit_and_no_signal_let_it_continue() -> None:
    stop = StopRequests()
    assert stop(1e9) is None
    assert stop.code == 0


def test_the_limit_leaves_time_for_a_step_and_a_snapshot() -> None:
    stop = StopRequests(limit=100.0)
    assert stop(50.0) is None
    assert stop(101.0) == "stopped before its time limit"
    assert stop.code == TIME_UP


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_the_next_ctrl_c_interrupts(number: signal.Signals) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with StopRequests() as stop:
        assert stop(0.0) is None
        os.kill(os.getpid(), number)
        assert stop(0.0) == f"stopped by {number.name}"
        assert stop.code == 128 + number
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
