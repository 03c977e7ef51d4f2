"""The description of a model as a tree of JSON, back and forth."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from geoguess_cli.errors import ModelError
from geoguess_cli.model.description import cells_digest, description_of, read_tree
from geoguess_cli.model.trained import TrainedModel

WHERE = {"where": "model.onnx", "remedy": "Export it again"}


@pytest.fixture
def tree(trained: TrainedModel) -> dict[str, Any]:
    written = description_of(
        trained,
        digest=cells_digest(trained.partition.cells),
        parts={"backbone": 3},
        versions={"geoguess": "0.0"},
    )
    return json.loads(json.dumps(written))


def test_a_tree_says_what_the_model_is(tree: dict[str, Any], trained: TrainedModel) -> None:
    own = read_tree(tree, **WHERE)
    assert (own.config, own.spec, own.decision) == (trained.config, trained.spec, trained.decision)
    assert own.cells["count"] == len(trained.partition)
    assert (own.parts, own.versions) == ({"backbone": 3}, {"geoguess": "0.0"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tree: tree.update(format=9), r"^model\.onnx: format 9, written by geoguess 0\.0"),
        (lambda tree: tree.pop("cells"), "does not describe a model"),
        (lambda tree: tree["images"].update(size=0), "image size is 0"),
        (lambda tree: tree["decision"].update(temperature=-1), r"onnx: .*Export it again$"),
        (lambda tree: tree["decision"].update(warmth=1), r"onnx: unknown key.*Export it again$"),
    ],
)
def test_a_tree_that_is_not_understood_is_refused(
    tree: dict[str, Any], change: Callable[[dict[str, Any]], None], message: str
) -> None:
    change(tree)
    with pytest.raises(ModelError, match=message):
        read_tree(tree, **WHERE)
