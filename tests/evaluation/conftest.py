"""The evaluation of six photos whose answers are known by hand."""

import numpy as np
import pytest
from evaluation_worlds import ASKED, AT_SEA, PROBABILITIES, REASON

from geoguess_cli.evaluation.evaluation import Evaluation, evaluate
from geoguess_cli.geo.geodesy import great_circle_km


@pytest.fixture
def logits(cell_of: dict[str, int]) -> np.ndarray:
    values = np.empty((len(ASKED), 4))
    for row, (_, order) in enumerate(ASKED):
        values[row, [cell_of[town] for town in order]] = np.log(PROBABILITIES) + row
    return values


@pytest.fixture
def places(towns: dict[str, tuple[float, float]]) -> list[tuple[float, float]]:
    return [towns.get(truth, AT_SEA) for truth, _ in ASKED]


@pytest.fixture
def evaluation(predictor_of, table_of, logits, places) -> Evaluation:
    table = table_of(places, split=["test"] * 6, sequence=["a", "a", "b", "b", "c", None])
    return evaluate(predictor_of(logits, {5: REASON}), table, batch_size=4)


@pytest.fixture
def distance_km(towns, places) -> np.ndarray:
    """From the town answered to the truth, of the five photos that can be read."""
    answered = np.array([towns[order[0]] for _, order in ASKED[:5]])
    return great_circle_km(answered, np.array(places[:5]))
