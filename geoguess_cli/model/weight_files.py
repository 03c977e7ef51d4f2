"""Weights from a file that the user names: another geolocator's parts, or a checkpoint of timm.

Names and shapes decide what fits. A file whose names begin with the parts of a geolocator
(`backbone.`, `vit.`, ...) gives each part what it has for it. Any other is taken for a checkpoint
of timm, and goes through timm's own loading to the backbone or the ViT that it fits.
"""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from geoguess_cli.config import NO_VIT, PARTS, ModelConfig
from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.hub.address import snapshot_address
from geoguess_cli.model._timm import timm
from geoguess_cli.model.backbone import create_backbone
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.location import sized_by_state
from geoguess_cli.model.states import CELLS_KEY, WEIGHTS_NAME, read_state
from geoguess_cli.model.vit import create_vit
from geoguess_cli.wording import counted

_WRAPPERS = ("state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model")
"""Names under which the checkpoint of a training holds its weights, the averaged ones first."""

_PREFIXES = ("module.", "_orig_mod.")
"""What torch puts before the names of a model that is spread over processes, or compiled."""

_TORCH_FILES = (b"PK", b"\x80")
"""First bytes of a file of torch: a zip, or a bare pickle as older versions wrote it."""

_OWN = tuple(f"{part}." for part in PARTS if part != "head")
"""What names of a geolocator's tensors begin with; a head is part of timm's models too."""

_LEAST_SHARE = 0.5
"""Share of a timm model's tensors that a checkpoint must hold to be one of this model."""

_NAMED = 3
"""Most names that a note lists."""


def load_file(
    geolocator: Geolocator,
    config: ModelConfig,
    path: Path,
    *,
    image_size: int,
    cells_digest: str | None,
) -> list[str]:
    """Load what fits, and say in one sentence which tensors did.

    Args:
        geolocator: Built from `config`; changed in place.
        config: Names the backbone and the ViT.
        path: A safetensors file, a file of torch, or a model folder.
        image_size: Side of the photos, in pixels.
        cells_digest: Digest of the partition; the head of a model with other cells is not loaded,
            unless it is a gallery.

    Raises:
        MissingFileError: The file does not exist.
        ModelError: The file is damaged, would run code, or no tensor of it fits.
    """
    file = existing_weights(path)
    offered, metadata = read_weights(file)
    own = geolocator.state_dict()
    if any(name.startswith(_OWN) for name in offered):
        any_size = sized_by_state(geolocator)
        # A gallery is grouped anew by other cells.
        tied = not any_size and metadata.get(CELLS_KEY, cells_digest) != cells_digest
        taken = {
            name: tensor
            for name, tensor in offered.items()
            if name in own
            and (name in any_size or own[name].shape == tensor.shape)
            and not (tied and name.startswith("head."))
        }
        unused = offered.keys() - taken.keys()
    else:
        taken, unused = _of_timm(offered, config, image_size)
    if not taken:
        raise ModelError(
            f"{file} holds no tensor that fits this model by name and shape; it begins with "
            f"{', '.join(sorted(offered)[:_NAMED]) or 'nothing'}, and the model with "
            f"{', '.join(sorted(own)[:_NAMED])}"
        )
    geolocator.load_state_dict(taken, strict=False)
    return [_note(str(snapshot_address(file.parent) or file), own, taken, unused)]


def existing_weights(path: Path) -> Path:
    """The file of weights at a path: the file itself, or that of a model folder.

    Raises:
        MissingFileError: The file does not exist.
    """
    file = path / WEIGHTS_NAME if path.is_dir() else path
    if not file.is_file():
        raise MissingFileError(
            f'there are no weights at {file}; model.weights is "imagenet", "none", a safetensors '
            "file, a checkpoint of torch, a model folder or hf://OWNER/NAME"
        )
    return file


def read_weights(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file on the CPU, by name, and its metadata. No code of the file is run.

    Raises:
        ModelError: The file is damaged, holds other things than tensors, or would run code.
    """
    with open(file, "rb") as stream:
        head = stream.read(2)
    if not head.startswith(_TORCH_FILES):
        return read_state(file)
    tree = read_torch_file(file, name=str(file))
    while isinstance(tree, Mapping):
        inner = next(
            (tree[name] for name in _WRAPPERS if isinstance(tree.get(name), Mapping)), None
        )
        if inner is None:
            break
        tree = inner
    tensors = tree.items() if isinstance(tree, Mapping) else ()
    return {_bare(str(name)): value for name, value in tensors if isinstance(value, Tensor)}, {}


def read_torch_file(file: Path | BytesIO, *, name: str) -> Any:
    """What a file of torch holds. Its restricted loader runs no code of the file.

    Args:
        file: The file, or its content.
        name: What to call it in messages.

    Raises:
        MemoryError: It says that it holds more than there is memory for.
        ModelError: The file is damaged, or would run code.
    """
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except UnpicklingError as error:
        raise ModelError(
            f"{name} is damaged, or holds more than weights, which would run code of the file when "
            "it is read; save its state_dict alone, best as safetensors"
        ) from error
    except Exception as error:  # torch raises whatever the damage leads to
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{name} is damaged, or is no checkpoint of torch: {reason}") from error


def _bare(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.removeprefix(prefix)
    return name


def _of_timm(
    offered: Mapping[str, Tensor], config: ModelConfig, image_size: int
) -> tuple[dict[str, Tensor], set[str]]:
    """The tensors of the parts that a checkpoint fits, by our names, and the names left over."""
    parts: list[tuple[str, str, Callable[..., Any]]] = [
        ("backbone", config.backbone, lambda **source: _backbone(config, image_size, **source))
    ]
    if config.vit != NO_VIT:
        parts.append(("vit", config.vit, lambda **source: create_vit(config, **source)))
    taken: dict[str, Tensor] = {}
    unused = set(offered)
    for part, name, create in parts:
        fitting = _fitting(offered, name)
        if not fitting:
            continue
        # timm adapts what has another size, such as the position embedding.
        source = {"pretrained": True, "pretrained_cfg_overlay": {"state_dict": dict(offered)}}
        state = create(**source).state_dict()
        taken |= {f"{part}.{own}": tensor for own, tensor in state.items()}
        unused -= fitting
    return taken, unused


def _backbone(config: ModelConfig, image_size: int, **source: Any) -> Any:
    return create_backbone(config, image_size=image_size, **source)


def _fitting(offered: Mapping[str, Tensor], name: str) -> set[str]:
    """The names of a checkpoint that are those of a timm model; none if it is of another model."""
    with torch.device("meta"):
        shapes = {own: tensor.shape for own, tensor in timm.create_model(name).state_dict().items()}
    fitting = {own for own in shapes if own in offered and offered[own].shape == shapes[own]}
    return fitting if len(fitting) >= _LEAST_SHARE * len(shapes) else set()


def _note(
    source: str, own: Mapping[str, Tensor], taken: Mapping[str, Tensor], unused: set[str]
) -> str:
    """What fitted, part by part; what the model lacks; what the file has besides."""
    counts = []
    for part in dict.fromkeys(name.partition(".")[0] for name in own):
        names = [name for name in own if name.startswith(f"{part}.")]
        if found := sum(name in taken for name in names):
            counts.append(f"{part} {found} of {len(names)}")
    sentences = [f"{source} gives {counted(len(taken), 'tensor')}: {', '.join(counts)}"]
    if left := [name for name in own if name not in taken]:
        parts = ", ".join(dict.fromkeys(name.partition(".")[0] for name in left))
        sentences.append(
            f"{counted(len(left), 'tensor')} in {parts} start from random weights ({_few(left)})"
        )
    if unused:
        sentences.append(f"{len(unused)} of the file are not used ({_few(sorted(unused))})")
    return "; ".join(sentences)


def _few(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
