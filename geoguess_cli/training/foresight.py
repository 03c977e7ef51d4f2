"""What can be foreseen of a training: photos that cannot be read, and too little memory."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from geoguess_cli.config import StageConfig
from geoguess_cli.errors import PhotoError
from geoguess_cli.model.device import autocast
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.images import pixels_needed
from geoguess_cli.shortage import free_memory
from geoguess_cli.training.session import TrainingSession
from geoguess_cli.training.stages import norms_resting, plan, set_stage
from geoguess_cli.wording import byte_size, counted, percent

LOOKED_AT = 64
"""Photos that are decoded before a training, of those to learn from and to validate."""

NAMED = 3

NEAR = 0.8
"""A step that needs more than this share of the free memory is near its end."""

KERNELS = 100_000_000
"""Bytes that torch's kernels take on a CPU at the first step, whatever the model: 0.06 to 0.12 GB
beside the paper's model and the sample world's, in fp32 and in bf16."""

_TRIED = (2, 4)
"""Numbers of photos that go through the model to measure what one of them takes."""


def foresee(session: TrainingSession) -> list[str]:
    """A sentence for each fault that a training would meet; it is asked before `epochs`.

    Args:
        session: Its weights and statistics stay as they are.
    """
    return [*unreadable_photos(session), *short_memory(session)]


def unreadable_photos(session: TrainingSession, *, count: int = LOOKED_AT) -> list[str]:
    """What a sample of the photos says about those that cannot be read.

    Args:
        session: The training.
        count: Number of photos to decode, half of the split `val`.
    """
    rng = np.random.default_rng(session.config.seed)
    files = [
        photos.files[row]
        for photos in (session.train, session.val)
        for row in rng.permutation(len(photos))[: count // 2].tolist()
    ]
    least, faults = pixels_needed(session.spec), []
    for file in files:
        try:
            decode_photo(file, at_least=least, max_pixels=session.config.max_pixels)
        except PhotoError as error:
            faults.append(str(error))
    if not faults:
        return []
    more = f"; {len(faults) - NAMED} more" if len(faults) > NAMED else ""
    return [
        f"{counted(len(faults), 'photo')} of {len(files)} looked at cannot be read "
        f"({percent(len(faults) / len(files))}), and would be skipped: "
        f"{'; '.join(faults[:NAMED])}{more}"
    ]


@dataclass(frozen=True)
class StepMemory:
    """Bytes that a training takes beside its weights.

    Attributes:
        always: Gradients, the sums of the optimizer, and what a step takes whatever its size.
        photo: What each photo that goes through the model at once takes.
    """

    always: int
    photo: int

    def of(self, photos: int) -> int:
        """What a step takes with this number of photos at once."""
        return self.always + photos * self.photo


def short_memory(session: TrainingSession, *, free: int | None = None) -> list[str]:
    """A sentence if a step takes nearly as much memory as there is, or more.

    Args:
        session: The training.
        free: Bytes that are free; None asks the machine.
    """
    config = session.config.train
    if free is None:
        free = _free(session.device)
    if free is None:
        return []
    own = -(-config.batch_size // session.processes.count)
    step = step_memory(session)
    needed = step.of(-(-own // config.accumulate))
    if needed <= NEAR * free:
        return []
    fitting = int((NEAR * free - step.always) // max(step.photo, 1))
    remedy = (
        f"--accumulate {-(-own // fitting)} takes {byte_size(step.of(fitting))}"
        if fitting > 0
        else "a smaller images.size or model.backbone takes less, or more frozen parts"
    )
    return [
        f"a step takes about {byte_size(needed)}, and {byte_size(free)} of memory are free; "
        f"{remedy}"
    ]


def step_memory(session: TrainingSession) -> StepMemory:
    """What a step takes in the stage in which most of the model learns.

    It is measured by what the forward pass of a few photos keeps for the backward pass.
    """
    stages = [planned.config for planned in plan(session.config.train.stages, session.stage)]
    stage = min(stages, key=lambda stage: len(stage.freeze))
    few, many = (_kept_by(session, stage, photos) for photos in _TRIED)
    photo = (many - few) // (_TRIED[1] - _TRIED[0])
    learning = sum(p.nbytes for p in session.geolocator.parameters() if p.requires_grad)
    fixed = max(0, few - _TRIED[0] * photo)
    if session.device.type == "cpu":
        fixed += KERNELS
    return StepMemory(always=3 * learning + fixed, photo=photo)


def _kept_by(session: TrainingSession, stage: StageConfig, photos: int) -> int:
    network = session.geolocator.to(session.device)
    set_stage(network, stage)
    images = torch.zeros(photos, 3, session.spec.size, session.spec.size, device=session.device)
    gpus = [session.device] if session.device.type == "cuda" else []
    with (
        torch.random.fork_rng(devices=gpus),
        norms_resting(network, unless=False),
        autocast(session.device, session.precision),
    ):
        return kept_bytes(network, images)


def kept_bytes(network: nn.Module, images: Tensor) -> int:
    """Bytes that a forward pass keeps for its backward pass, without the weights themselves."""
    weights = {p.untyped_storage().data_ptr() for p in network.parameters()}
    kept: dict[int, Tensor] = {}  # the tensors too, so that no place in memory is used twice

    def keep(tensor: Tensor) -> Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in weights:
            kept.setdefault(place, tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        network(images)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def _free(device: torch.device) -> int | None:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory() if device.type == "cpu" else None
