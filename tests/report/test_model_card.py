"""The card of a model folder: what it takes from the evaluation and from the table of photos."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_worlds import World

from geoguess_cli.errors import ModelError
from geoguess_cli.model.folder import read_description
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.report.model_card import (
    find_report,
    measured_of,
    plan_card,
    read_report,
    training_sentences,
)


@pytest.fixture
def model(own_world: World) -> Path:
    """The model folder of a world that may be changed."""
    return own_world.folder / "artifacts" / "model"


@pytest.fixture
def record(own_world: World) -> dict[str, Any]:
    """Its evaluation, as `report.json` holds it."""
    path = own_world.folder / "artifacts" / "eval" / "report.json"
    record: dict[str, Any] = json.loads(path.read_text())
    return record


def test_the_statistics_are_those_of_the_report(record: dict[str, Any]) -> None:
    measured = measured_of(record)
    found = {one.key: one for one in measured.results}
    top_1 = record["covered"]["top_1"]
    assert found["covered.top_1"].value == top_1["value"]
    assert found["covered.top_1"].interval == (top_1["low"], top_1["high"])
    assert found["within_km.25"].value == record["within_km"]["25"]["value"]
    assert found["calibration.after.nll"].text.value.endswith("nats")
    assert (measured.split, measured.photos) == ("test", record["counts"]["photos"])
    assert record["leaks"]["verdict"].rstrip(".") in measured.notes


def test_what_limits_the_statistics_is_said(record: dict[str, Any]) -> None:
    record |= {"limited": {"region": "Montana, US"}, "grouped": {"by": "sequence"}, "leaks": None}
    record["model"] |= {"views": 3, "views_redundancy": 0.75}
    notes = measured_of(record).notes
    assert "3 views of each photo are answered together (redundancy 0.75)." in notes
    for words in ("limited to Montana, US", "together by sequence", "was not checked"):
        assert words in notes


def test_a_statistic_without_a_value_or_an_interval(record: dict[str, Any]) -> None:
    record["median_km"]["value"] = None
    record["mean_km"]["low"] = None
    found = {one.key: one for one in measured_of(record).results}
    assert "median_km" not in found
    assert found["mean_km"].interval == ()
    del record["covered"]
    with pytest.raises(ModelError, match="geoguess eval"):
        measured_of(record)


def test_an_evaluation_of_another_model_is_refused(own_world: World, model: Path) -> None:
    path = own_world.folder / "artifacts" / "eval" / "report.json"
    assert find_report(model, own_world.folder / "artifacts") == path
    described = read_description(model)
    hotter = dataclasses.replace(described.decision, temperature=described.decision.temperature + 1)
    with pytest.raises(ModelError, match="before it was calibrated; `geoguess eval --model"):
        read_report(model, dataclasses.replace(described, decision=hotter), path)
    record = json.loads(path.read_text())
    record["model"]["fingerprint"] = "0" * 16
    path.write_text(json.dumps(record))
    assert find_report(model, own_world.folder / "artifacts") is None
    with pytest.raises(ModelError, match="of another model"):
        plan_card(model, report=path)


def test_the_folder_keeps_the_evaluation_without_names_of_photos(
    own_world: World, model: Path, record: dict[str, Any]
) -> None:
    path = own_world.folder / "artifacts" / "eval" / "report.json"
    path.write_text(json.dumps(record | {"skipped": [{"photo": "/home/me/a.jpg", "reason": "x"}]}))
    plan = plan_card(model, licence="mit", report=path)
    plan.write()
    kept = (model / "report.json").read_text()
    assert "a.jpg" not in kept
    assert json.loads(kept) == record | {"skipped": []}
    again = plan_card(model)  # from the folder alone
    assert again.text == plan.text


def test_what_the_card_lacks_is_said_with_the_remedy(model: Path) -> None:
    notes = plan_card(model).notes
    for words in ("--photos", "geoguess eval", "--licence"):
        assert any(words in note for note in notes), words


def test_what_is_not_given_stays_as_it_is(own_world: World, model: Path) -> None:
    table = _table(own_world.folder)
    first = plan_card(model, name="Towns", licence="mit", datasets=("mine",), table=table)
    first.write()
    second = plan_card(model)
    assert second.text == first.text
    assert second.facts.licence == "mit"
    third = plan_card(model, licence="other", datasets=("theirs",))
    assert (third.facts.name, third.facts.licence) == ("Towns", "other")
    assert third.facts.datasets == ("theirs",)


def test_the_table_says_who_took_the_photos_where_and_under_which_licence(
    own_world: World, model: Path
) -> None:
    described, table = read_description(model), _table(own_world.folder)
    who, where, licences = training_sentences(described, table)
    assert who.startswith("The model learned from 72 photos of 18 drives. The table does not say")
    assert where.startswith("They lie in United States")
    assert "does not say under which licences" in licences
    rows = range(len(table))
    frame = table.frame.with_columns(
        pl.Series("creator", [f"c{row % 5}" for row in rows]),
        pl.Series("license", [None if row % 4 == 0 else "CC BY 4.0" for row in rows]),
    )
    who, _, licences = training_sentences(described, PhotoTable(frame, table.root))
    assert who.startswith("The model learned from 72 photos of 18 drives, by 5 creators")
    known = frame.filter(pl.col("split") == "train")["license"].count()
    assert licences == (
        f"Their licences: CC BY 4.0 (75 %). Of {72 - known} photos no licence is known."
    )


def test_a_table_of_other_photos_says_nothing(own_world: World, model: Path) -> None:
    table = _table(own_world.folder)
    smaller = PhotoTable(table.frame.head(50), table.root)
    assert training_sentences(read_description(model), smaller) == ()
    (note, *_) = plan_card(model, table=smaller).notes
    photos = smaller.splits["train"]
    assert note.startswith(f"the table has {photos} training photos, and the model did not learn")


def _table(folder: Path) -> PhotoTable:
    from geoguess_cli.photos.table import read_photo_table

    return read_photo_table(folder / "photos.csv")
