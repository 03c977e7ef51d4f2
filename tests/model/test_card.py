"""The model card says what the model is and what was measured."""

import dataclasses
from pathlib import Path

from geoguess_cli.hub.address import HubAddress
from geoguess_cli.model.card import (
    TRAINING,
    carried_section,
    model_card,
    replaced,
    section_of,
    usage_section,
)
from geoguess_cli.model.checkpoint import TrainedModel, describe, save_model
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.front_matter import CardEvaluation, CardFacts, Result
from geoguess_cli.model.memory import CarriedPhotos
from geoguess_cli.wording import StatisticText


def test_the_card_tells_what_the_model_is(folder: Path) -> None:
    card = (folder / "README.md").read_text(encoding="utf-8")
    for words in (
        "4 cells",
        "| backbone | test_resnet, feature map -1 |",
        "| vit | test_vit, first 2 blocks |",
        "| train | 20 |",
        "| top 1 | 0.5 |",
        "25.000%",
        "## Limits",
        "## Intended use",
        "## Misuse",
        "load_model",
    ):
        assert words in card


def test_the_card_of_a_model_never_calibrated_says_so(folder: Path) -> None:
    card = " ".join((folder / "README.md").read_text(encoding="utf-8").split())
    assert "never fitted; `geoguess calibrate` fits it" in card
    assert "the centroid of the likeliest cell." in card
    assert "do not read them as certainty" in card


def test_the_card_tells_what_the_validation_photos_decided(
    folder: Path, trained: TrainedModel
) -> None:
    fitted = {
        "calibration": {
            "photos": 12,
            "sequences": 3,
            "temperature": 1.5,
            "reason": "",
            "before": {"nll": 1.25, "brier": 0.5, "ece": 0.125},
            "after": {"nll": 1.0, "brier": 0.25, "ece": 0.0625},
        },
        "point_estimate": {
            "photos": 1234,
            "method": "distance",
            "median_km": {"centroid": 210.0, "distance": 12.34},
        },
    }
    decided = dataclasses.replace(
        trained,
        metrics=trained.metrics | fitted,
        decision=Decision(temperature=1.5, point="distance"),
    )
    save_model(folder, decided)
    card = (folder / "README.md").read_text(encoding="utf-8")
    for words in (
        "the temperature 1.5 before the softmax",
        "12 validation photos of 3 sequences that lie in a cell",
        "least expected distance, which has the least median distance on 1,234",
        "| log loss, nats | 1.2500 | 1.0000 |",
        "| Brier score | 0.5000 | 0.2500 |",
        "| calibration error | 0.1250 | 0.0625 |",
        "| centroid of the likeliest cell | 210 |",
        "| least expected distance | 12.3 |",
        "The probabilities are calibrated for photos like the validation photos",
    ):
        assert words in " ".join(card.split()), words
    assert "{" not in card
    fitted["calibration"]["reason"] = "too few drives"
    save_model(folder, dataclasses.replace(trained, metrics=fitted))
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "| log loss, nats | 1.2500 |\n" in card
    assert "(too few drives)" in card
    assert "could not show how sure" in card
    fitted["calibration"] |= {"before": None, "after": None, "reason": "no photo lies in a cell"}
    save_model(folder, dataclasses.replace(decided, metrics=fitted))
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "(no photo lies in a cell)" in card
    assert "never calibrated" in " ".join(card.split())


def test_the_card_shows_an_evaluation_and_the_photos_behind_the_model(
    trained: TrainedModel,
) -> None:
    result = Result("top_1", "top-1", 0.25, (0.2, 0.3), StatisticText("25.0 %", "20.0 to 30.0"))
    measured = CardEvaluation("test", 1234, 56, "They share no drive.", (result,))
    facts = CardFacts("Montana", "mit", ("OSV-5M", "mine"), measured, ("They lie in Montana.",))
    card = " ".join(model_card(describe(trained), facts).split())
    for words in (
        "# Montana The model looks",
        "It learned from photos of OSV-5M, mine.",
        "## Training data They lie in Montana.",
        "1,234 photos of the split `test`, in 56 sequences.",
        "They share no drive. | statistic",
        "| top-1 | 25.0 % | 20.0 to 30.0 |",
    ):
        assert words in card, words
    bare = model_card(describe(trained))
    assert "## Evaluation" not in bare
    assert "The author says nothing of the photos" in bare


def test_three_commands_lead_to_an_answer(trained: TrainedModel) -> None:
    address = HubAddress("me", "model")
    card = model_card(describe(trained), address=address)
    commands = [line.strip() for line in card.splitlines() if line.startswith("    ")]
    assert commands[:3] == [
        "pip install .",
        "geoguess model pull hf://me/model",
        "geoguess predict PHOTO --model hf://me/model",
    ]
    folder_card = model_card(describe(trained))
    assert replaced(folder_card, usage_section(address)) == card


def test_one_section_is_exchanged_and_the_others_stay(trained: TrainedModel) -> None:
    carried = dataclasses.replace(describe(trained), carried=CarriedPhotos(7, 1000))
    card = model_card(carried)
    assert "features of 7 training photos (1.0 kB)" in " ".join(card.split())
    without = replaced(card, carried_section(None))
    assert without == model_card(describe(trained))
    assert section_of(card, TRAINING) == section_of(without, TRAINING)
    assert section_of(card, "## Nothing") is None
    assert replaced(card, "## Nothing\n\nmore") == card
