"""A geolocator as an ONNX graph with all that its logits mean; the one door to the `onnx` library.

torch has two exporters. The one by TorchScript needs no further package, is in every torch from 2.4
on, and leaves the number of photos open without help; the caller compares what the file answers.
"""

import copy
import inspect
import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from geoguess_cli import __version__
from geoguess_cli.errors import DependencyError, ModelError
from geoguess_cli.extras import install_command
from geoguess_cli.model._timm import timm
from geoguess_cli.model.backbone import blank, resting
from geoguess_cli.model.geolocator import Geolocator, part_sizes
from geoguess_cli.model.onnx_metadata import metadata_of
from geoguess_cli.model.onnx_model import IMAGES, LOGITS, POOLED
from geoguess_cli.model.trained import TrainedModel
from geoguess_cli.wording import byte_size

OPSET = 18
"""The version of ONNX's operators: the first that scatters a greatest value, as a gallery does."""

_BY_TORCHSCRIPT: dict[str, Any] = (
    {"dynamo": False} if "dynamo" in inspect.signature(torch.onnx.export).parameters else {}
)
"""What chooses the exporter by TorchScript; torch 2.4 has no other here."""

MOST_BYTES = 2_000_000_000
"""Weights that one file holds: a protocol buffer has at most 2 GiB."""


def onnx_bytes(trained: TrainedModel) -> bytes:
    """An ONNX file: `images` (b, 3, s, s) -> `logits` (b, c), `pooled` (b, p), for any b.

    Args:
        trained: The model; it is not changed, and its memory is left out.

    Raises:
        DependencyError: The library `onnx` is not installed.
        ModelError: The model is too large for one file, or has a part that ONNX does not know.
    """
    onnx = _library()
    stored = trained.geolocator.state_dict().values()  # the vectors of a gallery are no parameters
    size = sum(own.numel() for own in stored) * torch.float32.itemsize
    if size > MOST_BYTES:
        raise ModelError(
            f"the weights take {byte_size(size)}; an ONNX file holds at most "
            f"{byte_size(MOST_BYTES)}, so this model stays a folder"
        )
    graph = onnx.load_model_from_string(_traced(trained))
    versions = {
        "geoguess": __version__,
        "torch": torch.__version__,
        "timm": timm.__version__,
        "onnx": onnx.__version__,
    }
    texts = metadata_of(trained, parts=part_sizes(trained.geolocator), versions=versions)
    onnx.helper.set_model_props(graph, texts)
    widths = (trained.geolocator.cells, trained.geolocator.pooled_width)
    for output, width in zip(graph.graph.output, widths, strict=True):  # a trace forgets some
        output.type.tensor_type.shape.dim[1].dim_value = width
    graph.producer_name, graph.producer_version = "geoguess", __version__
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


def _library() -> Any:
    try:
        import onnx
    except ImportError as error:
        raise DependencyError(
            f"an ONNX file is written by the library onnx ({error}): {install_command('onnx')}"
        ) from error
    return onnx


class _Graph(nn.Module):
    """What the file computes."""

    def __init__(self, geolocator: Geolocator) -> None:
        super().__init__()
        self.geolocator = geolocator

    def forward(
        self, images: Float[Tensor, "b 3 s s"]
    ) -> tuple[Float[Tensor, "b c"], Float[Tensor, "b p"]]:
        look = self.geolocator.look(images)
        return look.logits, look.pooled


def _traced(trained: TrainedModel) -> bytes:
    """The graph alone.

    Raises:
        ModelError: It has a part that ONNX does not know.
    """
    own = copy.deepcopy(trained.geolocator).cpu().float().eval()
    _replace_pools(own, trained.spec.size)
    photo = blank(own, trained.spec.size)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            # It is deprecated, and warns of each size that it takes for fixed; the sizes are.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                _Graph(own),
                (photo.expand(2, -1, -1, -1),),
                f"{folder}/graph.onnx",
                input_names=[IMAGES],
                output_names=[LOGITS, POOLED],
                dynamic_axes={name: {0: "photos"} for name in (IMAGES, LOGITS, POOLED)},
                opset_version=OPSET,
                **_BY_TORCHSCRIPT,
            )
            return Path(folder, "graph.onnx").read_bytes()
    except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"{trained.config.backbone} cannot be written as ONNX ({reason}); it stays a model "
            "folder, and another model.backbone may be written"
        ) from error


class MatrixPool(nn.Module):
    """`nn.AdaptiveAvgPool2d` for maps of known sizes, as two products of matrices.

    ONNX has no pooling to a number of rows that does not divide that of the map.

    Args:
        pool: The pooling.
        sizes: Rows and columns of each map that it pools.
    """

    def __init__(self, pool: nn.AdaptiveAvgPool2d, sizes: Iterable[tuple[int, int]]) -> None:
        super().__init__()
        size = pool.output_size
        rows, columns = size if isinstance(size, tuple) else (size, size)
        for height, width in sizes:
            self.register_buffer(f"rows_{height}", _averages(height, rows))
            self.register_buffer(f"columns_{width}", _averages(width, columns))

    def forward(self, maps: Float[Tensor, "b k h w"]) -> Float[Tensor, "b k i j"]:
        """The pooled maps."""
        height, width = (int(side) for side in maps.shape[-2:])
        rows, columns = self.get_buffer(f"rows_{height}"), self.get_buffer(f"columns_{width}")
        return rows.T @ maps @ columns


def _averages(sides: int, parts: int | None) -> Float[Tensor, "n g"]:
    """The matrix that averages a row of values to fewer, or repeats them to more, as torch does."""
    return F.adaptive_avg_pool1d(torch.eye(sides), parts or sides)


def _replace_pools(geolocator: Geolocator, size: int) -> None:
    """Replace the adaptive pooling to more than one value, for photos of one size."""
    pools = {
        name: part
        for name, part in geolocator.named_modules()
        if isinstance(part, nn.AdaptiveAvgPool2d) and part.output_size not in (1, (1, 1))
    }
    sizes: dict[str, set[tuple[int, int]]] = {name: set() for name in pools}
    for name, pool in pools.items():

        def note(_: nn.Module, inputs: tuple[Tensor], name: str = name) -> None:
            height, width = inputs[0].shape[-2:]
            sizes[name].add((height, width))

        pool.register_forward_pre_hook(note)
    with resting(geolocator):
        geolocator(blank(geolocator, size))
    for name, pool in pools.items():
        parent, _, own = name.rpartition(".")
        setattr(geolocator.get_submodule(parent), own, MatrixPool(pool, sizes[name]))
