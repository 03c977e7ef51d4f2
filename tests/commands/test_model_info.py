"""`geoguess model info` through the command line."""

import json

from command_worlds import World


def test_it_shows_properties_and_files(judged_world: World) -> None:
    text = judged_world.run("model", "info").stdout
    for words in ("artifacts/model", "encoder", "S2 levels", "temperature", "model.safetensors"):
        assert words in text
    assert "95 % interval" not in text  # the folder has no evaluation


def test_json_is_one_document(judged_world: World) -> None:
    record = json.loads(judged_world.run("model", "info", "artifacts/model", "--json").stdout)
    assert record["path"] == "artifacts/model"
    assert record["model"]["backbone"] == "test_resnet.r160_in1k"
    assert record["evaluation"] is None


def test_after_a_card_it_shows_the_evaluation(own_world: World) -> None:
    own_world.run("model", "card", "--licence", "mit")
    text = own_world.run("model", "info").stdout
    report = json.loads((own_world.folder / "artifacts/model/report.json").read_text())
    own = report["covered"]["top_1"]
    (line,) = [line for line in text.splitlines() if line.startswith("top-1, covered photos")]
    assert f"{100 * own['value']:.1f} %" in line
    assert f"{100 * own['low']:.1f} to {100 * own['high']:.1f}" in line
    (own_world.folder / "artifacts/model/report.json").write_text("{}")
    assert "warning: " in own_world.run("model", "info").stderr


def test_a_folder_that_is_no_model(judged_world: World) -> None:
    result = judged_world.run("model", "info", "photos", code=1)
    assert result.stderr == "error: photos is not a model folder: it lacks config.json\n"
