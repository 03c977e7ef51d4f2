"""The streams of a process: no character stops an output, whatever the encoding."""

import io
import os
import sys
from collections.abc import Mapping

from geoguess_cli.names import WRITABLE


def prepare_streams(*, environment: Mapping[str, str], windows: bool) -> None:
    """Let stdout and stderr take every text.

    A character that the encoding lacks is written as `\\uXXXX`, which JSON reads back. Windows
    gives a file or a pipe an old code page; results go there in UTF-8, as on other systems, unless
    PYTHONIOENCODING names an encoding.

    Args:
        environment: Environment variables.
        windows: Whether this is Windows.
    """
    chosen = environment.get("PYTHONIOENCODING")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            by_default = windows and not chosen and not stream.isatty()
            stream.reconfigure(encoding="utf-8" if by_default else None, errors=WRITABLE)


def calm_threads(environment: "os._Environ[str] | dict[str, str]") -> None:
    """Let compute threads leave the cores to work; torch and numpy read this as they are loaded.

    Threads that wait for each other spin for a while, and take the core from the very thread that
    they wait for where other processes are at work, such as those that decode photos. So torch's
    threads sleep, and numpy's OpenBLAS, which can only spin, has one thread. A choice of the user
    stays.

    Args:
        environment: Environment variables.
    """
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    environment.setdefault("OPENBLAS_NUM_THREADS", "1")


def discard_output() -> None:
    """Drop what stdout could not take; Python would try to write it again as it ends."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
