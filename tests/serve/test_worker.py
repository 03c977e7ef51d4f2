"""One thread does quick jobs first, takes a limited number, and loses no error."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError

import pytest

from geoguess_cli.errors import BusyError
from geoguess_cli.serve.worker import Lane, Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    made = Worker({Lane.ANSWER: 2, Lane.DRAW: 2, Lane.EXPLAIN: 2})
    yield made
    made.close()


class Gate:
    """A job that waits until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.go.wait(10)
        return "through"


def test_a_result_and_an_error_come_back(worker: Worker) -> None:
    assert worker.submit(Lane.ANSWER, lambda: 7).result(5) == 7
    with pytest.raises(ZeroDivisionError):
        worker.submit(Lane.ANSWER, lambda: 1 // 0).result(5)
    assert worker.submit(Lane.ANSWER, lambda: 8).result(5) == 8


def test_quick_jobs_go_first_and_all_run_in_one_thread(worker: Worker) -> None:
    gate, order = Gate(), []
    worker.submit(Lane.EXPLAIN, gate)
    assert gate.begun.wait(5)

    def note(name: str) -> None:
        order.append((name, threading.get_ident()))

    jobs = [
        worker.submit(lane, lambda lane=lane: note(lane.name))
        for lane in (Lane.EXPLAIN, Lane.DRAW, Lane.ANSWER)
    ]
    gate.go.set()
    for job in jobs:
        job.result(5)
    assert [name for name, _ in order] == ["ANSWER", "DRAW", "EXPLAIN"]
    assert len({thread for _, thread in order}) == 1


def test_a_long_job_lets_quick_ones_pass(worker: Worker) -> None:
    gate, order = Gate(), []

    def long() -> None:
        gate()
        worker.let_pass(Lane.EXPLAIN)
        order.append("long")

    first = worker.submit(Lane.EXPLAIN, long)
    assert gate.begun.wait(5)
    second = worker.submit(Lane.EXPLAIN, lambda: order.append("next"))
    quick = worker.submit(Lane.ANSWER, lambda: order.append("quick"))
    gate.go.set()
    for job in (first, second, quick):
        job.result(5)
    assert order == ["quick", "long", "next"]


def test_room_is_bounded_and_who_gives_up_makes_room(worker: Worker) -> None:
    gate = Gate()
    running = worker.submit(Lane.DRAW, gate)
    assert gate.begun.wait(5)
    waiting = [worker.submit(Lane.DRAW, lambda: 1) for _ in range(2)]
    with pytest.raises(BusyError, match="2 other requests"):
        worker.submit(Lane.DRAW, lambda: 1)
    assert waiting[0].cancel()
    last = worker.submit(Lane.DRAW, lambda: "last")
    gate.go.set()
    assert running.result(5) == "through"
    assert waiting[1].result(5) == 1
    assert last.result(5) == "last"


def test_closing_drops_what_waits_and_takes_no_more(worker: Worker) -> None:
    gate = Gate()
    running = worker.submit(Lane.DRAW, gate)
    assert gate.begun.wait(5)
    waiting = worker.submit(Lane.DRAW, lambda: 1)
    closing = threading.Thread(target=worker.close)
    closing.start()
    with pytest.raises(CancelledError):
        waiting.result(5)
    gate.go.set()
    closing.join(5)
    assert running.result(5) == "through"
    assert worker.closing
    with pytest.raises(BusyError, match="shutting down"):
        worker.submit(Lane.DRAW, lambda: 1)
