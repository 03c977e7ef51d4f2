"""What each of several processes does in a test of a training that they share."""

import copy
import dataclasses
from typing import Any

import torch
from torch.distributed.algorithms.ddp_comm_hooks import default_hooks
from training_worlds import Lab, State

from geoguess_cli.config import Config
from geoguess_cli.errors import BusyError, StoppedError
from geoguess_cli.model.geolocator import build_geolocator
from geoguess_cli.model.processes import ALONE, Processes
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.training.epoch import Engine
from geoguess_cli.training.photos import TrainingPhotos
from geoguess_cli.training.progress import EpochStats, StepStats, Tally
from geoguess_cli.training.targets import cell_loss


def plain(config: Config, **train: Any) -> Config:
    """A configuration without dropout and without norms over a batch."""
    model = dataclasses.replace(config.model, backbone="test_convnext", dropout=0.0)
    train = dataclasses.replace(config.train, **train)
    return dataclasses.replace(config, model=model, train=train)


def sendable(lab: Lab, config: Config | None = None) -> Lab:
    """The lab with nothing that cannot be sent to another process."""
    return dataclasses.replace(lab, config=config or lab.config, build=build_geolocator)


def gradients(
    processes: Processes,
    geolocator: torch.nn.Module,
    photos: TrainingPhotos,
    batch_size: int,
    accumulate: int = 1,
) -> tuple[list[State], Tally, list[str]]:
    """The gradients of each step of an epoch, its sums, and the reasons of unreadable photos."""
    geolocator = copy.deepcopy(geolocator)  # a pipe hands over the same memory
    failures: list[str] = []
    engine = Engine(
        geolocator=geolocator,
        device=torch.device("cpu"),
        precision="fp32",
        loss=lambda logits, targets: cell_loss(logits, targets.cells, label_smoothing=0.1),
        clip_norm=0.0,
        seed=3,
        on_failure=lambda _photos, _row, reason: failures.append(reason),
        processes=processes,
        accumulate=accumulate,
    )
    spec = ImageSpec(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    optimizer = torch.optim.SGD(geolocator.parameters(), lr=1e-3)
    steps: list[State] = []

    def after(_step: int, _tally: Tally) -> None:
        named = geolocator.named_parameters()
        steps.append({name: p.grad.clone() for name, p in named if p.grad is not None})

    tally = Tally()
    share = (processes.rank, processes.count)
    with PhotoLoader(
        photos.files, spec=spec, batch_size=batch_size, workers=0, shuffle=True, share=share
    ) as loader:
        network = processes.joint(geolocator.train())
        batches = loader.epoch(0)
        engine.train(photos, batches, optimizer, epoch=0, tally=tally, after=after, network=network)
    return steps, tally, failures


def summed(processes: Processes, *arguments: Any) -> int:
    """How often the processes add up their gradients in `gradients`."""
    calls = []
    own = torch.nn.parallel.DistributedDataParallel

    class Counting(own):  # type: ignore[misc, valid-type]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.register_comm_hook(None, self.count)

        @staticmethod
        def count(
            _: None, bucket: torch.distributed.GradBucket
        ) -> torch.futures.Future[torch.Tensor]:
            calls.append(bucket.index())
            return default_hooks.allreduce_hook(None, bucket)  # type: ignore[arg-type]

    torch.nn.parallel.DistributedDataParallel = Counting
    try:
        gradients(processes, *arguments)
    finally:
        torch.nn.parallel.DistributedDataParallel = own
    return calls.count(0)


def training(
    processes: Processes,
    lab: Lab,
    name: str,
    stop_at: tuple[int, int] | None = None,
    **options: Any,
) -> tuple[State, list[EpochStats], list[str]]:
    """The weights, the epochs and the notes of a training that processes share.

    Args:
        processes: Those that share it.
        lab: What is trained.
        name: Name of the run.
        stop_at: Epoch and step after which the last process alone wants to stop.
        options: Further arguments of `TrainingSession`.
    """
    seen: list[StepStats] = []

    def stop(_needed: float) -> str | None:
        last, at = processes.rank == processes.count - 1, (seen[-1].epoch, seen[-1].step)
        return "enough" if last and at == stop_at else None

    session = lab.session(name, processes=processes, **options)
    stats: list[EpochStats] = []
    try:
        stats += session.epochs(on_step=seen.append, stop=stop)
    except StoppedError:
        assert (seen[-1].epoch, seen[-1].step) == stop_at
    return session.geolocator.state_dict(), stats, session.notes


def alone(lab: Lab, name: str, **options: Any) -> tuple[State, list[EpochStats], list[str]]:
    """The same training by one process."""
    return training(ALONE, lab, name, **options)


def resume(processes: Processes, lab: Lab, name: str) -> Any:
    """The training of a run that was interrupted goes on."""
    return training(processes, lab, name, resume=True)


def refused(processes: Processes, lab: Lab, name: str) -> str:
    """Why a training cannot begin."""
    try:
        training(processes, lab, name)
    except BusyError as error:
        return str(error)
    return ""
