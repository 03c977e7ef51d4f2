"""How far a calibration on val drives holds on test drives, and what makes it hold better."""

from collections.abc import Iterator
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


def calibration_lines(world: World, name: str, seed: int = 0) -> Iterator[dict[str, Any]]:
    """A row's calibration: none, its decision, and temperatures fitted on fewer val drives.

    Args:
        world: Whose val drives fit, and whose test drives judge.
        name: The row.
        seed: Its seed.
    """
    files = Files(world.folder, f"{name}-{seed}")
    record = files.record()
    if record is None:
        return
    arrays = files.load()
    val, test = world.table.only("val"), world.table.only("test")
    truths = world.partition.assign(val.latlng)
    judges = (arrays["test_logits"], world.partition.assign(test.latlng))
    drives = sequence_groups(val.frame)
    if len(arrays["val_logits"]) != len(val):
        return
    yield _line(name, "none", [1.0], judges)
    yield _line(name, "decision", [record["temperature"]], judges)
    names = np.unique(drives)
    for count in (*(count for count in DRIVES if count < len(names)), len(names)):
        rng = np.random.default_rng(0)
        draws = 1 if count == len(names) else DRAWS
        fitted = []
        for _ in range(draws):
            own = np.isin(drives, rng.choice(names, count, replace=False))
            fitted.append(fit_temperature(arrays["val_logits"][own], truths[own]).value)
        yield _line(name, f"{count} drives", fitted, judges)


def _line(
    name: str, how: str, temperatures: list[float], judges: tuple[np.ndarray, np.ndarray]
) -> dict[str, Any]:
    """One way to calibrate, over its draws."""
    found = np.array([trust_of(*judges, temperature) for temperature in temperatures])
    return {
        "calibration": name,
        "how": how,
        "draws": len(temperatures),
        "temperature": round(float(np.mean(temperatures)), 3),
        "ece": round(float(found[:, 0].mean()), 4),
        "ece_most": round(float(found[:, 0].max()), 4),
        "set_90": round(float(found[:, 1].mean()), 4),
        "passes": round(float(np.mean([passes(*own) for own in found])), 3),
    }
