"""Temperature, log loss, Brier score and calibration error: known answers, and four references."""

import importlib
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from geoguess_cli.evaluation.calibration import (
    BINS,
    Calibration,
    CalibrationMeter,
    bins_of,
    ece_of,
    fit_temperature,
    reliability,
)
from geoguess_cli.evaluation.metrics import at_truth
from geoguess_cli.inference.probabilities import log_softmax
from geoguess_cli.model.decision import TEMPERATURES


def drawn(
    photos: int = 800, cells: int = 12, *, sharpness: float = 1.0, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are `sharpness` times calibrated ones, and truths drawn from the latter."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(photos, cells), scale=2.0)
    truths = (log_softmax(logits) + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return (sharpness * logits).astype(np.float32), truths


def measured(logits: np.ndarray, truths: np.ndarray) -> Calibration:
    meter = CalibrationMeter()
    meter.add(log_softmax(logits), truths)
    return meter.result()


def mean_loss(logits: np.ndarray, truths: np.ndarray, temperature: float) -> float:
    logs = log_softmax(logits.astype(np.float64) / temperature)
    return -float(np.nanmean(at_truth(logs, truths)))


def ece(confidence: np.ndarray, correct: np.ndarray) -> float:
    return float(ece_of(confidence, correct)(np.ones((len(confidence), 1)))[0])


@pytest.mark.parametrize("sharpness", [0.3, 1.0, 2.5])
def test_temperature_is_that_of_scipy(sharpness: float) -> None:
    logits, truths = drawn(sharpness=sharpness)
    reference = minimize_scalar(
        lambda log: mean_loss(logits, truths, math.exp(log)),
        bounds=(math.log(0.05), math.log(20)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    fitted = fit_temperature(logits, truths)
    assert fitted.value == pytest.approx(math.exp(reference.x), rel=1e-5)
    assert fitted.nll == pytest.approx(reference.fun, abs=1e-9)
    assert fitted.nll_before == pytest.approx(mean_loss(logits, truths, 1.0), abs=1e-9)
    assert (fitted.photos, fitted.reason) == (800, "")


def test_temperature_is_that_of_torch() -> None:
    logits, truths = drawn(sharpness=1.7, seed=4)
    inverse = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([inverse], max_iter=100, line_search_fn="strong_wolfe")
    held, target = torch.from_numpy(logits).double(), torch.from_numpy(truths)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(held * inverse, target)
        loss.backward()
        return loss

    optimizer.step(closure)
    assert fit_temperature(logits, truths).value == pytest.approx(1 / inverse.item(), rel=1e-5)


@pytest.mark.parametrize("sharpness", [0.4, 1.0, 3.0])
def test_overconfidence_is_found_by_its_factor(sharpness: float) -> None:
    logits, truths = drawn(20_000, 6, sharpness=sharpness)
    assert fit_temperature(logits, truths).value == pytest.approx(sharpness, rel=0.03)


def test_what_was_scaled_needs_no_scaling() -> None:
    logits, truths = drawn(sharpness=3.0)
    first = fit_temperature(logits, truths).value
    again = fit_temperature(logits.astype(np.float64) / first, truths)
    assert again.value == pytest.approx(1.0, abs=1e-5)


@given(
    arrays(np.float32, (7, 4), elements=st.floats(-60, 60, width=32)),
    arrays(np.int64, 7, elements=st.integers(-1, 3)),
)
def test_no_other_temperature_loses_less(logits: np.ndarray, truths: np.ndarray) -> None:
    fitted = fit_temperature(logits, truths)
    assert TEMPERATURES[0] <= fitted.value <= TEMPERATURES[1]
    if fitted.photos:
        assert fitted.nll == pytest.approx(mean_loss(logits, truths, fitted.value), abs=1e-6)
        for other in np.geomspace(*TEMPERATURES, 41):
            assert fitted.nll <= mean_loss(logits, truths, float(other)) + 1e-6


def test_photos_in_no_cell_do_not_count() -> None:
    logits, truths = drawn(sharpness=2.0)
    padded = np.concatenate([logits, 50 * logits[:200]])
    beside = np.concatenate([truths, np.full(200, -1)])
    assert fit_temperature(padded, beside) == fit_temperature(logits, truths)


def test_the_matrix_is_read_in_chunks_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    logits, truths = drawn(sharpness=2.0)
    logits.flags.writeable = False
    whole = fit_temperature(logits, truths)
    monkeypatch.setattr("geoguess_cli.evaluation.calibration._CHUNK", 100)
    assert fit_temperature(logits, truths).value == pytest.approx(whole.value, rel=1e-6)


def test_without_a_covered_photo_nothing_is_scaled() -> None:
    fitted = fit_temperature(np.zeros((3, 5)), np.full(3, -1))
    assert (fitted.value, fitted.photos, fitted.reason) == (1.0, 0, "no photo lies in a cell")
    assert math.isnan(fitted.nll)


@pytest.mark.parametrize(
    ("truth", "bound", "loss"),
    [(0, 0.05, 0.0), (1, 20.0, math.log(1 + math.exp(1 / 20)))],
)
def test_always_right_and_always_wrong_end_at_a_bound(
    truth: int, bound: float, loss: float
) -> None:
    logits = np.tile([1.0, 0.0], (30, 1))
    fitted = fit_temperature(logits, np.full(30, truth))
    assert fitted.value == pytest.approx(bound)
    assert fitted.nll == pytest.approx(loss, abs=1e-6)
    assert "the limit of a temperature" in fitted.reason


@pytest.mark.parametrize("logits", [np.zeros((4, 3)), np.eye(3)[[0, 0, 0, 0]] * 5000.0])
def test_a_loss_that_no_temperature_changes_leaves_it_at_one(logits: np.ndarray) -> None:
    fitted = fit_temperature(logits, np.zeros(4, dtype=np.int64))
    assert (fitted.value, fitted.reason) == (1.0, "the temperature does not change the loss")


def test_two_thirds_by_hand() -> None:
    logits = np.log(np.array([[0.5, 0.25, 0.25], [0.2, 0.8, 0.0001]]))
    found = measured(logits, np.array([0, 2]))
    p = np.exp(log_softmax(logits))[1]
    np.testing.assert_allclose(found.nll, [math.log(2), -math.log(p[2])])
    np.testing.assert_allclose(
        found.brier, [0.25 + 2 / 16, p[0] ** 2 + p[1] ** 2 + (1 - p[2]) ** 2]
    )
    np.testing.assert_allclose(found.confidence, [0.5, p[1]])
    assert found.correct.tolist() == [True, False]


def test_log_loss_and_brier_score_are_those_of_scikit_learn() -> None:
    logits, truths = drawn()
    found, p = measured(logits, truths), np.exp(log_softmax(logits))
    cells = np.arange(12)
    assert found.nll.mean() == pytest.approx(log_loss(truths, p, labels=cells), abs=1e-12)
    reference = brier_score_loss(truths, p, labels=cells, scale_by_half=False)
    assert found.brier.mean() == pytest.approx(reference, abs=1e-12)


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 2.0])
def test_calibration_error_is_that_of_torchmetrics(sharpness: float) -> None:
    # torchmetrics imports torchvision, which the door to timm mends first.
    importlib.import_module("geoguess_cli.model._timm")
    from torchmetrics.functional.classification import multiclass_calibration_error

    logits, truths = drawn(sharpness=sharpness)
    found = measured(logits, truths)
    p = torch.from_numpy(np.exp(log_softmax(logits)))
    reference = multiclass_calibration_error(
        p, torch.from_numpy(truths), num_classes=12, n_bins=15, norm="l1"
    )
    assert ece(found.confidence, found.correct) == pytest.approx(reference.item(), abs=1e-6)
    assert reference > 0.005


def test_scaling_mends_the_calibration_error() -> None:
    logits, truths = drawn(20_000, 6, sharpness=3.0)
    before = measured(logits, truths)
    after = measured(logits / np.float32(fit_temperature(logits, truths).value), truths)
    assert ece(before.confidence, before.correct) > 0.1
    assert ece(after.confidence, after.correct) < 0.02


def test_reliability_is_the_calibration_curve_of_scikit_learn() -> None:
    found = measured(*drawn(sharpness=2.0))
    table = [row for row in reliability(found.confidence, found.correct) if row.photos]
    accuracy, confidence = calibration_curve(found.correct, found.confidence, n_bins=BINS)
    np.testing.assert_allclose([row.accuracy for row in table], accuracy)
    np.testing.assert_allclose([row.confidence for row in table], confidence)
    assert sum(row.photos for row in table) == 800


def test_the_reliability_table_gives_the_calibration_error() -> None:
    found = measured(*drawn(sharpness=2.0))
    gaps = [
        row.photos / 800 * abs(row.accuracy - row.confidence)
        for row in reliability(found.confidence, found.correct)
        if row.photos
    ]
    assert ece(found.confidence, found.correct) == pytest.approx(sum(gaps))


def test_an_empty_bin_has_no_accuracy() -> None:
    table = reliability(np.array([0.95, 1.0]), np.array([True, False]), bins=2)
    assert [(row.low, row.high, row.photos) for row in table] == [(0.0, 0.5, 0), (0.5, 1.0, 2)]
    assert math.isnan(table[0].accuracy)
    assert math.isnan(table[0].confidence)
    assert table[1].accuracy == 0.5


def test_every_confidence_has_a_bin_that_holds_it() -> None:
    confidence = np.array([0.0, 1 / 15, 0.5, 14 / 15, 1.0])
    assert bins_of(confidence).tolist() == [0, 1, 7, 14, 14]


def test_perfect_calibration_has_no_error() -> None:
    confidence = np.repeat([0.5, 0.75], [2, 4])
    correct = np.array([True, False, True, True, True, False])
    assert ece(confidence, correct) == pytest.approx(0.0, abs=1e-12)


def test_calibration_error_of_resampled_photos() -> None:
    found = measured(*drawn(60))
    counts = np.random.default_rng(1).integers(0, 3, (60, 2))
    repeated = [ece(np.repeat(found.confidence, n), np.repeat(found.correct, n)) for n in counts.T]
    both = ece_of(found.confidence, found.correct)(counts.astype(np.float64))
    np.testing.assert_allclose(both, repeated)


def test_a_photo_in_no_cell_is_wrong_or_left_out() -> None:
    logits = np.log(np.array([[0.8, 0.2], [0.6, 0.4]]))
    found = measured(logits, np.array([0, -1]))
    assert found.covered.tolist() == [True, False]
    assert math.isnan(found.nll[1])
    assert not found.correct[1]
    assert found.brier[1] == pytest.approx(0.36 + 0.16 + 1)
    assert found.of_covered().confidence.tolist() == pytest.approx([0.8])


def test_batches_add_up() -> None:
    logits, truths = drawn(50)
    meter, whole = CalibrationMeter(), measured(logits, truths)
    for rows in (slice(0, 1), slice(1, 30), slice(30, 50)):
        meter.add(log_softmax(logits[rows]), truths[rows])
    found = meter.result()
    for name in ("nll", "brier", "confidence", "correct"):
        np.testing.assert_allclose(getattr(found, name), getattr(whole, name), rtol=1e-12)


def test_nothing_is_calibrated_without_photos() -> None:
    found = CalibrationMeter().result()
    assert len(found.covered) == 0
    assert math.isnan(ece(found.confidence, found.correct))
