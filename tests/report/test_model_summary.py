"""What a model folder holds, as values and as lines."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

from command_worlds import World
from model_files import edit
from onnx_worlds import Exchange

from geoguess_cli.model.checkpoint import load_model, save_model
from geoguess_cli.report.model_card import find_report, plan_card
from geoguess_cli.report.model_summary import model_summary


def test_a_summary_says_what_the_network_says(judged_world: World) -> None:
    folder = judged_world.folder / "artifacts" / "model"
    trained, summary = load_model(folder), model_summary(folder)
    record = json.loads(json.dumps(summary.record()))
    state = trained.geolocator.state_dict()
    assert sum(record["tensors"].values()) == len(state)
    assert record["tensors"]["F32"] == sum(one.is_floating_point() for one in state.values())
    assert record["parameters"] == sum(one.numel() for one in trained.geolocator.parameters())
    assert record["decision"] == dataclasses.asdict(trained.decision)
    assert record["cells"]["count"] == len(trained.partition)
    assert record["cells"]["photos"][2] == trained.partition.photos.max()
    assert record["files"] == {path.name: path.stat().st_size for path in folder.iterdir()}
    assert record["familiarity"]["photos"] == 72
    assert (record["memory"], record["licence"], record["evaluation"]) == (None, None, None)
    lines = dict(summary.rows())
    assert lines["licence"].startswith("none; `geoguess model card")
    assert lines["carries training photos"] == "none"
    assert lines["temperature"] == f"{trained.temperature:.4g}"


def test_a_summary_has_the_evaluation_in_the_folder(own_world: World) -> None:
    folder = own_world.folder / "artifacts" / "model"
    report = find_report(folder, own_world.folder / "artifacts")
    plan_card(folder, name="Towns", licence="mit", report=report).write()
    record = model_summary(folder).record()
    assert (record["name"], record["licence"]) == ("Towns", "mit")
    own = json.loads((folder / "report.json").read_text())["median_km"]
    assert record["evaluation"]["statistics"]["median_km"] == {
        "value": own["value"],
        "interval_95": [own["low"], own["high"]],
    }
    edit(folder / "report.json", lambda tree: tree["model"].update(fingerprint="0"))
    summary = model_summary(folder)
    assert "evaluation of another model" in summary.doubt
    assert summary.record()["evaluation"] is None


def test_a_model_of_one_number_type_and_one_cell_size(own_world: World, tmp_path: Path) -> None:
    trained = load_model(own_world.folder / "artifacts" / "model")
    trained.geolocator.bfloat16()
    save_model(tmp_path / "half", dataclasses.replace(trained, familiarity=None, metrics={}))
    summary = model_summary(tmp_path / "half")
    assert "BF16" in dict(summary.rows())["tensors"]
    assert dict(summary.rows())["tells unlike photos"].startswith("no; `geoguess calibrate`")
    assert "learned from" not in dict(summary.rows())


def test_a_summary_loads_no_torch(judged_world: World) -> None:
    folder = judged_world.folder / "artifacts" / "model"
    script = (
        "import sys; from pathlib import Path\n"
        "from geoguess_cli.report.model_summary import model_summary\n"
        f"print(len(model_summary(Path({str(folder)!r})).rows()))\n"
        "print(*[name for name in ('torch', 'timm', 'matplotlib') if name in sys.modules])\n"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert answer.stderr == ""
    assert answer.stdout.split()[1:] == []


def test_the_summary_of_a_file_is_that_of_its_folder(exchange: Exchange) -> None:
    file, folder = (model_summary(path).record() for path in (exchange.file, exchange.folder))
    assert file["files"] == {"model.onnx": exchange.file.stat().st_size}
    assert (file["licence"], folder["licence"]) == ("Keep this notice.", None)
    assert "onnx" in file["versions"]
    other = ("path", "files", "licence", "tensors", "versions")
    assert {key: own for key, own in file.items() if key not in other} == {
        key: own for key, own in folder.items() if key not in other
    }
    lines = dict(model_summary(exchange.file).rows())
    assert lines["licence"] == "Keep this notice."
    assert not lines.keys() & {"name", "data sets", "tensors"}
