"""The processes of a verb that `torchrun` started several times."""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

import typer

from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError

if TYPE_CHECKING:
    from geoguess_cli.model.processes import Processes


LEADER_SPEAKS_S = 5.0
"""Time that the process which prints has for it before the others end, in seconds."""


def count(environment: Mapping[str, str] = os.environ) -> int:
    """The number of processes of this job; 1 unless torchrun, or a service like it, started them.

    Args:
        environment: Environment variables; `RANK` and `WORLD_SIZE` are those of torchrun.
    """
    return _number(environment, "WORLD_SIZE", 1) if "RANK" in environment else 1


def leads(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is the process that prints."""
    return count(environment) == 1 or _number(environment, "RANK", 0) == 0


@contextmanager
def joined(
    config: Config, environment: "os._Environ[str] | dict[str, str]" = os.environ
) -> Iterator["Processes"]:
    """The processes of this job, connected with each other.

    Args:
        config: It names the device.
        environment: Environment variables.
    """
    processes = count(environment)
    # It would warn at each stage of a training of what `Processes.joint` wants.
    if processes > 1:
        environment.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    from geoguess_cli.model.processes import ALONE, Processes, join, leave

    if processes == 1:
        yield ALONE
        return
    rank = _number(environment, "RANK", 0)
    own = Processes(
        rank,
        processes,
        _number(environment, "LOCAL_RANK", rank),
        _number(environment, "LOCAL_WORLD_SIZE", processes),
        _number(environment, "TORCHELASTIC_RESTART_COUNT", 0),
    )
    try:
        yield join(own, device=config.device)
    except typer.Exit:  # a verb ends so in all processes, or after their last task
        leave(own)
        raise
    # After an error this process ends at once, which the others notice; they cannot say goodbye.
    leave(own)


def tells(message: str) -> bool:
    """Whether this process prints an error: the first of those that have the same one.

    Before the processes are connected, they have read the same files and found the same fault.
    """
    if count() == 1:
        return True
    distributed = getattr(sys.modules.get("torch"), "distributed", None)
    if distributed is None or not distributed.is_initialized():
        if not leads():
            time.sleep(LEADER_SPEAKS_S)  # torchrun ends all processes when one has ended
        return leads()
    store = distributed.distributed_c10d._get_default_store()
    try:
        return bool(store.add(f"geoguess/{sha256(message.encode()).hexdigest()}", 1) == 1)
    except RuntimeError:  # the process that holds the store has ended
        return True


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdecimal():
        raise ConfigError(
            f"the environment variable {name} is `{text}`; torchrun sets it to a number"
        )
    return int(text)
