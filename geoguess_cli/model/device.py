"""The device that a model runs on, and its number format."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from geoguess_cli.choices import Arithmetic, Precision
from geoguess_cli.errors import ConfigError


def resolve_device(name: str) -> torch.device:
    """The device of a name; "auto" is the first of cuda, mps and cpu that this machine has.

    Args:
        name: "auto", "cpu", "mps", "cuda" or one GPU such as "cuda:1".

    Raises:
        ConfigError: This machine has no such device; the message names those that it has.
    """
    present = devices_present()
    if name == "auto":
        return torch.device(present[0].partition(":")[0])
    if name not in present and name not in {known.partition(":")[0] for known in present}:
        raise ConfigError(f"device is `{name}`; this machine has {', '.join(present)}")
    return torch.device(name)


def resolve_precision(name: Precision, device: torch.device) -> Arithmetic:
    """The number format to compute in; "auto" is bf16 if the hardware multiplies it faster."""
    if name != "auto":
        return name
    return "bf16" if _multiplies_bf16(device) else "fp32"


def autocast(device: torch.device, precision: Arithmetic) -> AbstractContextManager[object]:
    """The context in which a forward pass runs in a precision."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def sent(tensor: torch.Tensor, device: torch.device) -> torch.Tensor:
    """A tensor of the CPU on a device; a GPU gets it without a wait for what it computes."""
    if device.type != "cuda":
        return tensor.to(device)
    # From memory of any other kind the copy would wait.
    return tensor.pin_memory().to(device, non_blocking=True)


@contextmanager
def compute_threads(count: int) -> Iterator[None]:
    """The context in which torch computes with this many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def devices_present() -> list[str]:
    """The names of this machine's devices, the one that "auto" takes first."""
    present = []
    if torch.cuda.is_available():
        present += [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        present.append("mps")
    return [*present, "cpu"]


def _multiplies_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        # Emulated bf16 (before Ampere) is slower than fp32.
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        # These names are private to torch, hence the defaults: without them, fp32 is used.
        amx = getattr(torch.cpu, "_is_amx_tile_supported", bool)
        avx512 = getattr(torch.cpu, "_is_avx512_bf16_supported", bool)
        return bool(amx() or avx512())
    return False
