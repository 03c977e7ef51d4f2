"""State dicts as safetensors files: written whole or not at all, read without pickle."""

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from geoguess_cli.errors import MissingFileError, ModelError
from geoguess_cli.files import check_readable, replacing
from geoguess_cli.model.folder import CELLS_KEY as CELLS_KEY
from geoguess_cli.model.folder import WEIGHTS_NAME as WEIGHTS_NAME
from geoguess_cli.model.folder import cells_digest as cells_digest


def write_state(
    state: Mapping[str, Tensor], path: Path, *, metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors by name, from any device, with text metadata beside them."""
    with replacing(path) as temporary:
        temporary.write_bytes(state_bytes(state, metadata=metadata))


def state_bytes(state: Mapping[str, Tensor], *, metadata: Mapping[str, str] | None = None) -> bytes:
    """Tensors by name, from any device, as the bytes of a safetensors file.

    Args:
        state: The tensors.
        metadata: At most one entry, because safetensors writes several in no fixed order, and the
            same weights must give the same bytes.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    return save(tensors, metadata=dict(metadata) if metadata else None)


def read_state(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file on the CPU, and its metadata.

    Raises:
        MissingFileError: The file does not exist.
        ModelError: The file is damaged, or is not a safetensors file.
    """
    if not path.is_file():
        raise MissingFileError(f"there are no weights at {path}")
    check_readable(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = dict(file.metadata() or {})
        return load_file(path), metadata
    except SafetensorError as error:
        raise ModelError(f"{path} is damaged, or is not a safetensors file: {error}") from error
