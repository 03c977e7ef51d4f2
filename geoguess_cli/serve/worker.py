"""One thread that does all the work of a server, the quick before the long."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from enum import IntEnum
from typing import Any, TypeVar

from geoguess_cli.errors import BusyError

_Result = TypeVar("_Result")


class Lane(IntEnum):
    """Kinds of work; a lower one goes first."""

    ANSWER = 0
    DRAW = 1
    EXPLAIN = 2


class Worker:
    """Does jobs one at a time, in one thread: those of the first lane that has any, in order.

    A model, matplotlib and Bokeh are used by no other thread, so none needs a lock; and however
    many photos come, one is in work.

    Args:
        room: How many jobs may wait in each lane.
    """

    def __init__(self, room: Mapping[Lane, int]) -> None:
        self._room = dict(room)
        self._waiting: dict[Lane, deque[tuple[Future[Any], Callable[[], Any]]]] = {
            lane: deque() for lane in Lane
        }
        self._change = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="geoguess-worker", daemon=True)
        self._thread.start()

    def submit(self, lane: Lane, job: Callable[[], _Result]) -> "Future[_Result]":
        """The result of a job, once it is done; cancelled before its turn it is never begun.

        Raises:
            BusyError: As many jobs wait in the lane as there is room for, or the worker is closed.
        """
        future: Future[_Result] = Future()
        with self._change:
            if self._closing:
                raise BusyError("the server is shutting down")
            # Who gave up waiting makes room.
            waiting = self._waiting[lane]
            kept = [(one, its) for one, its in waiting if not one.cancelled()]
            waiting.clear()
            waiting.extend(kept)
            if len(waiting) >= self._room[lane]:
                raise BusyError(
                    f"the server is busy: {len(waiting)} others wait already; try again in a moment"
                )
            waiting.append((future, job))
            self._change.notify()
        return future

    def let_pass(self, lane: Lane) -> None:
        """Called from within a long job: do all that waits in quicker lanes than its own."""
        while (found := self._next(before=lane)) is not None:
            _do(*found)

    @property
    def closing(self) -> bool:
        """Whether `close` was called: a long job ends early."""
        return self._closing

    def close(self) -> None:
        """Drop what waits, let the job in work end, and end the thread."""
        with self._change:
            self._closing = True
            for waiting in self._waiting.values():
                for future, _ in waiting:
                    future.cancel()
                waiting.clear()
            self._change.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closing or any(self._waiting.values()))
                if self._closing:
                    return
            if (found := self._next()) is not None:
                _do(*found)

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
    except BaseException as error:  # whoever waits for the result is told
        future.set_exception(error)
