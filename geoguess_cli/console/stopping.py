"""When a training shall stop although it is not done: a signal, or a time limit."""

import re
import signal
import threading
import time
from types import FrameType
from typing import Any

import typer

TIME_UP = 75
"""Exit code when the time limit ended a training: EX_TEMPFAIL of sysexits.h, "try again"."""

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+", re.ASCII)


def duration(text: str) -> float:
    """Seconds of a text such as `2h`, `90m` or `1h30m`.

    Raises:
        typer.BadParameter: The text is not a duration.

    >>> duration("1h30m"), duration("45s")
    (5400.0, 45.0)
    """
    if not _DURATION.fullmatch(text):
        raise typer.BadParameter(f"`{text}` is not a duration; write it as 2h, 90m or 1h30m")
    return sum(float(part[:-1]) * _UNITS[part[-1]] for part in re.findall(r"[\d.]+[dhms]", text))


class StopRequests:
    """Asked after each step, tells a training to stop at a signal or before a time limit.

    Within its context the first Ctrl-C or SIGTERM is noted, so that a snapshot can be kept after
    the step that runs; a second Ctrl-C interrupts at once.

    Args:
        limit: Seconds from now that the training may take; None for no limit.

    Attributes:
        code: The exit code for the reason of the stop; 0 if there is none.
    """

    def __init__(self, limit: float | None = None) -> None:
        self.code = 0
        self._deadline = None if limit is None else time.monotonic() + limit
        self._signal: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopRequests":
        # Python lets the main thread alone handle signals.
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self, needed: float) -> str | None:
        """The reason to stop now; None if the training may go on.

        Args:
            needed: Seconds that one more step and one more snapshot may take.
        """
        if self._signal is not None:
            self.code = 128 + self._signal
            return f"stopped by {signal.Signals(self._signal).name}"
        if self._deadline is not None and time.monotonic() + needed >= self._deadline:
            self.code = TIME_UP
            return "stopped before its time limit"
        return None

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number
        signal.signal(signal.SIGINT, self._before[signal.SIGINT])
