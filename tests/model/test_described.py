"""What a model says beside its logits is the same for a network and for a file."""

import dataclasses

from onnx_worlds import Exchange

from geoguess_cli.model.decision import Decision
from geoguess_cli.model.described import DescribedModel
from geoguess_cli.model.onnx_model import read_onnx
from geoguess_cli.model.trained import TrainedModel


def test_what_decides_answers_is_read_from_any_model(trained: TrainedModel) -> None:
    decision = Decision(temperature=2.0, point="geoscore")
    decided = dataclasses.replace(trained, decision=decision)
    assert isinstance(decided, DescribedModel)
    assert decided.knowledge == {"decision": decision, "familiarity": None, "memory": None}
    assert (decided.temperature, decided.point) == (2.0, "geoscore")
    assert decided.parameters == sum(p.numel() for p in trained.geolocator.parameters())


def test_the_remedies_of_a_folder_and_a_file_differ(exchange: Exchange) -> None:
    file = read_onnx(exchange.file, device="cpu")
    assert "calibrate --memory" in exchange.trained.no_memory
    assert "model folder" in file.no_memory
    assert "model export" in file.no_familiarity
