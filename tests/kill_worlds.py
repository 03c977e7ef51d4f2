"""Kills a process before a write. Processes are forked with all modules loaded, so that hundreds of
kills take minutes.

`in_a_child` forks the test's own process, with all that it has made. The threads of Polars do not
live on in such a fork; where a job uses Polars, a `Killer` forks a process that never used them.
"""

import faulthandler
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

WRITES = ("os.mkdir", "os.rename", "os.remove", "os.link", "os.rmdir", "os.truncate")
LONGEST_SECONDS = 120

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


class Writes:
    """Counts what changes a folder, in this process; before one of these changes it kills it."""

    def __init__(self, folder: Path, kill_before: int | None) -> None:
        self.count = 0
        self._folder, self._kill_before = os.fspath(folder), kill_before
        sys.addaudithook(self._look)

    def _look(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = args
            changes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        else:
            path, changes = args[0] if args else None, event in WRITES
        named = changes and isinstance(path, str | os.PathLike)
        if named and os.fspath(path).startswith(self._folder):
            if self.count == self._kill_before:
                os.kill(os.getpid(), signal.SIGKILL)
            self.count += 1


def in_a_child(work: Callable[[], int]) -> int | None:
    """What `work` returns in a fork of this process; None if the fork was killed.

    A fork that hangs is killed after `LONGEST_SECONDS`.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(LONGEST_SECONDS)
        faulthandler.disable()  # the end of a fork is told by what it left
        try:
            os.write(writer, str(work()).encode())
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as file:
        answer = file.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return None
    assert os.WEXITSTATUS(status) == 0, "the child failed; its traceback is on stderr"
    return int(answer)


class Killer:
    """Runs jobs in forks of a process that has loaded what they need, and has used none of it.

    Args:
        module: What the process loads before it is forked; the jobs are its functions.
    """

    def __init__(self, module: str) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-c", f"import kill_worlds, {module}; kill_worlds.serve({module})"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, job: str, folder: Path, kill_before: int | None = None) -> int | None:
        """The number of writes of a job in a fork; None if it was killed before one.

        Args:
            job: Name of a function of the module that takes a folder.
            folder: The folder; only changes below it count.
            kill_before: Kill the fork before the write of this number, from 0.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        print(json.dumps([job, str(folder), kill_before]), file=self._server.stdin, flush=True)
        answer = self._server.stdout.readline()
        assert answer, "the job failed; its traceback is on stderr"
        writes: int | None = json.loads(answer)
        return writes

    def __enter__(self) -> "Killer":
        return self

    def __exit__(self, *_: object) -> None:
        self._server.kill()
        self._server.communicate()


def serve(module: ModuleType) -> None:
    """Do the jobs that a `Killer` names, each in a fork of this process."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a job prints is no answer
    for line in sys.stdin:
        name, folder, kill_before = json.loads(line)

        def work(name: str = name, folder: str = folder, at: int | None = kill_before) -> int:
            writes = Writes(Path(folder), at)
            getattr(module, name)(Path(folder))
            return writes.count

        print(json.dumps(in_a_child(work)), file=answers, flush=True)
