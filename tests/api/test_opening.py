"""What lies at a path decides which predictor it becomes."""

import dataclasses
from pathlib import Path

import pytest
from onnx_worlds import Exchange

import geoguess_cli as gg
from geoguess_cli.api.opening import predictor_at
from geoguess_cli.config import Config
from geoguess_cli.errors import ConfigError, MissingFileError, ModelError, OutputError
from geoguess_cli.inference.onnx_predictor import OnnxPredictor
from geoguess_cli.inference.predictor import Predictor

CPU = Config(device="cpu", precision="fp32", max_pixels=12345)


def test_a_folder_is_a_network_and_a_file_is_not(exchange: Exchange, tmp_path: Path) -> None:
    network = predictor_at(exchange.folder, CPU)
    assert isinstance(network, Predictor)
    disguised = tmp_path / "model"
    disguised.write_bytes(exchange.file.read_bytes())
    file = predictor_at(disguised, CPU)
    assert isinstance(file, OnnxPredictor)
    assert network.max_pixels == file.max_pixels == 12345
    same = ("fingerprint", "parameters", "cells", "temperature", "point", "image_size")
    assert {key: network.identity()[key] for key in same} == {
        key: file.identity()[key] for key in same
    }


def test_what_is_no_model_is_named(exchange: Exchange, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="there is no model"):
        predictor_at(tmp_path / "absent", CPU)
    with pytest.raises(ModelError, match="neither a model folder nor an ONNX file"):
        predictor_at(exchange.folder / "config.json", CPU)
    with pytest.raises(ConfigError, match="computes in fp32"):
        predictor_at(exchange.file, dataclasses.replace(CPU, precision="bf16"))


def test_a_model_is_saved_by_its_ending_and_loaded_again(
    exchange: Exchange, tmp_path: Path
) -> None:
    gg.save(gg.load_model(exchange.folder, device="cpu"), tmp_path / "again.onnx")
    model = gg.load_model(tmp_path / "again.onnx", device="cpu")
    assert model.metrics == exchange.trained.metrics
    for path in ("copy.onnx", "folder"):
        with pytest.raises(ModelError, match="only answers photos"):
            gg.save(model, tmp_path / path)
    with pytest.raises(OutputError):
        gg.save([model, model], tmp_path / "two.onnx")
