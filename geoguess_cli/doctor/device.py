"""What computes: the devices, the number format that `auto` chooses, and how fast each is."""

import time
from collections.abc import Iterator

import torch

from geoguess_cli.choices import Arithmetic
from geoguess_cli.config import Config
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.errors import ConfigError
from geoguess_cli.model.device import devices_present, resolve_device, resolve_precision

_SIDE = 1024
_LEAST_SECONDS = 0.2
_FORMATS: dict[Arithmetic, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16}


def examine_device(config: Config) -> Iterator[Finding]:
    """The devices, the one that is used, and its speed in each number format."""
    present = devices_present()
    yield Finding("device", "present", ", ".join(map(_described, present)))
    if torch.version.cuda and not torch.cuda.is_available():
        yield Finding(
            "device",
            "CUDA",
            f"torch is built for CUDA {torch.version.cuda}, and no GPU answers",
            "note",
            "`nvidia-smi` shows whether there is one; its driver may be too old",
        )
    try:
        device = resolve_device(config.device)
    except ConfigError as error:
        remedy = f"--device {present[0].partition(':')[0]}, or device in geoguess.toml"
        yield Finding("device", "used", str(error), "fault", remedy)
        return
    yield Finding("device", "used", f"{device.type} (device = {config.device})")
    yield from _precision(config, device)


def _precision(config: Config, device: torch.device) -> Iterator[Finding]:
    speeds = {name: products_per_second(device, dtype) for name, dtype in _FORMATS.items()}
    for name, speed in speeds.items():
        yield Finding("device", f"{name} speed", f"{speed / 1e9:,.0f} GFLOP/s in products")
    used = resolve_precision(config.precision, device)
    value = f"{used} (precision = {config.precision})"
    faster = max(speeds, key=speeds.__getitem__)
    if used != faster and speeds[faster] > 1.3 * speeds[used]:
        ratio = speeds[faster] / speeds[used]
        remedy = f"--precision {faster} multiplies {ratio:.1f} times as fast here"
        yield Finding("device", "precision", value, "warning", remedy)
    else:
        yield Finding("device", "precision", value)
    if device.type == "cpu":
        yield Finding("device", "compute threads", str(config.threads or torch.get_num_threads()))


def products_per_second(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of the product of two large matrices."""
    a = torch.randn(_SIDE, _SIDE, device=device).to(dtype)
    a @ a  # the first one also sets up
    _wait(device)
    started, products = time.perf_counter(), 0
    while (seconds := time.perf_counter() - started) < _LEAST_SECONDS:
        a @ a
        _wait(device)
        products += 1
    return products * 2 * _SIDE**3 / seconds


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def _described(name: str) -> str:
    if not name.startswith("cuda"):
        return name
    properties = torch.cuda.get_device_properties(name)
    return f"{name} ({properties.name}, {properties.total_memory / 2**30:.0f} GiB)"
