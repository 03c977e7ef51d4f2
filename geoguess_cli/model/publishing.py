"""A model folder on the Hugging Face hub: what would be published, what it gives away, done."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from geoguess_cli.errors import ConfigError, HubError, ModelError
from geoguess_cli.hub.address import HubAddress, shown
from geoguess_cli.hub.client import HubListing, Published, model_if_any, publish
from geoguess_cli.model.card import carried_section, replaced, usage_section
from geoguess_cli.model.description import of_gallery
from geoguess_cli.model.folder import (
    CARD_NAME,
    FILES,
    MEMORY_FILES,
    ModelDescription,
    read_description,
    read_json,
)
from geoguess_cli.model.front_matter import CardFacts, facts_in
from geoguess_cli.names import WRITABLE
from geoguess_cli.wording import counted

"""What `metrics.json` says of cells that were built from places that are published anyway."""


@dataclass(frozen=True, eq=False)
class PushPlan:
    """What a publication would do.

    Attributes:
        address: Where the model goes.
        described: The model.
        facts: What its card says of name, licence and data sets.
        files: Each file, or the content that differs from it, by name.
        deleted: Files of an earlier publication that this one removes.
        left: Files of the folder that are not files of a model, and are not published.
        warnings: What the files give away, a sentence each.
        existing: What is published there; None for a new repository.
        private: Whether a new repository is private.
    """

    address: HubAddress
    described: ModelDescription
    facts: CardFacts
    files: Mapping[str, Path | bytes]
    deleted: tuple[str, ...]
    left: tuple[str, ...]
    warnings: tuple[str, ...]
    existing: HubListing | None
    private: bool

    @property
    def sizes(self) -> dict[str, int]:
        """The size of each file in bytes."""
        return {
            name: len(file) if isinstance(file, bytes) else file.stat().st_size
            for name, file in self.files.items()
        }

    @property
    def seen_by(self) -> str:
        """Who will see the model, in words."""
        private = self.private if self.existing is None else self.existing.private
        new = "a new repository" if self.existing is None else "the repository that is there"
        who = "only you and people you invite see it" if private else "everybody sees it"
        return f"{new}; {who}"


def plan_push(
    folder: Path, address: HubAddress, *, private: bool = False, memory: bool = True
) -> PushPlan:
    """What publishing a model folder would do; nothing is published yet, but the hub is asked.

    Args:
        folder: The model folder.
        address: Where it goes.
        private: Whether only the owner is to see it.
        memory: Whether the memory of the training photos goes along, if there is one.

    Raises:
        MissingFileError: The folder is no model folder.
        ModelError: Its files do not fit together, its card names no licence, or it answers by the
            memory that is to stay here.
        ConfigError: The address has a revision.
        DependencyError: The hub's client is not installed.
        HubError: The hub cannot be reached, or the model is to be private and is public already.
    """
    if address.revision is not None:
        raise ConfigError(
            f"a publication becomes the newest revision; write hf://{address.repository}, without "
            f"@{address.revision}"
        )
    described, card = read_description(folder), _card(folder)
    facts = facts_in(card)
    if not facts.licence:
        raise ModelError(
            f"the card of {shown(folder)} names no licence, so nobody may use the model and it is "
            f"not published; `geoguess model card {shown(folder)} --licence ID` writes one"
        )
    if not memory and described.decision.point == "neighbours":
        raise ModelError(
            f"{shown(folder)} answers by the places of its training photos, which --without-memory "
            f"leaves out, so nobody could use the model; `geoguess calibrate --no-memory --model "
            f"{shown(folder)} -o OTHER` writes one that answers in another way"
        )
    existing = model_if_any(address)
    if private and existing is not None and not existing.private:
        raise HubError(
            f"{address} is there and public, and --private makes only a new repository private; "
            f"change it at {address.page}/settings, or name another repository"
        )
    names = [name for name in FILES if (folder / name).is_file()]
    if not memory:
        names = [name for name in names if name not in MEMORY_FILES]
        card = replaced(card, carried_section(None))
    files: dict[str, Path | bytes] = {name: folder / name for name in names}
    files[CARD_NAME] = replaced(card, usage_section(address)).encode(errors=WRITABLE)
    cleaned, paths = _without_paths(folder, names)
    published = existing.files if existing is not None else {}
    return PushPlan(
        address=address,
        described=described,
        facts=facts,
        files=files | cleaned,
        deleted=tuple(name for name in FILES if name in published and name not in files),
        left=tuple(sorted({path.name for path in folder.iterdir()} - FILES.keys())),
        warnings=(*_given_away(described, carried=memory), *paths),
        existing=existing,
        private=private,
    )


def push(plan: PushPlan, *, quiet: bool = False) -> Published:
    """Publish what a plan lists, in one commit.

    Raises:
        HubError: The hub cannot be reached, or refuses.
    """
    return publish(
        plan.address,
        plan.files,
        deleted=plan.deleted,
        private=plan.private,
        message=f"geoguess model, {counted(len(plan.described.partition), 'cell')}",
        quiet=quiet,
    )


def _card(folder: Path) -> str:
    path = folder / CARD_NAME
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _given_away(described: ModelDescription, *, carried: bool) -> list[str]:
    """What the files of a model tell of single photos, a sentence each."""
    sentences = []
    if described.carried is not None and carried:
        sentences.append(
            f"the memory names {counted(described.carried.photos, 'training photo')} with their "
            "places and creators; --without-memory leaves it out"
        )
    single = int(np.count_nonzero(described.partition.photos == 1))
    if single and not of_gallery(described.metrics):
        sentences.append(
            f"{counted(single, 'cell')} had one training photo, and the centroid in cells.parquet "
            "is the place of that photo; cells built with --min-photos 5 have none"
        )
    return sentences


def _without_paths(folder: Path, names: list[str]) -> tuple[dict[str, bytes], list[str]]:
    """The JSON files that name paths of this machine, without its folders; a sentence for each."""
    cleaned, sentences = {}, []
    for name in names:
        if not name.endswith(".json"):
            continue
        paths: list[str] = []
        tree = _cleaned(read_json(folder / name), paths)
        if paths:
            text = json.dumps(tree, indent=2, ensure_ascii=False) + "\n"
            cleaned[name] = text.encode(errors=WRITABLE)
            sentences.append(
                f"{name} names {paths[0]} of this machine; the last part of the path goes along"
            )
    return cleaned, sentences


def _cleaned(value: Any, paths: list[str]) -> Any:
    """A JSON value in which each absolute path has lost its folders; they are added to `paths`."""
    if isinstance(value, dict):
        return {key: _cleaned(own, paths) for key, own in value.items()}
    if isinstance(value, list):
        return [_cleaned(own, paths) for own in value]
    if isinstance(value, str):
        for kind in (PurePosixPath, PureWindowsPath):
            path = kind(value)
            if path.is_absolute() and path.name:
                paths.append(value)
                return path.name
    return value
