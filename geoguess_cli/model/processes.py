"""The processes of one job, as `torchrun` starts them: who they are, and what they tell each other.

A process that works alone never touches `torch.distributed`, which some builds of torch lack.
"""

import datetime
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import nn

from geoguess_cli.errors import ConfigError, DependencyError, GeoguessError, ProcessError
from geoguess_cli.model._timm import timm

_Value = TypeVar("_Value")
_Module = TypeVar("_Module", bound=nn.Module)

LONGEST_WAIT = datetime.timedelta(days=7)
"""A process may wait this long for another that works alone. A dead one is noticed at once."""

LONGEST_MEETING = datetime.timedelta(minutes=5)
"""The processes of a job start within this time."""

_LOST = ("gloo/transport", "nccl", "connection closed", "connection reset", "broken pipe")
"""One of these is in the message of torch when another process cannot be reached."""


@dataclass(frozen=True)
class Processes:
    """This process and the others of its job.

    Every method but the properties is called by all processes at the same place.

    Args:
        rank: Number of this process, from 0.
        count: Number of all processes.
        local_rank: Number of this process among those of its machine, from 0.
        local_count: Number of processes of this machine.
        attempt: How often torchrun has started the job again, its TORCHELASTIC_RESTART_COUNT.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1
    attempt: int = 0

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.count == 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes, draws and prints."""
        return self.rank == 0

    def total(self, *values: float | int) -> list[float | int]:
        """The sum of each value over all processes; the same digits in each of them."""
        if self.alone:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        torch.distributed.all_reduce(sums)
        return sums.tolist()

    def gathered(self, value: _Value) -> list[_Value]:
        """The value of each process, by its rank."""
        if self.alone:
            return [value]
        values: list[Any] = [None] * self.count
        torch.distributed.all_gather_object(values, value)
        return values

    def to_leader(self, value: _Value) -> list[_Value]:
        """The value of each process, by its rank, in the process that leads; else nothing."""
        if self.alone:
            return [value]
        values: list[Any] | None = [None] * self.count if self.leads else None
        torch.distributed.gather_object(value, values)
        return values or []

    def of_leader(self, make: Callable[[], _Value]) -> _Value:
        """What `make` returns, or raises, in the process that leads; the others do not call it."""
        if self.alone:
            return make()
        outcome: list[Any] = [None, None]
        if self.leads:
            try:
                outcome[0] = make()
            except GeoguessError as error:
                outcome[1] = error
        torch.distributed.broadcast_object_list(outcome, device=torch.device("cpu"))
        value, failure = outcome
        if failure is not None:
            raise failure
        return value  # type: ignore[no-any-return]

    def prepared(self, module: _Module, device: torch.device) -> _Module:
        """A module for a training by all processes: on GPUs its norms count all their photos."""
        if self.alone or device.type != "cuda":
            return module
        return timm.layers.convert_sync_batchnorm(module)  # type: ignore[no-any-return]

    def joint(self, module: nn.Module) -> nn.Module:
        """A module with the weights of the leader, whose gradients are means over all processes."""
        if self.alone or not any(p.requires_grad for p in module.parameters()):
            return module
        # Without a search for unused parameters, the sums would change their order after the first
        # step, so that a resumed training would have other last digits.
        return nn.parallel.DistributedDataParallel(
            module, find_unused_parameters=True, gradient_as_bucket_view=True
        )

    def apart(self, network: nn.Module) -> AbstractContextManager[object]:
        """The context of a backward pass whose gradients stay in this process for the moment.

        Args:
            network: What `joint` returned.
        """
        distributed = nn.parallel.DistributedDataParallel
        return network.no_sync() if isinstance(network, distributed) else nullcontext()

    def align_buffers(self, module: nn.Module) -> None:
        """Give the running statistics of the leader's module to the others."""
        if self.alone:
            return
        for buffer in module.buffers():
            torch.distributed.broadcast(buffer, src=0)

    @contextmanager
    def together(self) -> Iterator[None]:
        """The end of another process becomes an error of one line.

        Raises:
            ProcessError: Another process cannot be reached.
        """
        try:
            yield
        except RuntimeError as error:
            lost = any(words in str(error).lower() for words in _LOST)
            if self.alone or not (lost or isinstance(error, torch.distributed.DistError)):
                raise
            raise ProcessError(
                "another process of this job ended or cannot be reached; its own error, or the "
                "report of torchrun, says why"
            ) from error


ALONE = Processes()


def join(processes: Processes, *, device: str) -> Processes:
    """Connect this process with the others of its job, as the variables of torchrun say.

    Args:
        processes: This process and the number of the others.
        device: The device of the configuration; "auto" and "cuda" give each process of a machine
            a GPU of its own.

    Raises:
        DependencyError: This build of torch cannot connect processes.
        ConfigError: The machine has fewer GPUs than processes, or all would share one GPU.
        ProcessError: The others cannot be reached.
    """
    if processes.alone:
        return processes
    if not torch.distributed.is_available():
        raise DependencyError(
            "this build of torch cannot connect processes; start geoguess without torchrun"
        )
    backend = "gloo"
    if device in ("auto", "cuda") and torch.cuda.is_available():
        _take_gpu(processes)
        # The small sums that decide when to stop or to save stay off the GPU.
        backend = "cpu:gloo,cuda:nccl"
    elif device.startswith("cuda:"):
        raise ConfigError(
            f"device is `{device}`, and {processes.local_count} processes would share it; "
            "with torchrun use --device cuda"
        )
    with processes.together():
        torch.distributed.init_process_group(
            backend,
            store=_meeting_point(processes),
            rank=processes.rank,
            world_size=processes.count,
            timeout=LONGEST_WAIT,
        )
    return processes


def _meeting_point(processes: Processes) -> Any:
    """Where all processes are by now, and tell each other their addresses.

    After a restart torchrun hands out the same store, with the addresses of processes that have
    ended. So each attempt has keys of its own; on several machines the number of the attempt can
    differ, and there torchrun's own keys must do.
    """
    from torch.distributed.distributed_c10d import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    places = rendezvous("env://", processes.rank, processes.count, timeout=LONGEST_MEETING)
    store = next(places)[0]
    if processes.local_count == processes.count:
        store = PrefixStore(f"geoguess/{processes.attempt}", store)
    store.set(f"here/{processes.rank}", "")
    store.wait([f"here/{rank}" for rank in range(processes.count)], LONGEST_MEETING)
    return store


def leave(processes: Processes) -> None:
    """Close the connections of this process."""
    if not processes.alone and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _take_gpu(processes: Processes) -> None:
    gpus = torch.cuda.device_count()
    if processes.local_count > gpus:
        raise ConfigError(
            f"torchrun started {processes.local_count} processes and this machine has {gpus} "
            f"GPUs; use --nproc-per-node {gpus}, or --device cpu"
        )
    torch.cuda.set_device(processes.local_rank)
