"""The texts of an ONNX file hold all that an answer needs, and damage is refused."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx_worlds import Exchange

from geoguess_cli.errors import ModelError
from geoguess_cli.model.familiarity import Familiarity
from geoguess_cli.model.onnx_metadata import (
    ABOUT,
    CELLS,
    FAMILIARITY,
    _packed,
    _unpacked,
    metadata_of,
    read_metadata,
)


@pytest.fixture(scope="module")
def texts(exchange: Exchange) -> dict[str, str]:
    return metadata_of(exchange.trained, parts={"backbone": 5, "head": 2}, versions={})


def test_nothing_is_lost(texts: dict[str, str], exchange: Exchange) -> None:
    trained = exchange.trained
    known = read_metadata(texts, width=trained.geolocator.pooled_width, name="model.onnx")
    np.testing.assert_array_equal(known.partition.cells, trained.partition.cells)
    np.testing.assert_array_equal(known.partition.photos, trained.partition.photos)
    np.testing.assert_array_equal(known.partition.centroids, trained.partition.centroids)
    assert (known.config, known.spec) == (trained.config, trained.spec)
    assert (known.decision, known.metrics) == (trained.decision, trained.metrics)
    assert (known.fingerprint, known.parameters) == (trained.fingerprint, 7)
    assert known.licence == "Keep this notice."
    assert trained.familiarity is not None
    assert known.familiarity is not None
    pooled = np.random.default_rng(1).normal(size=(5, trained.geolocator.pooled_width))
    assert known.familiarity.likenesses(pooled) == trained.familiarity.likenesses(pooled)
    assert json.loads(texts[CELLS])["token"] == trained.partition.tokens


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 12), st.integers(0, 10_000))
def test_what_is_known_of_training_photos_comes_back_exactly(width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pooled = rng.normal(0, 3, (30, width)).astype(np.float32)
    known = Familiarity.of(pooled)
    known = known.judged(known.distances_of(pooled), "train")
    behind = {"photos": 30, "judges": 30, "judged_by": "train"}
    again = _unpacked(_packed(known), behind, width=width)
    assert (again.photos, again.judges, again.judged_by) == tuple(behind.values())
    np.testing.assert_array_equal(again.distances_of(pooled), known.distances_of(pooled))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda texts: texts.clear(), "does not say what its logits mean"),
        (lambda texts: texts.pop(CELLS), "is damaged .KeyError"),
        (lambda texts: texts.update({ABOUT: "{"}), "is damaged"),
        (lambda texts: texts.update({ABOUT: "[]"}), "is damaged"),
        (lambda texts: texts.update({FAMILIARITY: "b25lIG1vcmU="}), "is damaged"),
        (lambda texts: texts.update({CELLS: texts[CELLS].replace("5", "7")}), "onnx"),
    ],
)
@pytest.mark.promise("input", "an ONNX file whose texts are missing or damaged")
def test_damaged_texts_are_refused(
    texts: dict[str, str], change: Callable[[dict[str, str]], None], message: str
) -> None:
    own = dict(texts)
    change(own)
    with pytest.raises(ModelError, match=f"^model.onnx.*{message}|{message}"):
        read_metadata(own, width=16, name="model.onnx")


def test_the_parts_of_two_models_are_not_mixed(texts: dict[str, str], exchange: Exchange) -> None:
    width = exchange.trained.geolocator.pooled_width
    with pytest.raises(ModelError, match="of training photos are of another model"):
        read_metadata(texts, width=width + 1, name="model.onnx")
    about = json.loads(texts[ABOUT])
    about["cells"]["sha256"] = "0" * 64
    with pytest.raises(ModelError, match="partition of another model"):
        read_metadata({**texts, ABOUT: json.dumps(about)}, width=width, name="model.onnx")
