"""What a model card says for programs: the YAML in front of its text, as the Hugging Face hub reads
it (https://huggingface.co/docs/hub/model-cards#model-card-metadata)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from geoguess_cli.errors import SENSELESS, ConfigError, ModelError
from geoguess_cli.model.folder import ModelDescription
from geoguess_cli.wording import StatisticText, counted, parts_in_words

LIBRARY = "geoguess"
TASK = {"type": "image-classification", "name": "Image geolocation"}
TAGS = ("geoguess", "image-geolocation", "geolocation", "s2-cells")
OWN_PHOTOS = "own-photos"
"""The hub's name for a data set that the user does not name."""

LICENCES = "https://huggingface.co/docs/hub/repositories-licenses"
"""The page that lists the identifiers that the hub knows."""

UNNAMED = "A geoguess model"
"""The title of a card whose model nobody named."""

_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_DIGITS = 6
_BLOCK = re.compile(r"\s*---\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|$)", re.DOTALL)


@dataclass(frozen=True)
class Result:
    """A statistic of an evaluation, as a card shows it.

    Attributes:
        key: Its key in `report.json`.
        name: What pages call it.
        value: The statistic.
        interval: Both ends of its 95 % interval; empty without one.
        text: All of it as text.
    """

    key: str
    name: str
    value: float
    interval: tuple[float, float] | tuple[()]
    text: StatisticText


@dataclass(frozen=True)
class CardEvaluation:
    """An evaluation, as a card shows it.

    Attributes:
        split: The split whose photos were answered.
        photos: Number of photos.
        sequences: Number of their sequences, which the intervals resample.
        notes: Sentences on what limits them, such as places that they share with training photos.
        results: The statistics.
    """

    split: str
    photos: int
    sequences: int
    notes: str
    results: tuple[Result, ...]


@dataclass(frozen=True)
class CardFacts:
    """What a card says that is not in the model.

    Attributes:
        name: What the model is called; "" as long as nobody named it.
        licence: The identifier of its licence; "" as long as nobody chose one.
        datasets: The data sets that its photos come from, as the user names them.
        measured: Its evaluation, if there is one.
        training: Sentences on the training photos, from their table; empty without it.
    """

    name: str = ""
    licence: str = ""
    datasets: tuple[str, ...] = ()
    measured: CardEvaluation | None = None
    training: tuple[str, ...] = ()


def licence_id(text: str) -> str:
    """The identifier of a licence, in lower case as the hub writes it.

    Raises:
        ConfigError: The text is none.
    """
    own = text.strip().lower()
    if not _LICENCE.fullmatch(own):
        raise ConfigError(
            f"`{text}` is not the identifier of a licence; write one of {LICENCES}, such as mit or "
            "cc-by-sa-4.0, or `other`"
        )
    return own


def front_matter(described: ModelDescription, facts: CardFacts) -> str:
    """The YAML of a card between its two lines of dashes."""
    tree: dict[str, Any] = {"license": facts.licence} if facts.licence else {}
    tree |= {
        "library_name": LIBRARY,
        "pipeline_tag": TASK["type"],
        "tags": list(TAGS),
    }
    if facts.datasets:
        tree["datasets"] = list(facts.datasets)
    if facts.measured is not None:
        encoder = parts_in_words(described.config.backbone, described.config.vit)
        name = facts.name or f"{encoder}, {counted(len(described.partition), 'cell')}"
        results = [_results(facts.datasets, facts.measured)]
        tree["model-index"] = [{"name": name, "results": results}]
    text = yaml.safe_dump(tree, sort_keys=False, allow_unicode=True, width=100)
    return f"---\n{text}---\n"


def _results(datasets: Sequence[str], measured: CardEvaluation) -> dict[str, Any]:
    """The evaluation as an entry of the model index."""
    return {
        "task": TASK,
        "dataset": {
            "type": datasets[0] if datasets else OWN_PHOTOS,
            "name": ", ".join(datasets) or "photos of the author",
            "split": measured.split,
            "args": {"photos": measured.photos, "sequences": measured.sequences},
        },
        "metrics": [
            {
                "type": result.key,
                "name": result.name,
                "value": _rounded(result.value),
                **({"args": {"interval_95": _interval(result)}} if result.interval else {}),
            }
            for result in measured.results
        ],
    }


def _interval(result: Result) -> list[float]:
    return [_rounded(end) for end in result.interval]


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def read_front_matter(card: str) -> dict[str, Any]:
    """The metadata of a card; empty if it has none.

    Raises:
        ModelError: The YAML in front of it is not valid.
    """
    block = _BLOCK.match(card)
    if block is None:
        return {}
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(block[1])):
            raise ValueError("it repeats values by `*`, and a few lines could stand for millions")
        tree = yaml.safe_load(block[1])
    except (yaml.YAMLError, *SENSELESS) as error:
        reason = " ".join(str(error).split())
        raise ModelError(
            f"the card begins with YAML that is not valid ({reason}); `geoguess model card` writes "
            "it again"
        ) from error
    return tree if isinstance(tree, dict) else {}


def facts_in(card: str) -> CardFacts:
    """What a card says of name, licence and data sets.

    Raises:
        ModelError: The YAML in front of it is not valid.
    """
    tree = read_front_matter(card)
    datasets, licence = tree.get("datasets"), tree.get("license")
    named = datasets if isinstance(datasets, list) else [datasets]
    title = _TITLE.search(_BLOCK.sub("", card, count=1))
    name = title[1].strip() if title else ""
    return CardFacts(
        name="" if name == UNNAMED else name,
        licence=licence if isinstance(licence, str) else "",
        datasets=tuple(one for one in named if isinstance(one, str)),
    )
