"""The stages of a training: which parts of the geolocator learn, when, and with what decay."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from geoguess_cli.config import StageConfig, TrainConfig
from geoguess_cli.errors import ConfigError
from geoguess_cli.model.averaging import AveragedWeights
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.layers import layer_numbers
from geoguess_cli.model.processes import ALONE, Processes


@dataclass(frozen=True)
class PlannedStage:
    """A stage and its place in the whole recipe.

    Args:
        number: Number of the stage, from 1.
        config: How long and how fast the stage trains, and which parts are frozen.
        first: Index of its first epoch, from 0: the number of epochs of all earlier stages.
    """

    number: int
    config: StageConfig
    first: int

    @property
    def end(self) -> int:
        """Number of epochs of this and all earlier stages."""
        return self.first + self.config.epochs


@dataclass(frozen=True, eq=False)
class RunningStage:
    """A stage at work, with its optimiser and its schedule.

    `network` computes the logits of a step: the geolocator, or with several processes the module
    that averages their gradients. `average` holds averaged weights, if the training has them.
    """

    planned: PlannedStage
    network: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: "ReduceLROnPlateau | CosineSchedule"
    average: AveragedWeights | None = None

    @property
    def learning_rate(self) -> float:
        """The rate of the next epoch, in the uppermost layer that learns."""
        return max(float(group["lr"]) for group in self.optimizer.param_groups)

    @property
    def averaged(self) -> Geolocator | None:
        """The geolocator with the averaged weights, if the training has them."""
        return None if self.average is None else self.average.geolocator

    def learned(
        self, geolocator: Geolocator, epoch: int, steps: int
    ) -> Callable[[int], None] | None:
        """What follows each batch that was learned from: the weights enter their average.

        Args:
            geolocator: The one that learns.
            epoch: Index of the epoch, from 0.
            steps: Batches of an epoch.
        """
        average, before = self.average, (epoch - self.planned.first) * steps
        if average is None:
            return None
        return lambda step: average.update(geolocator, before + step + 1)

    def go_on(
        self,
        optimizer: Mapping[str, Any],
        scheduler: Mapping[str, Any],
        average: Mapping[str, torch.Tensor],
    ) -> None:
        """Take back the `state_dict` of the optimizer, of the schedule and of the average."""
        if self.average is not None:
            self.average.geolocator.load_state_dict(average)
        self.optimizer.load_state_dict(dict(optimizer))
        self.scheduler.load_state_dict(dict(scheduler))
        # A fused optimizer walks through memory, so its sums must lie as their parameter lies.
        for parameter, sums in self.optimizer.state.items():
            for name, value in sums.items():
                if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                    sums[name] = torch.empty_like(parameter).copy_(value)


def plan(stages: Sequence[StageConfig], stage: int | None = None) -> list[PlannedStage]:
    """The stages to run, in order: all of them, or only the stage of that number.

    Epochs are counted through the whole recipe even when one stage runs alone, so that three
    trainings of one stage each equal one training of three stages.

    Args:
        stages: The whole recipe.
        stage: Number of the only stage to run, from 1; None for all.

    Raises:
        ConfigError: There is no stage of that number.
    """
    planned, first = [], 0
    for number, config in enumerate(stages, start=1):
        planned.append(PlannedStage(number, config, first))
        first += config.epochs
    if stage is None:
        return planned
    if not 1 <= stage <= len(planned):
        raise ConfigError(
            f"there is no stage {stage}; train.stages has "
            + ", ".join(f"{known.number} ({known.config.name})" for known in planned)
        )
    return [planned[stage - 1]]


def start_stage(
    geolocator: Geolocator,
    planned: PlannedStage,
    train: TrainConfig,
    processes: Processes = ALONE,
) -> RunningStage:
    """A stage at its start: a new optimiser over the parameters that learn, and a new schedule.

    Args:
        geolocator: On its device; changed in place by `set_stage`.
        planned: The stage.
        train: Weight decay, layer decay, average and schedule.
        processes: Those that share each batch.
    """
    set_stage(geolocator, planned.config)
    device = next(geolocator.parameters()).device
    optimizer = torch.optim.AdamW(
        parameter_groups(
            geolocator,
            weight_decay=train.weight_decay,
            learning_rate=planned.config.learning_rate,
            layer_decay=train.layer_decay,
        ),
        fused=device.type in ("cpu", "cuda"),
    )
    scheduler = _schedule(optimizer, planned.config.epochs, train)
    average = AveragedWeights(geolocator, train.ema) if train.ema else None
    return RunningStage(planned, processes.joint(geolocator), optimizer, scheduler, average)


class CosineSchedule:
    """The learning rate of a stage by `cosine_share`, with the methods of torch's schedules.

    Args:
        optimizer: Its groups start from the rate of the stage, of which they get shares.
        epochs: Epochs of the stage.
        warmup: Epochs in which the rate rises.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, *, epochs: int, warmup: int) -> None:
        self._optimizer, self._epochs, self._warmup = optimizer, epochs, warmup
        self._rates = [float(group["lr"]) for group in optimizer.param_groups]
        self._set(0)

    def step(self, val_loss: float) -> None:
        """An epoch ends; the loss does not count."""
        del val_loss
        self._set(self._epoch + 1)

    def state_dict(self) -> dict[str, Any]:
        """The number of epochs that are done, and the rates of which shares are taken."""
        return {"epoch": self._epoch, "rates": list(self._rates)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take back a `state_dict`."""
        self._rates = list(state["rates"])
        self._set(int(state["epoch"]))

    def _set(self, epoch: int) -> None:
        self._epoch = epoch
        share = cosine_share(epoch, epochs=self._epochs, warmup=self._warmup)
        for group, rate in zip(self._optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * share


def _schedule(
    optimizer: torch.optim.Optimizer, epochs: int, train: TrainConfig
) -> ReduceLROnPlateau | CosineSchedule:
    if train.schedule == "cosine":
        return CosineSchedule(optimizer, epochs=epochs, warmup=train.warmup_epochs)
    return ReduceLROnPlateau(
        optimizer, factor=train.plateau_factor, patience=train.plateau_patience
    )


def cosine_share(epoch: int, *, epochs: int, warmup: int) -> float:
    """The share of a stage's learning rate in an epoch: it rises in a line, then falls in a cosine.

    In the first `warmup` epochs it is (epoch + 1) / (warmup + 1), afterwards
    (1 + cos(pi · (epoch - warmup) / (epochs - warmup))) / 2 (SGDR without restarts, Loshchilov and
    Hutter, arXiv 1608.03983, equation 5), which would be 0 in the epoch after the last.

    Args:
        epoch: Index of the epoch in its stage, from 0.
        epochs: Epochs of the stage.
        warmup: Epochs in which the rate rises.

    >>> [round(cosine_share(epoch, epochs=5, warmup=1), 3) for epoch in range(5)]
    [0.5, 1.0, 0.854, 0.5, 0.146]
    """
    if epoch < warmup:
        return (epoch + 1) / (warmup + 1)
    return (1 + math.cos(math.pi * (epoch - warmup) / max(1, epochs - warmup))) / 2


def set_stage(geolocator: Geolocator, stage: StageConfig) -> None:
    """Freeze the stage's frozen parts and let all other parts learn, in place.

    A frozen part gets no gradients and is in evaluation mode, so the statistics of its norms do
    not change and its dropout is off.
    """
    geolocator.train()
    geolocator.requires_grad_(True)
    for part in stage.freeze:
        geolocator.get_submodule(part).eval().requires_grad_(False)


@contextmanager
def norms_resting(network: nn.Module, *, unless: bool) -> Iterator[None]:
    """Norms over a batch use what they know and learn nothing, except those over all processes.

    A process may have too few photos of a batch for a norm of its own: one, or none.
    """
    resting = [] if unless else [part for part in network.modules() if _learns_alone(part)]
    for part in resting:
        part.eval()
    try:
        yield
    finally:
        for part in resting:
            part.train()


def _learns_alone(part: nn.Module) -> bool:
    """Whether a module is a norm over a batch that learns from the photos of its own process."""
    norm = isinstance(part, nn.modules.batchnorm._BatchNorm)
    return norm and part.training and not isinstance(part, nn.SyncBatchNorm)


def parameter_groups(
    geolocator: Geolocator,
    *,
    weight_decay: float,
    learning_rate: float,
    layer_decay: float = 1.0,
) -> list[dict[str, Any]]:
    """The parameters that learn, for an optimiser: with and without weight decay, by layer.

    Matrices and convolution kernels decay. Biases, norms, scales, tokens and position embeddings
    do not: decay would change their meaning instead of reducing their excess.

    The layer of number l of L has the rate learning_rate · layer_decay^(L - 1 - l) (Clark et al.,
    ELECTRA, arXiv 2003.10555; BEiT, arXiv 2106.08254), so that layers near the photo, whose weights
    serve any task, change least.

    Args:
        geolocator: The model, with its frozen parts set.
        weight_decay: Of the first group, 0 or more.
        learning_rate: Of the uppermost layer.
        layer_decay: In (0, 1]; 1 gives all layers the same rate.
    """
    numbers = layer_numbers(geolocator) if layer_decay < 1 else {}
    last = max(numbers.values(), default=0)
    groups: dict[tuple[int, bool], dict[str, Any]] = {}
    for name, parameter in geolocator.named_parameters():
        if parameter.requires_grad:
            # Other parameters with several axes have other names in timm: pos_embed, cls_token, …
            decays = parameter.ndim > 1 and name.endswith("weight")
            below = last - numbers.get(name, last)
            new = {
                "params": [],
                "weight_decay": weight_decay if decays else 0.0,
                "lr": learning_rate * layer_decay**below,
            }
            groups.setdefault((below, not decays), new)["params"].append(parameter)
    return [groups[key] for key in sorted(groups)]
