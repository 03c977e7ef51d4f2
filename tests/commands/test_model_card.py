"""`geoguess model card` through the command line."""

import json

import pytest
from command_worlds import World
from huggingface_hub import ModelCard
from typer.testing import CliRunner

from geoguess_cli.app import app


def test_the_card_has_evaluation_photos_and_licence(own_world: World) -> None:
    given = ("--licence", "CC-BY-SA-4.0", "--dataset", "three towns", "--name", "Towns")
    result = own_world.run("model", "card", *given)
    assert "warning" not in result.stderr
    text = (own_world.folder / "artifacts" / "model" / "README.md").read_text(encoding="utf-8")
    data = ModelCard(text).data
    report = json.loads((own_world.folder / "artifacts/eval/report.json").read_text())
    found = {one.metric_type: one for one in data.eval_results or []}
    assert found["covered.top_1"].metric_value == pytest.approx(
        report["covered"]["top_1"]["value"], rel=1e-5
    )
    assert (data.license, data.datasets) == ("cc-by-sa-4.0", ["three towns"])
    for words in ("# Towns", "72 photos of 18 drives", "## Misuse", "| median distance |"):
        assert words in text


def test_nobody_guesses_the_licence(own_world: World) -> None:
    result = own_world.run("model", "card", "--json")
    record = json.loads(result.stdout)
    assert "license" not in record
    assert any("--licence ID" in note for note in record["notes"])
    refused = own_world.run("model", "card", "--licence", "my own", code=1)
    assert "not the identifier of a licence" in refused.stderr


def test_a_person_at_a_terminal_is_asked(own_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(own_world.folder)
    monkeypatch.setattr("geoguess_cli.console.asking.is_answered", lambda: True)
    result = CliRunner().invoke(app, ["model", "card"], input="MIT\n")
    assert result.exit_code == 0, result.output
    assert "The training photos: The table does not say" in result.stderr
    card = (own_world.folder / "artifacts" / "model" / "README.md").read_text(encoding="utf-8")
    assert ModelCard(card).data.license == "mit"


def test_a_report_of_another_model_is_refused(own_world: World) -> None:
    (own_world.folder / "other.json").write_text(json.dumps({"model": {"fingerprint": "0"}}))
    refused = own_world.run("model", "card", "--report", "other.json", code=1)
    assert "other.json is the evaluation of another model" in refused.stderr
