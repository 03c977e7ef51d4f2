"""How long explanations of photos will take, said once, before most of the work."""

import time
from collections.abc import Callable

from geoguess_cli.console.output import Sink
from geoguess_cli.wording import counted, time_span

WORTH_SAYING_S = 10.0
"""The least time left of which a forecast is made."""


class Forecast:
    """Says how long photos will take, from the time of the second batch of the first photo.

    The first batch also prepares the network, so it does not count.

    Args:
        sink: Where the line goes.
        photos: Number of photos.
        clock: The time in seconds.
    """

    def __init__(
        self, sink: Sink, photos: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sink, self._photos, self._clock = sink, photos, clock
        self._first: tuple[int, float] | None = None
        self._measured = False

    def batch(self, done: int, total: int) -> None:
        """Note the end of a batch: images done and images in all, of one photo."""
        if self._measured:
            return
        now = self._clock()
        if self._first is None or done <= self._first[0]:
            self._first = done, now
            return
        self._measured = True
        before, then = self._first
        left = (now - then) / (done - before) * (total * self._photos - done)
        if left >= WORTH_SAYING_S:
            of_photos = f" for {counted(self._photos, 'photo')}" if self._photos > 1 else ""
            each = " each" if self._photos > 1 else ""
            self._sink.notice(
                f"about {time_span(left)}{of_photos}: {total:,} images go through the model{each}"
            )
