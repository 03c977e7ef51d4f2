"""The model of an ONNX file, which `geoguess model export` writes: it computes without torch.

Its graph takes `images` (b, 3, s, s) and gives `logits` (b, c) and `pooled` (b, p).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from geoguess_cli.errors import ConfigError, DependencyError, ModelError
from geoguess_cli.extras import install_command
from geoguess_cli.model.onnx_metadata import EXPORT, OnnxDescription, read_metadata
from geoguess_cli.photos.workers import usable_cores

IMAGES, LOGITS, POOLED = "images", "logits", "pooled"
"""The names of the graph's input and outputs."""

_ERRORS_ONLY = 3
"""A severity of onnxruntime's log; its warnings speak of the machine."""

_FIRST_BYTE = b"\x08"
"""An ONNX file is a protocol buffer that begins with the version of its format, field 1."""

_PROVIDERS = {"cuda": "CUDAExecutionProvider", "cpu": "CPUExecutionProvider"}
"""What computes on each kind of device, the fastest first."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OnnxModel(OnnxDescription):
    """A graph that onnxruntime runs, and what its logits mean.

    Args:
        session: The graph on a device.
        device: "cpu", or a GPU such as "cuda".
    """

    session: Any
    device: str

    def run(
        self, images: Float32[np.ndarray, "b 3 s s"]
    ) -> tuple[Float32[np.ndarray, "b c"], Float32[np.ndarray, "b p"]]:
        """Logits and pooled values of normalised images.

        Raises:
            MemoryError: The machine has too little memory for so many images.
        """
        try:
            logits, pooled = self.session.run([LOGITS, POOLED], {IMAGES: images})
        except Exception as error:
            # onnxruntime has no error of its own for this; only the words tell.
            if "allocate" in str(error).lower():
                raise MemoryError(str(error)) from error
            raise
        return logits, pooled


def read_onnx(path: Path, *, device: str = "auto", threads: int = 0) -> OnnxModel:
    """The model of an ONNX file. Nothing but this file is read.

    Args:
        path: The file.
        device: "auto", "cpu", "cuda" or one GPU such as "cuda:1"; "auto" takes a GPU if this
            onnxruntime can use one.
        threads: Threads that compute; 0 takes one for each core.

    Raises:
        DependencyError: onnxruntime is not installed.
        ConfigError: This onnxruntime has no such device.
        ModelError: The file is no ONNX file, is damaged, or geoguess has not written it.
    """
    content = path.read_bytes()
    if not content.startswith(_FIRST_BYTE):
        raise ModelError(
            f"{path} is neither a model folder nor an ONNX file; --model takes the folder that "
            "`geoguess train` wrote, or the file that `geoguess model export --to onnx` wrote"
        )
    runtime = _runtime(str(path))
    chosen = _device(device, devices_present())
    options = runtime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # Left to itself, it binds a thread to each core of the machine, which a container may not use.
    options.intra_op_num_threads = threads or usable_cores()
    try:
        session = runtime.InferenceSession(content, options, providers=_providers(chosen))
        shapes = {own.name: own.shape for own in (*session.get_inputs(), *session.get_outputs())}
        texts = session.get_modelmeta().custom_metadata_map
    except Exception as error:  # its errors have no common class, and its texts may be no UTF-8
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"{path} is damaged, or no ONNX file ({reason}); {EXPORT}") from error
    known = _described(shapes, texts, path)
    return OnnxModel(session=session, device=chosen, **vars(known))


def devices_present() -> list[str]:
    """The kinds of devices that can compute an ONNX file here, the fastest first.

    Raises:
        DependencyError: onnxruntime is not installed.
    """
    providers = _runtime("an ONNX file").get_available_providers()
    return [kind for kind, provider in _PROVIDERS.items() if provider in providers]


def _runtime(file: str) -> Any:
    """The library; `file` is what needs it, for the message."""
    try:
        import onnxruntime
    except ImportError as error:
        raise DependencyError(
            f"{file} is answered by onnxruntime ({error}): {install_command('onnx')}"
        ) from error
    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
    return onnxruntime


def _device(name: str, known: list[str]) -> str:
    """The device of a name; "auto" is the fastest of the kinds that this onnxruntime has."""
    if name == "auto":
        return known[0]
    if name.partition(":")[0] not in known:
        raise ConfigError(
            f"device is `{name}`; for an ONNX file this onnxruntime has {', '.join(known)} "
            "(onnxruntime-gpu has cuda)"
        )
    return name


def _providers(device: str) -> list[Any]:
    """What computes on a device; what a GPU cannot compute goes to the CPU."""
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return [_PROVIDERS["cpu"]]
    # TF32 would change the third digit of a probability.
    return [(_PROVIDERS[kind], {"device_id": number or "0", "use_tf32": "0"}), _PROVIDERS["cpu"]]


def _described(
    shapes: Mapping[str, Sequence[int | str]], texts: Mapping[str, str], path: Path
) -> OnnxDescription:
    """What the texts say, once graph and texts are known to belong together."""
    if shapes.keys() != {IMAGES, LOGITS, POOLED}:
        names = ", ".join(sorted(shapes))
        raise ModelError(f"{path} is a graph of {names}, which geoguess has not written; {EXPORT}")
    width = next((size for size in shapes[POOLED][1:] if isinstance(size, int)), 0)
    known = read_metadata(texts, width=width, name=str(path))
    expected = {
        IMAGES: [3, known.spec.size, known.spec.size],
        LOGITS: [len(known.partition)],
        POOLED: [width],
    }
    for name, shape in expected.items():
        if list(shapes[name][1:]) != shape:
            raise ModelError(
                f"{path}: its graph has {name} of {shapes[name][1:]}, and its texts say {shape}; "
                f"{EXPORT}"
            )
    return known
