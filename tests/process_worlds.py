"""Two processes that work together: `pair.run(job, …)` gives what the job returns in each of them.

They start once for all tests. A job is a function of a module that the processes can import; its
first argument is the `Processes` of its process.
"""

import socket
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
import torch

from geoguess_cli.model.processes import Processes, join, leave


class Pair:
    """Processes of one job, each at the other end of a pipe."""

    def __init__(self, pipes: list[Connection]) -> None:
        self._pipes = pipes

    def run(self, job: Callable[..., Any], *arguments: Any) -> list[Any]:
        """What a job returns in each process, by rank; an error in one of them is an error here."""
        for pipe in self._pipes:
            pipe.send((job, arguments))
        answers = []
        for pipe in self._pipes:
            assert pipe.poll(60), "a process does not answer"
            answers.append(pipe.recv())
        assert not any(trace for _, trace in answers), "\n".join(trace for _, trace in answers)
        return [result for result, _ in answers]


def _serve(pipe: Connection, rank: int, count: int, port: int) -> None:
    import os

    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    torch.set_num_threads(1)
    processes = join(Processes(rank, count, rank, count), device="cpu")
    while (task := pipe.recv()) is not None:
        job, arguments = task
        try:
            pipe.send((job(processes, *arguments), ""))
        except Exception:
            pipe.send((None, f"rank {rank}: {traceback.format_exc()}"))
    leave(processes)


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """Two processes on this machine, connected as torchrun would."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = torch.multiprocessing.get_context("spawn")
    ends = [context.Pipe() for _ in range(2)]
    workers = [
        context.Process(target=_serve, args=(theirs, rank, 2, port), daemon=True)
        for rank, (_, theirs) in enumerate(ends)
    ]
    for worker in workers:
        worker.start()
    pipes = [ours for ours, _ in ends]
    yield Pair(pipes)
    for pipe in pipes:
        pipe.send(None)
    for worker in workers:
        worker.join(20)
        worker.kill()
