"""The graph that is written: pooling to any grid, one file, no change of the model."""

import sys

import onnx
import pytest
import torch
from onnx_worlds import HYBRID, Exchange
from torch import nn

from geoguess_cli.errors import DependencyError, ModelError
from geoguess_cli.model import onnx_export
from geoguess_cli.model.onnx_export import MatrixPool, onnx_bytes
from geoguess_cli.model.trained import TrainedModel


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 14, (3, 2), (None, 4)])
def test_pooling_by_matrices_is_that_of_torch(size: int | tuple[int | None, int]) -> None:
    maps = torch.randn(2, 3, 7, 5, generator=torch.Generator().manual_seed(0))
    pool = nn.AdaptiveAvgPool2d(size)  # type: ignore[arg-type]
    torch.testing.assert_close(MatrixPool(pool, [(7, 5)])(maps), pool(maps))


def test_the_file_is_a_valid_graph_with_a_dynamic_batch(exchange: Exchange) -> None:
    graph = onnx.load(exchange.file)
    onnx.checker.check_model(graph, full_check=True)
    assert graph.producer_name == "geoguess"
    assert not any(one.external_data for one in graph.graph.initializer)
    for end in (*graph.graph.input, *graph.graph.output):
        assert end.type.tensor_type.shape.dim[0].dim_param == "photos"


def test_the_model_stays_as_it_is(exchange: Exchange) -> None:
    before = exchange.trained.fingerprint
    onnx_bytes(exchange.trained)
    assert exchange.trained.fingerprint == before
    assert isinstance(exchange.trained.geolocator.get_submodule("pool"), nn.AdaptiveAvgPool2d)


def test_what_cannot_be_written_is_refused(
    exchange: Exchange, trained: TrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_export, "MOST_BYTES", 1000)
    with pytest.raises(ModelError, match=r"the weights take .*; an ONNX file holds at most 1"):
        onnx_bytes(exchange.trained)
    monkeypatch.undo()

    class Unknown(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.linalg.matrix_exp(x[..., :2, :2])[..., :1, :1] + x

    trained.geolocator.backbone = nn.Sequential(Unknown(), trained.geolocator.backbone)
    with pytest.raises(ModelError, match=f"^{HYBRID.backbone} cannot be written as ONNX"):
        onnx_bytes(trained)


def test_a_missing_library_is_named(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[onnx\]'"):
        onnx_bytes(exchange.trained)
