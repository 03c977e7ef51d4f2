"""The clock of a training: when the next snapshot is due, and how long one more step may take."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """How long steps and snapshots take, in seconds."""

    def __init__(self) -> None:
        self._stepped = self._saved = time.monotonic()
        self._longest_step = self._longest_saving = 0.0

    @property
    def since_saving(self) -> float:
        """Time since the last snapshot."""
        return time.monotonic() - self._saved

    @property
    def needed(self) -> float:
        """Time that one more step and one more snapshot may take."""
        return self._longest_step + 2 * self._longest_saving

    def step(self) -> None:
        """A step ends now."""
        now = time.monotonic()
        self._longest_step = max(self._longest_step, now - self._stepped)
        self._stepped = now

    @contextmanager
    def saving(self) -> Iterator[None]:
        """Measure a snapshot; it does not count as a part of a step."""
        started = time.monotonic()
        yield
        self._saved = self._stepped = time.monotonic()
        self._longest_saving = max(self._longest_saving, self._saved - started)
