"""The model card says what the model is and what was measured."""

import dataclasses
from pathlib import Path

from geoguess_cli.model.checkpoint import TrainedModel, save_model
from geoguess_cli.model.decision import Decision


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
        "## Responsible use",
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
