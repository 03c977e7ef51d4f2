"""docs/training.md keeps its word: its functions for services understand what a training tells.

The services' packages are not installed here, so stand-ins take the calls; what a training tells is
real. docs/training.md says with which versions the functions were run by hand.
"""

import json
import re
import sys
from pathlib import Path
from types import FunctionType
from typing import Any
from unittest.mock import MagicMock

import pytest
from command_worlds import CONFIG, World, write_world

PAGE = (Path(__file__).resolve().parents[1] / "docs/training.md").read_text(encoding="utf-8")
SERVICES = ("wandb", "mlflow", "trackio")

RECORDER = """
import json

def tell(event, values, run):
    with open("told.jsonl", "a") as file:
        file.write(json.dumps([event, values, str(run)]) + "\\n")
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, dict[str, Any], Path]]:
    """Event, values and run of each time that a small training told its function something."""
    world = World(write_world(tmp_path_factory.mktemp("told") / "world"))
    (world.folder / "recorder.py").write_text(RECORDER)
    text = CONFIG.replace("[train]\n", '[train]\nlog = "recorder:tell"\n')
    (world.folder / "geoguess.toml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", list(sys.path))
        world.run("cells", "build")
        world.run("train", "--stage", "all")
    sys.modules.pop("recorder")
    lines = (world.folder / "told.jsonl").read_text().splitlines()
    return [(event, values, world.folder / run) for event, values, run in map(json.loads, lines)]


def function_of(service: str) -> tuple[FunctionType, MagicMock]:
    """The page's function for a service, and the stand-in for its package."""
    blocks = re.findall(r"^```python\n(import (\w+)\n.*?)^```", PAGE, re.M | re.S)
    (text,) = (text for text, module in blocks if module == service)
    package, names = MagicMock(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, service, package)
        exec(compile(text, service, "exec"), names)
    return names["tell"], package


def test_the_page_has_ten_lines_for_each_service() -> None:
    assert tuple(re.findall(r"^```python\nimport (\w+)\n", PAGE, re.M)) == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_a_function_of_the_page_understands_a_training(
    service: str, told: list[tuple[str, dict[str, Any], Path]]
) -> None:
    tell, package = function_of(service)
    for event in told:
        tell(*event)
    logged = package.log_metrics if service == "mlflow" else package.log
    assert [call.kwargs["step"] for call in logged.call_args_list] == [1, 2, 3, 4, 5, 6]
    for call in logged.call_args_list:
        assert {"loss", "val_loss", "val_top_1", "learning_rate"} <= call.args[0].keys()
    if service == "mlflow":
        (parameters,) = package.log_params.call_args.args
        assert parameters["batch_size"] == 16
        assert parameters["backbone"] == "test_resnet.r160_in1k"
        assert Path(package.log_artifact.call_args.args[0]).is_file()
        return
    assert package.init.call_args.kwargs["config"]["train"]["batch_size"] == 16
    ends = package.finish if service == "trackio" else package.summary.update
    ends.assert_called_once()
    if service == "wandb":
        assert ends.call_args.args[0]["epoch"] == 6
