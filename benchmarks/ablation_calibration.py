"""How far a calibration on val drives holds on test drives, and what makes it hold better."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ablation_training import Files
from ablation_worlds import World

from geoguess_cli.evaluation.calibration import CalibrationMeter, ece_of, fit_temperature
from geoguess_cli.evaluation.intervals import sequence_groups
from geoguess_cli.inference.credible import credible_sets
from geoguess_cli.inference.probabilities import log_softmax

ECE_LIMIT = 0.05
SET_LIMITS = (0.88, 0.92)
DRIVES = (10, 20, 40)
"""Val drives that are drawn, beside all of them."""
DRAWS = 40
CHANCE = {"chance, photos apart": False, "chance, drives alike": True}
"""What a perfect calibration would show: each photo is right by its own chance, or each drive."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One seed of a row: logits and true cells of val and test photos, and their drives.

    Attributes:
        temperature: What the row decided on val.
        val: Logits and true cells; -1 for a photo in no cell.
        test: Likewise.
        val_drives: Number of the drive of each val photo.
        test_drives: Likewise.
    """

    temperature: float
    val: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]
    val_drives: np.ndarray
    test_drives: np.ndarray

    def fitted(self, drives: np.ndarray) -> float:
        """The temperature that these val drives choose."""
        own = np.isin(self.val_drives, drives)
        logits, truths = self.val
        return fit_temperature(logits[own], truths[own]).value

    def by_chance(self, *, alike: bool) -> Iterator[tuple[float, float]]:
        """ECE and 90 % sets on test photos whose true cells are drawn from the probabilities.

        A model that is perfectly calibrated has such true cells. The draws take the cells from the
        likeliest on, so a photo with a small number is right.

        Args:
            alike: Whether the photos of a drive share their number.
        """
        logits, truths = self.test
        covered = np.flatnonzero(truths >= 0)
        logs = log_softmax(logits[covered] / np.float32(self.temperature))
        order = np.argsort(-logs, axis=1, kind="stable")
        sums = np.cumsum(np.exp(np.take_along_axis(logs, order, axis=1), dtype=np.float64), axis=1)
        rows = np.arange(len(covered))
        _, groups = np.unique(self.test_drives[covered], return_inverse=True)
        of_number = groups if alike else rows
        for draw in range(DRAWS):
            numbers = np.random.default_rng(draw).uniform(size=of_number.max() + 1)[of_number]
            places = (sums < numbers[:, None] * sums[:, -1:]).sum(axis=1)
            yield trust_of(logits[covered], order[rows, places], self.temperature)


def trust_of(
    logits: np.ndarray, truths: np.ndarray, temperature: float, mass: float = 0.9
) -> tuple[float, float]:
    """ECE, and the share of the sets of a mass that hold the true cell, over the covered photos.

    Args:
        logits: Of photos that the model did not train on.
        truths: Their cells; -1 for a photo in no cell.
        temperature: What the logits are divided by.
        mass: Of the credible sets.
    """
    covered = truths >= 0
    logs = log_softmax(logits[covered] / np.float32(temperature))
    meter = CalibrationMeter()
    meter.add(logs, truths[covered])
    result = meter.result()
    once = np.ones((len(logs), 1))
    area = np.ones(logs.shape[1])
    (sets,) = credible_sets(np.exp(logs).astype(np.float32), truths[covered], area, (mass,))
    ece = float(ece_of(result.confidence, result.correct)(once)[0])
    return ece, float(sets.holds_truth.mean())


def passes(ece: float, held: float) -> bool:
    """Whether both limits are kept."""
    return ece <= ECE_LIMIT and SET_LIMITS[0] <= held <= SET_LIMITS[1]


def calibration_lines(world: World, name: str, seeds: int) -> Iterator[dict[str, Any]]:
    """A row's calibration: none, its decision, and temperatures fitted on fewer val drives.

    The last lines say what no calibration on val can reach: a temperature fitted on the test
    drives themselves, and the error that chance alone gives a perfect calibration.

    Args:
        world: Whose val drives fit, and whose test drives judge.
        name: The row.
        seeds: Number of its seeds; a line is their mean.
    """
    if not (all_seeds := list(_judged(world, name, seeds))):
        return
    yield _line(name, "none", [(own, 1.0) for own in all_seeds])
    yield _line(name, "decision", [(own, own.temperature) for own in all_seeds])
    names = np.unique(all_seeds[0].val_drives)
    for count in (*(count for count in DRIVES if count < len(names)), len(names)):
        rng = np.random.default_rng(0)
        draws = [
            rng.choice(names, count, replace=False)
            for _ in range(1 if count == len(names) else DRAWS)
        ]
        fitted = [(own, own.fitted(drives)) for own in all_seeds for drives in draws]
        yield _line(name, f"{count} drives", fitted)
    yield _line(name, "test", [(own, fit_temperature(*own.test).value) for own in all_seeds])
    first = all_seeds[0]
    for how, alike in CHANCE.items():
        found = list(first.by_chance(alike=alike))
        yield _record(name, how, [first.temperature] * len(found), found)


def _judged(world: World, name: str, seeds: int) -> Iterator[Judged]:
    """The seeds that have a result with the val photos of the world."""
    val, test = world.table.only("val"), world.table.only("test")
    truths = [world.partition.assign(table.latlng) for table in (val, test)]
    drives = [sequence_groups(table.frame) for table in (val, test)]
    for seed in range(seeds):
        files = Files(world.folder, f"{name}-{seed}")
        if (record := files.record()) is None:
            continue
        arrays = files.load()
        logits = [arrays["val_logits"], arrays["test_logits"]]
        if len(logits[0]) == len(val):
            pairs = zip(logits, truths, strict=True)
            yield Judged(record["temperature"], *pairs, *drives)


def _line(name: str, how: str, ways: Sequence[tuple[Judged, float]]) -> dict[str, Any]:
    """One way to calibrate, over its seeds and draws."""
    found = [trust_of(*own.test, temperature) for own, temperature in ways]
    return _record(name, how, [temperature for _, temperature in ways], found)


def _record(
    name: str, how: str, temperatures: Sequence[float], found: Sequence[tuple[float, float]]
) -> dict[str, Any]:
    ece, held = np.array(found).T
    return {
        "calibration": name,
        "how": how,
        "draws": len(found),
        "temperature": round(float(np.mean(temperatures)), 3),
        "ece": round(float(ece.mean()), 4),
        "ece_most": round(float(ece.max()), 4),
        "set_90": round(float(held.mean()), 4),
        "passes": round(float(np.mean([passes(*own) for own in found])), 3),
    }
