"""The model card: the README of a model folder, for the person who receives it."""

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np

from geoguess_cli.choices import POINT_METHODS
from geoguess_cli.config import NO_VIT, ModelConfig
from geoguess_cli.geo.partition import Partition
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.familiarity import MISSING, UNLIKE_PERCENTILE, Familiarity
from geoguess_cli.model.memory import Memory
from geoguess_cli.model.trained import TrainedModel
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.wording import byte_size


def model_card(
    trained: TrainedModel, *, parts: Mapping[str, int], versions: Mapping[str, str]
) -> str:
    """The card as Markdown.

    Args:
        trained: The model. Each group of its metrics becomes a table; the groups of the decision
            become the section on answers.
        parts: Number of parameters of each part.
        versions: Versions of the libraries that wrote the model.
    """
    partition, metrics = trained.partition, trained.metrics
    sections = (
        _opening(partition, trained.spec),
        _architecture(trained.config, trained.spec, parts),
        _cells(partition),
        _training({name: group for name, group in metrics.items() if name not in _DECIDED}),
        _answers(
            trained.decision, metrics.get("calibration", {}), metrics.get("point_estimate", {})
        ),
        _kinds(trained.familiarity),
        _memory(trained.memory),
        _LIMITS.format(trust=_trust(metrics.get("calibration", {}))),
        _USE,
        _LOADING,
        "Written by " + ", ".join(f"{name} {text}" for name, text in versions.items()) + ".",
    )
    return "\n\n".join(section.strip() for section in sections if section) + "\n"


def _opening(partition: Partition, spec: ImageSpec) -> str:
    return f"""
# A geoguess model

The model looks at one photo ({spec.size}×{spec.size} pixels). For each of {len(partition):,} cells
of the Earth's surface it gives the probability that the photo was taken there."""


def _architecture(config: ModelConfig, spec: ImageSpec, parts: Mapping[str, int]) -> str:
    blocks = f"first {config.vit_blocks} blocks" if config.vit_blocks else "all blocks"
    taken = "its pooled embedding"
    if config.vit != NO_VIT:
        maps = config.feature_maps
        taken = f"feature map{'s' if len(maps) > 1 else ''} {' and '.join(map(str, maps))}"
    hidden = "linear, GELU, " if config.head == "mlp" else ""
    kinds = {
        "backbone": f"{config.backbone}, {taken}",
        "projection": f"linear, {config.grid}×{config.grid} patches",
        "vit": f"{config.vit}, {blocks}",
        "head": f"{hidden}dropout {config.dropout:g}, linear",
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

{_table(("part", "kind", "parameters"), rows)}

Photos are {fit} ({spec.interpolation}), scaled to [0, 1], then normalised with mean
{_numbers(spec.mean)} and standard deviation {_numbers(spec.std)}."""


def _cells(partition: Partition) -> str:
    area, photos = partition.area_km2, partition.photos
    rows = [
        ("cells", f"{len(partition):,}"),
        ("levels", f"{partition.levels.min()} to {partition.levels.max()}"),
        ("area of a cell, km²", _spread(area)),
        ("training photos in a cell", _spread(photos)),
        ("chance of naming the right cell", f"{1 / len(partition):.3%}"),
    ]
    return f"""
## Cells

Disjoint cells of the S2 hierarchy, small where photos are dense. Column *i* of the logits is row
*i* of `cells.parquet`.

{_table(("", ""), rows)}"""


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
        text += f"\n{_table((name.replace('_', ' '), ''), rows)}\n"
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
        text += f"\n\n{_table(('', *columns), rows)}"
    if medians := point_estimate.get("median_km"):
        rows = [(POINT_METHODS[name], _short(km)) for name, km in medians.items()]
        text += f"\n\n{_table(('point estimate', 'median distance, km'), rows)}"
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


def _memory(memory: Memory | None) -> str:
    """What is carried of the training photos."""
    heading = "## Training photos\n\n"
    if memory is None:
        return heading + "The model carries nothing of single training photos."
    words = (
        f"The model carries the features of {len(memory):,} training photos "
        f"({byte_size(memory.size)}) with their names, places, sequences, creators and licences "
        "where they are known, but not the photos themselves. `geoguess predict --neighbours 3` "
        "names those that a photo resembles. Whoever gives the model away gives these places away "
        "too."
    )
    return heading + fill(words, 100)


def _kinds(familiarity: Familiarity | None) -> str:
    """By what a photo of another kind is recognised."""
    heading = "## Photos of another kind\n\n"
    if familiarity is None:
        return heading + fill(f"{MISSING[:1].upper()}{MISSING[1:]}.", 100)
    judges = "validation photos" if familiarity.judged_by == "val" else "training photos left out"
    words = (
        f"An answer says that its photo is unlike the training photos if the pooled values of the "
        f"backbone lie farther from those of {familiarity.photos:,} training photos than "
        f"{UNLIKE_PERCENTILE:g} % of {familiarity.judges:,} {judges} do (Mahalanobis distance). "
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
- The validation photos above were used to choose the weights, the temperature and the point
  estimate; `geoguess eval` measures on test photos, which were used for no choice.
- The model may use details that have nothing to do with the place: a vehicle, a lens, a season.
  `geoguess occlude` shows which parts of a photo an answer depends on."""

_USE = """
## Responsible use

This model is for research, teaching and the study of landscapes and photo collections. Telling
where a photo was taken can hurt people: do not use the model to find, follow or expose anyone, to
act on a person's whereabouts, or for a decision in which an error could do harm. It is often wrong
by hundreds of kilometres. Respect the licence of the photos that it was trained on."""

_LOADING = """
## Loading

    geoguess predict PHOTO --model FOLDER

    import geoguess_cli as gg
    model = gg.load_model("FOLDER")
    print(model.answer("PHOTO").estimate)

Neither way needs a network, and no file in this folder is a pickle."""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _spread(values: Any) -> str:
    low, middle, high = np.quantile(np.asarray(values, dtype=np.float64), (0.0, 0.5, 1.0))
    return f"{_short(low)} to {_short(high)}, median {_short(middle)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _numbers(values: Sequence[float]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
