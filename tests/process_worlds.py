"""Two processes that work together: `pair.run(job, …)` gives what the job returns in each of them.

They start once for all tests. A job is a function of a module that the processes can import; its
first argument is the `Processes` of its process. `pair.geoguess(folder, …)` runs a command line in
both, as torchrun would.
"""

import os
import socket
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

import geoguess_cli.model.processes
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

    def geoguess(
        self, folder: Path, *arguments: Any, others: Path | None = None
    ) -> list[tuple[int, str, str]]:
        """Exit code, stdout and stderr of `geoguess ARGUMENTS` in each process.

        Args:
            folder: Where the first process runs.
            arguments: The command line.
            others: Where the second process runs, if elsewhere.
        """
        return self.run(command_line, (folder, others or folder), [str(one) for one in arguments])


def command_line(
    processes: Processes, folders: tuple[Path, Path], arguments: list[str]
) -> tuple[int, str, str]:
    """What a command line does in this process, whose connection with the other one stays."""
    from geoguess_cli.app import app

    rank, count = str(processes.rank), str(processes.count)
    started = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in started.items():
            patch.setenv(name, value)
        patch.chdir(folders[processes.rank])
        patch.setattr(geoguess_cli.model.processes, "join", lambda own, **_: own)
        patch.setattr(geoguess_cli.model.processes, "leave", lambda _: None)
        result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def _serve(pipe: Connection, rank: int, count: int, port: int) -> None:
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


def approximately(value: Any) -> Any:
    """Equal, numbers to 1e-5."""
    if isinstance(value, dict):
        return {name: approximately(own) for name, own in value.items()}
    if isinstance(value, list):
        return [approximately(own) for own in value]
    return pytest.approx(value, abs=1e-5) if isinstance(value, float) else value
