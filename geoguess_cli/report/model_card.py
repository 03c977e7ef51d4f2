"""The card of a model folder, with what its evaluation and the table of its photos say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from geoguess_cli.errors import SENSELESS, ModelError
from geoguess_cli.evaluation.report import COMPARED
from geoguess_cli.files import write_text
from geoguess_cli.hub.address import shown
from geoguess_cli.model.card import (
    TRAINING,
    model_card,
    replaced,
    section_of,
    training_section,
)
from geoguess_cli.model.folder import (
    CARD_NAME,
    REPORT_NAME,
    ModelDescription,
    fingerprint,
    read_description,
    read_json,
)
from geoguess_cli.model.front_matter import (
    CardEvaluation,
    CardFacts,
    Result,
    facts_in,
    read_front_matter,
)
from geoguess_cli.model.replacement import check_own
from geoguess_cli.photos.table import PhotoTable
from geoguess_cli.report.datasheet import AT_SEA, Datasheet, datasheet
from geoguess_cli.wording import counted, percent, text_of, views_in_words

SHOWN = 6
"""Countries or licences that a sentence names."""


@dataclass(frozen=True, eq=False)
class CardPlan:
    """A card that can be written.

    Attributes:
        folder: The model folder.
        described: The model.
        facts: What the card says beside it.
        text: The card.
        report: The evaluation that goes into the folder; None without one.
        notes: What the card lacks, and how to add it, a sentence each.
    """

    folder: Path
    described: ModelDescription
    facts: CardFacts
    text: str
    report: Mapping[str, Any] | None
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The metadata of the card as plain values, and what it lacks."""
        return {**read_front_matter(self.text), "notes": list(self.notes)}

    def write(self) -> Path:
        """Write card and evaluation into the folder, and return the path of the card."""
        if self.report is not None:
            text = json.dumps(self.report, indent=2, ensure_ascii=False) + "\n"
            write_text(text, self.folder / REPORT_NAME)
        write_text(self.text, self.folder / CARD_NAME)
        return self.folder / CARD_NAME


def plan_card(
    folder: Path,
    *,
    name: str = "",
    licence: str = "",
    datasets: tuple[str, ...] = (),
    report: Path | None = None,
    table: PhotoTable | None = None,
) -> CardPlan:
    """The card of a model folder; what is not given is taken from the card that is there.

    Args:
        folder: The model folder.
        name: What the model is called.
        licence: The identifier of its licence.
        datasets: The data sets that its photos come from.
        report: A `report.json` of this model; None takes the one in the folder, if it has one.
        table: The photo table that the model was trained on.

    Raises:
        MissingFileError: The folder is no model folder.
        ModelError: Its files do not fit together, the report is of another model, or the folder
            is one of the hub's cache.
    """
    described = read_description(folder)
    check_own(folder, "`geoguess model pull hf://OWNER/NAME -o DIR` makes a copy of your own")
    path = folder / CARD_NAME
    before = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    facts = facts_in(before)
    record = read_report(folder, described, report)
    training = () if table is None else training_sentences(described, table)
    facts = CardFacts(
        name=name or facts.name,
        licence=licence or facts.licence,
        datasets=datasets or facts.datasets,
        measured=None if record is None else measured_of(record),
        training=training,
    )
    text, kept = model_card(described, facts), section_of(before, TRAINING)
    keeps = not training and kept is not None and kept != training_section(())
    if keeps and kept is not None:
        text = replaced(text, kept)
    notes = _lacks(facts, table, kept=keeps)
    return CardPlan(folder, described, facts, text, record, tuple(notes))


def find_report(folder: Path, artifacts: Path) -> Path | None:
    """The `report.json` that `geoguess eval` wrote last, if it is of this model; else None."""
    path = artifacts / "eval" / REPORT_NAME
    if not path.is_file():
        return None
    try:
        read_report(folder, read_description(folder), path)
    except ModelError:
        return None
    return path


def _lacks(facts: CardFacts, table: PhotoTable | None, *, kept: bool) -> list[str]:
    """What a card lacks, and how to add it, a sentence each."""
    notes = []
    if table is not None and not facts.training:
        photos = table.splits.get("train", 0)
        notes.append(
            f"the table has {counted(photos, 'training photo')}, and the model did not learn from "
            "that number, so the card takes nothing from it; --photos names the right table"
        )
    elif not facts.training and not kept:
        notes.append(
            "the card says nothing of the training photos; --photos names the table that the model "
            "learned from"
        )
    if facts.measured is None:
        notes.append(
            "the card has no evaluation; `geoguess eval` makes one on photos that the model has "
            "not seen"
        )
    if not facts.licence:
        notes.append(
            "the card names no licence, so nobody may use the model; --licence ID chooses one"
        )
    return notes


def read_report(
    folder: Path, described: ModelDescription, path: Path | None = None
) -> dict[str, Any] | None:
    """The evaluation of a model, without the names of photos; None if there is none.

    Args:
        folder: The model folder.
        described: Its model.
        path: A `report.json`; None takes the one in the folder, if it has one.

    Raises:
        ModelError: The file is damaged, or the evaluation is of another model.
    """
    own = path or folder / REPORT_NAME
    if path is None and not own.is_file():
        return None
    record, decision = read_json(own), described.decision
    model = record.get("model")
    own_model = model if isinstance(model, dict) else {}
    judged = tuple(own_model.get(key) for key in ("fingerprint", "temperature", "point"))
    if judged != (fingerprint(folder), decision.temperature, decision.point):
        raise ModelError(
            f"{own} is the evaluation of another model, or of this one before it was calibrated; "
            f"`geoguess eval --model {shown(folder)}` writes its own"
        )
    return record | {"skipped": []}


def measured_of(record: Mapping[str, Any]) -> CardEvaluation:
    """What a card shows of an evaluation.

    Args:
        record: What `report.json` holds.

    Raises:
        ModelError: It lacks a statistic.
    """
    try:
        counts = record["counts"]
        results = tuple(_result(key, record) for key in COMPARED)
        return CardEvaluation(
            split=record["split"],
            photos=counts["photos"],
            sequences=counts["sequences"],
            notes=" ".join(_notes(record)),
            results=tuple(result for result in results if result is not None),
        )
    except SENSELESS as error:
        raise ModelError(
            f"the evaluation lacks a statistic or is damaged ({error}); this version of "
            "`geoguess eval` writes it again"
        ) from error


def _result(key: str, record: Mapping[str, Any]) -> Result | None:
    """A statistic of a report; None where it is undefined."""
    own: Any = record
    for name in key.split("."):
        own = own[name]
    value, low, high = own["value"], own["low"], own["high"]
    if value is None:
        return None
    nan = float("nan")
    measured = SimpleNamespace(
        value=value, low=nan if low is None else low, high=nan if high is None else high
    )
    return Result(
        key=key,
        name=COMPARED[key].name,
        value=value,
        interval=() if low is None or high is None else (low, high),
        text=text_of(measured, COMPARED[key].definition.unit),
    )


def _notes(record: Mapping[str, Any]) -> list[str]:
    """What limits the statistics, a sentence each."""
    notes = []
    if limited := record.get("limited"):
        notes.append(f"Answers were limited to {limited['region']}.")
    if grouped := record.get("grouped"):
        notes.append(f"Photos were answered together by {grouped['by']}.")
    if seen := views_in_words(record.get("model") or {}):
        notes.append(f"{seen}.")
    if leaks := record.get("leaks"):
        verdict = str(leaks["verdict"]).rstrip(".")
        notes.append(f"Test and training photos: {verdict}.")
    else:
        notes.append("Whether they share places with the training photos was not checked.")
    return notes


def training_sentences(described: ModelDescription, table: PhotoTable) -> tuple[str, ...]:
    """What a table says of the training photos of a model: number, places, dates, creators,
    licences; empty if it has another number of training photos than the model learned from.

    Args:
        described: The model.
        table: The photo table.
    """
    learned = described.learned.get("train")
    if table.splits.get("train") != learned or not learned:
        return ()
    sheet = datasheet(table.only("train"), title="")
    return _who(sheet), _where(sheet), _licences(sheet)


def _who(sheet: Datasheet) -> str:
    groups = {of.column: of for of in sheet.groups}
    text = f"The model learned from {counted(sheet.photos, 'photo')}"
    if "sequence" in groups:
        text += f" of {counted(groups['sequence'].number, 'drive')}"
    if "creator" in groups:
        text += f", by {counted(groups['creator'].number, 'creator')}"
    if sheet.dates is not None and sheet.dates.first:
        text += f", taken from {sheet.dates.first} to {sheet.dates.last}"
    if "creator" not in groups:
        text += ". The table does not say who took them"
    return f"{text}."


def _where(sheet: Datasheet) -> str:
    text = f"They lie in {_shares(sheet.countries, sheet.photos, 'country', 'countries')}."
    if sheet.regions:
        regions = _shares(sheet.regions, sheet.photos, "region", "regions")
        text += f" Of the countries whose regions are known: {regions}."
    return text


def _licences(sheet: Datasheet) -> str:
    known = sum(sheet.licences.values())
    if not known:
        return (
            "The table does not say under which licences the photos are. Ask their owners before "
            "the model is used for more than research."
        )
    text = f"Their licences: {_shares(sheet.licences, sheet.photos, 'licence', 'licences')}."
    unknown = sheet.photos - known
    return text + (f" Of {counted(unknown, 'photo')} no licence is known." if unknown else "")


def _shares(counts: Mapping[str, int], photos: int, noun: str, nouns: str) -> str:
    """The most frequent values with their shares, and how many more there are."""
    named = {name: count for name, count in counts.items() if name != AT_SEA}
    listed = [f"{name} ({percent(count / photos)})" for name, count in list(named.items())[:SHOWN]]
    more = len(named) - SHOWN
    if more > 0:
        listed.append(f"{more:,} more {noun if more == 1 else nouns}")
    if AT_SEA in counts:
        listed.append(f"{AT_SEA} ({percent(counts[AT_SEA] / photos)})")
    return ", ".join(listed)
