"""An ONNX file is read with all that its logits mean, and strange files are refused."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx_worlds import SIZE, Exchange

from geoguess_cli.errors import ConfigError, DependencyError, ModelError
from geoguess_cli.model.onnx_metadata import ABOUT
from geoguess_cli.model.onnx_model import _device, _providers, devices_present, read_onnx


def test_a_file_gives_logits_and_pooled_values_for_any_number_of_photos(exchange: Exchange) -> None:
    model = read_onnx(exchange.file, device="cpu", threads=1)
    assert (model.device, model.fingerprint) == ("cpu", exchange.trained.fingerprint)
    assert model.parameters == exchange.trained.parameters
    images = np.random.default_rng(0).normal(size=(5, 3, SIZE, SIZE)).astype(np.float32)
    logits, pooled = model.run(images)
    assert (logits.dtype, pooled.dtype) == (np.float32, np.float32)
    for row in range(5):
        one, own = model.run(images[row : row + 1])
        np.testing.assert_allclose(one[0], logits[row], atol=1e-4)
        np.testing.assert_allclose(own[0], pooled[row], atol=1e-4)


def test_the_name_of_the_file_does_not_matter(exchange: Exchange, tmp_path: Path) -> None:
    renamed = tmp_path / "weights.bin"
    renamed.write_bytes(exchange.file.read_bytes())
    assert read_onnx(renamed).digest == exchange.trained.fingerprint


def test_devices_are_those_of_onnxruntime() -> None:
    both = ["cuda", "cpu"]
    assert set(devices_present()) <= set(both)
    assert _device("auto", both) == "cuda"
    assert _device("auto", both[1:]) == "cpu"
    assert _device("cuda:1", both) == "cuda:1"
    (gpu, options), rest = _providers("cuda:1")
    assert (gpu, rest) == ("CUDAExecutionProvider", "CPUExecutionProvider")
    assert options == {"device_id": "1", "use_tf32": "0"}
    for name in ("cuda", "mps"):
        with pytest.raises(ConfigError, match=f"device is `{name}`.*has cpu"):
            _device(name, both[1:])


@pytest.mark.promise("input", "an ONNX file that is damaged, or from elsewhere")
def test_what_geoguess_has_not_written_is_refused(exchange: Exchange, tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    content = exchange.file.read_bytes()
    file.write_bytes(b"PK\x03\x04" + content)
    with pytest.raises(ModelError, match="neither a model folder nor an ONNX file"):
        read_onnx(file)
    for damaged in (content[: len(content) // 2], b"\x08" + content[50:]):
        file.write_bytes(damaged)
        with pytest.raises(ModelError, match="is damaged"):
            read_onnx(file)


def altered(exchange: Exchange, path: Path, **texts: str) -> Path:
    """The file with other texts; one that is "" is left out."""
    graph = onnx.load(exchange.file)
    known = {own.key: own.value for own in graph.metadata_props} | texts
    del graph.metadata_props[:]
    onnx.helper.set_model_props(graph, {key: text for key, text in known.items() if text})
    onnx.save(graph, path)
    return path


def test_graph_and_texts_must_belong_together(exchange: Exchange, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(ModelError, match="does not say what its logits mean"):
        read_onnx(altered(exchange, path, **{ABOUT: ""}))
    graph = onnx.load(exchange.file)
    about = next(own.value for own in graph.metadata_props if own.key == ABOUT)
    with pytest.raises(ModelError, match=r"its graph has images of \[3, 64, 64\]"):
        read_onnx(altered(exchange, path, **{ABOUT: about.replace('"size": 64', '"size": 65')}))
    node = onnx.helper.make_node("Identity", ["x"], ["y"])
    shape = onnx.helper.make_tensor_value_info
    ends = [[shape(name, onnx.TensorProto.FLOAT, ["n", 4])] for name in ("x", "y")]
    foreign = onnx.helper.make_model(
        onnx.helper.make_graph([node], "foreign", *ends),
        ir_version=8,
        opset_imports=[onnx.helper.make_opsetid("", 17)],
    )
    onnx.save(foreign, path)
    with pytest.raises(ModelError, match="a graph of x, y, which geoguess has not written"):
        read_onnx(path)


def test_a_missing_onnxruntime_is_named(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(DependencyError, match=r"pip install 'geoguess-cli\[onnx\]'"):
        read_onnx(exchange.file)
