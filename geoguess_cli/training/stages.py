"""The stages of a training: which parts of the geolocator learn, when, and with what decay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from geoguess_cli.config import StageConfig
from geoguess_cli.errors import ConfigError
from geoguess_cli.model.geolocator import Geolocator


@dataclass(frozen=True)
class PlannedStage:
    """A stage and its place in the whole recipe.

    Args:
        number: From 1.
        config: What it does.
        first: Epochs that all earlier stages take: the index, from 0, of its first epoch.
    """

    number: int
    config: StageConfig
    first: int

    @property
    def end(self) -> int:
        """Epochs done when it is done."""
        return self.first + self.config.epochs


def plan(stages: Sequence[StageConfig], stage: int | None = None) -> list[PlannedStage]:
    """The stages to run, in order: all, or the one of that number.

    Epochs are counted through the whole recipe, also where one stage runs alone, so that three
    runs of one stage each are the same as one run of three.

    Raises:
        ConfigError: No stage of that number.
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
            + ", ".join(f"{one.number} ({one.config.name})" for one in planned)
        )
    return [planned[stage - 1]]


def set_stage(geolocator: Geolocator, stage: StageConfig) -> None:
    """Let the stage's parts learn and the frozen ones rest, in place.

    A frozen part gets no gradients and stands in evaluation mode: the statistics of its norms and
    its dropout rest too.
    """
    geolocator.train()
    geolocator.requires_grad_(True)
    for part in stage.freeze:
        geolocator.get_submodule(part).eval().requires_grad_(False)


def parameter_groups(geolocator: Geolocator, *, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters that learn, for an optimiser: those that decay, and those that do not.

    Matrices and convolution kernels decay. Biases, norms, scales, tokens and position embeddings
    do not: pulled towards zero they lose their meaning rather than their excess.
    """
    learning = [(name, p) for name, p in geolocator.named_parameters() if p.requires_grad]
    decaying = [p for name, p in learning if _decays(name, p.ndim)]
    resting = [p for name, p in learning if not _decays(name, p.ndim)]
    groups = [
        {"params": decaying, "weight_decay": weight_decay},
        {"params": resting, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def _decays(name: str, ndim: int) -> bool:
    # timm names everything else that has several axes after what it is: pos_embed, cls_token, …
    return ndim > 1 and name.endswith("weight")
