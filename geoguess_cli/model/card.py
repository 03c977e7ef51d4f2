"""The model card: the README of a model folder, for the person who receives it, and for the hub."""

import re
from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.config import NO_VIT, ModelConfig
from geoguess_cli.errors import SENSELESS
from geoguess_cli.geo.partition import Partition
from geoguess_cli.hub.address import HubAddress
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import MISSING, UNLIKE_PERCENTILE, KnownPhotos
from geoguess_cli.model.folder import ModelDescription, metrics_error
from geoguess_cli.model.front_matter import UNNAMED, CardEvaluation, CardFacts, front_matter
from geoguess_cli.model.memory import CarriedPhotos
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.wording import byte_size, markdown_table, significant

TRAINING = "## Training data"
CARRIED = "## Training photos"
"""Headings of sections that `replaced` exchanges."""


def model_card(
    described: ModelDescription,
    facts: CardFacts | None = None,
    *,
    address: HubAddress | None = None,
) -> str:
    """The card: YAML for programs, then Markdown for people.

    Args:
        described: The model. Each group of its metrics becomes a table; the groups of the decision
            become the section on answers.
        facts: What the model does not know of itself.
        address: Where people can fetch it.
    """
    facts, metrics = facts or CardFacts(), described.metrics
    calibration = metrics.get("calibration", {})
    others = {name: group for name, group in metrics.items() if name not in _DECIDED}
    versions = ", ".join(f"{name} {text}" for name, text in described.versions.items())
    try:
        trained, trust = _training(others), _trust(calibration)
        published = _published(metrics["adopted"]) if "adopted" in metrics else ()
        answers = _answers(described.decision, calibration, metrics.get("point_estimate", {}))
    except SENSELESS as error:
        raise metrics_error(error) from error
    sections = (
        _opening(described.partition, described.spec, facts),
        usage_section(address),
        _INTENDED,
        _architecture(described.config, described.spec, described.parts),
        _cells(described.partition),
        training_section(facts.training or published),
        trained,
        _measured(facts.measured),
        answers,
        _kinds(described.known),
        carried_section(described.carried),
        _LIMITS.format(trust=trust),
        f"Written by {versions}." if versions else "",
    )
    text = "\n\n".join(section.strip() for section in sections if section) + "\n"
    return f"{front_matter(described, facts)}\n{text}"


def section_of(card: str, heading: str) -> str | None:
    """A section of a card with its heading, without blank lines around it; None if it lacks it."""
    found = _section(heading).search(card)
    return found[0].strip() if found else None


def replaced(card: str, section: str) -> str:
    """The card with another text in place of its section of the same heading, if it has one."""
    heading = section.partition("\n")[0]
    return _section(heading).sub(lambda _: f"{section.strip()}\n\n", card, count=1)


def _section(heading: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(heading)}$\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)


def usage_section(address: HubAddress | None) -> str:
    """The three commands that lead from nothing to an answer, and the same in Python.

    Args:
        address: Where people can fetch the model; None leaves the place of the folder open.
    """
    model = str(address or "FOLDER")
    fetch = f"geoguess model pull {address}" if address else f"geoguess model info {model}"
    return f"""
## How to use

In the folder of geoguess's repository, or with a wheel of geoguess in place of the dot:

    pip install .
    {fetch}
    geoguess predict PHOTO --model {model}

In Python:

    import geoguess_cli as gg
    model = gg.load_model("{model}")
    print(model.answer("PHOTO").estimate)

No file of the model is a pickle, and once it is there nothing needs a network.""".strip()


def _opening(partition: Partition, spec: ImageSpec, facts: CardFacts) -> str:
    learned = f" It learned from photos of {', '.join(facts.datasets)}." if facts.datasets else ""
    words = (
        f"The model looks at one photo ({spec.size}×{spec.size} pixels). For each of "
        f"{len(partition):,} cells of the Earth's surface it gives the probability that the photo "
        f"was taken there.{learned}"
    )
    return f"# {facts.name or UNNAMED}\n\n{fill(words, 100)}"


def _published(adopted: Mapping[str, str]) -> list[str]:
    """Where the photos behind adopted weights are described."""
    return [f"Others published the weights and describe their photos: {adopted['model']}."]


def training_section(training: Sequence[str]) -> str:
    """What the table of the photos that it learned from says of them."""
    text = training or ["The author says nothing of the photos that the model learned from."]
    return f"{TRAINING}\n\n" + "\n\n".join(fill(paragraph, 100) for paragraph in text)


def _measured(measured: CardEvaluation | None) -> str:
    """The statistics of an evaluation, with their intervals."""
    if measured is None:
        return ""
    words = (
        f"{measured.photos:,} photos of the split `{measured.split}`, in {measured.sequences:,} "
        "sequences. An interval holds 95 % of the values that other sequences of the same kind "
        f"would give. {measured.notes}"
    )
    rows = [(one.name, one.text.value, one.text.interval) for one in measured.results]
    table = markdown_table(("statistic", "value", "95 % interval"), rows)
    return f"## Evaluation\n\n{fill(words.strip(), 100)}\n\n{table}"


_HEADS = {
    "linear": "{0}, linear",
    "mlp": "linear, GELU, {0}, linear",
    "gallery": "linear, ReLU, linear; cosines with the places of a gallery, summed over each cell",
}


def _architecture(config: ModelConfig, spec: ImageSpec, parts: Mapping[str, int]) -> str:
    blocks = f"first {config.vit_blocks} blocks" if config.vit_blocks else "all blocks"
    taken = "its projection" if config.projected else "its pooled embedding"
    if config.vit != NO_VIT:
        maps = config.feature_maps
        taken = f"feature map{'s' if len(maps) > 1 else ''} {' and '.join(map(str, maps))}"
    kinds = {
        "backbone": f"{config.backbone}, {taken}",
        "projection": f"linear, {config.grid}×{config.grid} patches",
        "vit": f"{config.vit}, {blocks}",
        "head": _HEADS[config.head].format(f"dropout {config.dropout:g}"),
    }
    rows = [(part, kinds.get(part, ""), f"{count:,}") for part, count in parts.items()]
    rows.append(("all", "", f"{sum(parts.values()):,}"))
    fit = {
        "squash": "squashed to a square",
        "crop": "cropped to the square in the centre",
        "center-crop": "cropped to the square in the centre, on whole pixels as by CLIP",
        "pad": "shown whole in a square, with margins of the mean colour",
    }[spec.resize]
    return f"""
## Architecture

{markdown_table(("part", "kind", "parameters"), rows)}

Photos are {fit} ({spec.interpolation}), scaled to [0, 1], then normalised with mean
{_numbers(spec.mean)} and standard deviation {_numbers(spec.std)}."""


def _cells(partition: Partition) -> str:
    area, photos = partition.area_km2, partition.photos
    rows = [
        ("cells", f"{len(partition):,}"),
        ("levels", f"{partition.levels.min()} to {partition.levels.max()}"),
        ("area of a cell, km²", _spread(area)),
        (f"{partition.unit}s in a cell", _spread(photos)),
        ("chance of naming the right cell", f"{1 / len(partition):.3%}"),
    ]
    return f"""
## Cells

Disjoint cells of the S2 hierarchy, small where photos are dense. Column *i* of the logits is row
*i* of `cells.parquet`.

{markdown_table(("", ""), rows)}"""


def _training(metrics: Mapping[str, Any]) -> str:
    """The metrics, with one table for each group of numbers."""
    groups = {name: group for name, group in metrics.items() if isinstance(group, Mapping)}
    plain = {name: value for name, value in metrics.items() if name not in groups}
    text = "## Training\n"
    for name, group in (({"": plain} if plain else {}) | groups).items():
        rows = [
            (key.replace("_", " "), f"{value:.4g}" if isinstance(value, float) else str(value))
            for key, value in group.items()
        ]
        text += f"\n{markdown_table((name.replace('_', ' '), ''), rows)}\n"
    if not metrics:
        text += "\nNo metrics were recorded.\n"
    return text


def _answers(
    decision: Decision, calibration: Mapping[str, Any], point_estimate: Mapping[str, Any]
) -> str:
    """How logits become an answer, and how good that is on the validation photos."""
    words = (
        f"Logits are divided by the temperature {decision.temperature:.4g} before the softmax"
        f"{_fit(calibration)}. The point estimate is the {POINT_METHODS[decision.point]}"
        f"{_won(point_estimate)}."
    )
    text = f"## Answers\n\n{fill(words, 100)}"
    if calibration.get("before"):
        columns = {"at temperature 1": calibration["before"], "calibrated": calibration["after"]}
        if decision.temperature == 1:
            del columns["calibrated"]
        names = {"nll": "log loss, nats", "brier": "Brier score", "ece": "calibration error"}
        rows = [
            (words, *(f"{quality[name]:.4f}" for quality in columns.values()))
            for name, words in names.items()
        ]
        text += f"\n\n{markdown_table(('', *columns), rows)}"
    if medians := point_estimate.get("median_km"):
        rows = [(POINT_METHODS[name], significant(km)) for name, km in medians.items()]
        text += f"\n\n{markdown_table(('point estimate', 'median distance, km'), rows)}"
    return text


def _fit(calibration: Mapping[str, Any]) -> str:
    if reason := calibration.get("reason"):
        return f" ({reason})"
    if not calibration:
        return " (it was never fitted; `geoguess calibrate` fits it)"
    return (
        f", which has the least log loss on the {calibration['photos']:,} validation photos of "
        f"{calibration['sequences']:,} sequences that lie in a cell"
    )


def _won(point_estimate: Mapping[str, Any]) -> str:
    if not point_estimate.get("median_km"):
        return ""
    return (
        f", which has the least median distance on {point_estimate['photos']:,} validation photos"
    )


_DECIDED = ("calibration", "point_estimate", "familiarity")
"""Groups of the metrics that the sections on answers and on photos of another kind show."""


def carried_section(carried: CarriedPhotos | None) -> str:
    """What the model carries of single training photos."""
    if carried is None:
        return f"{CARRIED}\n\nThe model carries nothing of single training photos."
    words = (
        f"The model carries the features of {carried.photos:,} training photos "
        f"({byte_size(carried.bytes)}) with their names, places, sequences, creators and licences "
        "where they are known, but not the photos themselves. `geoguess predict --neighbours 3` "
        "names those that a photo resembles. Whoever gives the model away gives these places away "
        "too."
    )
    return f"{CARRIED}\n\n{fill(words, 100)}"


def _kinds(known: KnownPhotos | None) -> str:
    """By what a photo of another kind is recognised."""
    heading = "## Photos of another kind\n\n"
    if known is None:
        return heading + fill(f"{MISSING[:1].upper()}{MISSING[1:]}.", 100)
    judges = "validation photos" if known.judged_by == "val" else "training photos left out"
    words = (
        f"An answer says that its photo is unlike the training photos if the pooled values of the "
        f"backbone lie farther from those of {known.photos:,} training photos than "
        f"{UNLIKE_PERCENTILE:g} % of {known.judges:,} {judges} do (Mahalanobis distance). "
        "Such an answer is worth little. A photo of an unknown place that looks like the training "
        "photos is not recognised."
    )
    return heading + fill(words, 100)


def _trust(calibration: Mapping[str, Any]) -> str:
    if not calibration.get("before"):
        return """\
The probabilities of classifiers tend to be overconfident, and those of this model were never
  calibrated: do not read them as certainty."""
    if calibration["reason"]:
        return """\
The validation photos could not show how sure the model may be (see above): do not read its
  probabilities as certainty."""
    return """\
The probabilities are calibrated for photos like the validation photos, from the same regions, and
  for no others. The log loss, Brier score and calibration error above are measured on the photos
  that the temperature was fitted on."""


_LIMITS = """
## Limits

- The model knows only the places of its training photos. A photo from anywhere else still gets an
  answer, often a confident one; only a photo of another kind is called unlike them.
- {trust}
- Validation photos, if there were any, chose the weights, the temperature and the point estimate;
  `geoguess eval` measures on test photos, which were used for no choice.
- The model may use details that have nothing to do with the place: a vehicle, a lens, a season.
  `geoguess occlude` shows which parts of a photo an answer depends on."""

_INTENDED = """
## Intended use

This model is for research, teaching and the study of landscapes and photo collections: to sort
photos by region, to study what places look like, to see what a model rests its answers on.

## Misuse

Telling where a photo was taken can hurt people. Do not use the model

- to find, follow or expose anyone, or to learn where a private photo was taken;
- to watch people or groups, or to act on someone's whereabouts;
- as proof of where a photo was taken, or for a decision in which an error could do harm: the model
  is often wrong by hundreds of kilometres.

Respect the licences of the photos that it was trained on."""


def _spread(values: Any) -> str:
    low, middle, high = np.quantile(np.asarray(values, dtype=np.float64), (0.0, 0.5, 1.0))
    return f"{significant(low)} to {significant(high)}, median {significant(middle)}"


def _numbers(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
