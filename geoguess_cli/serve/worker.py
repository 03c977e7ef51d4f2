"""One thread that does all the work of a server; quick jobs go before long ones."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, TypeVar

from geoguess_cli.errors import BusyError

_Result = TypeVar("_Result")


class Lane(IntEnum):
    """Kinds of work; a job of a lower lane goes first."""

    ANSWER = 0
    DRAW = 1
    EXPLAIN = 2


class Worker:
    """Does jobs one at a time, in one thread: the oldest job of the first lane that has jobs.

    No other thread uses the model, matplotlib or Bokeh, so they need no lock.

    Args:
        room: The number of jobs that may wait in each lane.

    Attributes:
        closing: Whether `close` was called; a long job then ends early.
    """

    def __init__(self, room: Mapping[Lane, int]) -> None:
        self._room = dict(room)
        self._waiting: dict[Lane, deque[tuple[Future[Any], Callable[[], Any]]]] = {
            lane: deque() for lane in Lane
        }
        self._change = threading.Condition()
        self.closing = False
        self._thread = threading.Thread(target=self._run, name="geoguess-worker", daemon=True)
        self._thread.start()

    def submit(self, lane: Lane, job: Callable[[], _Result]) -> "Future[_Result]":
        """The future result of a job. Cancel it before its turn, and the job never starts.

        Raises:
            BusyError: The lane is full, or the worker is closed.
        """
        future: Future[_Result] = Future()
        with self._change:
            if self.closing:
                raise BusyError("the server is shutting down")
            # A cancelled job makes room.
            waiting = deque(entry for entry in self._waiting[lane] if not entry[0].cancelled())
            self._waiting[lane] = waiting
            if len(waiting) >= self._room[lane]:
                raise BusyError(
                    f"the server is busy: {len(waiting)} other requests are waiting; "
                    "try again in a moment"
                )
            waiting.append((future, job))
            self._change.notify()
        return future

    def let_pass(self, lane: Lane) -> None:
        """Do all jobs that wait in lanes before `lane`; a long job calls this between its parts."""
        while (entry := self._next(before=lane)) is not None:
            _do(*entry)

    def close(self) -> None:
        """Cancel the jobs that wait, let the current job end, and end the thread."""
        with self._change:
            self.closing = True
            for waiting in self._waiting.values():
                for future, _ in waiting:
                    future.cancel()
                waiting.clear()
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self.closing or any(self._waiting.values()))
                if self.closing:
                    return
            if (entry := self._next()) is not None:
                _do(*entry)

    def _next(self, before: Lane | None = None) -> "tuple[Future[Any], Callable[[], Any]] | None":
        with self._change:
            for lane, waiting in self._waiting.items():
                if waiting and (before is None or lane < before):
                    return waiting.popleft()
        return None


def _do(future: "Future[Any]", job: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(job())
    except BaseException as error:  # the future carries it to whoever waits
        future.set_exception(error)
