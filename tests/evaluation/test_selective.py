"""Risk against coverage: by hand, and against its definition written out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geoguess_cli.evaluation.selective import CurvePoint, area_of, best_area, risk_coverage

CONFIDENCE = arrays(np.float64, 9, elements=st.sampled_from([0.1, 0.3, 0.5, 0.9]))
ERRORS = arrays(np.float64, 9, elements=st.sampled_from([0.0, 1.0, 40.0]))
COUNTS = arrays(np.float64, (9, 3), elements=st.sampled_from([0.0, 1.0, 2.0]))


def column(curve: list[CurvePoint], name: str) -> np.ndarray:
    return np.array([getattr(point, name) for point in curve])


def area(confidence: np.ndarray, errors: np.ndarray) -> float:
    return float(area_of(confidence, errors)(np.ones((len(errors), 1)))[0])


def defined_area(confidence: np.ndarray, errors: np.ndarray) -> float:
    """Mean over the photos of the mean error of those at least as sure."""
    return float(np.mean([errors[confidence >= own].mean() for own in confidence]))


def test_the_curve_by_hand() -> None:
    confidence = np.array([0.2, 0.9, 0.6, 0.6, 0.4])
    wrong = np.array([1, 0, 1, 0, 0])
    curve = risk_coverage(confidence, wrong)
    assert column(curve, "threshold").tolist() == [0.9, 0.6, 0.4, 0.2]
    np.testing.assert_allclose(column(curve, "coverage"), [0.2, 0.6, 0.8, 1.0])
    np.testing.assert_allclose(column(curve, "risk"), [0, 1 / 3, 1 / 4, 2 / 5])
    assert area(confidence, wrong) == pytest.approx((0 + 2 / 3 + 1 / 4 + 2 / 5) / 5)


@given(CONFIDENCE, ERRORS)
def test_the_area_is_its_definition(confidence: np.ndarray, errors: np.ndarray) -> None:
    assert area(confidence, errors) == pytest.approx(defined_area(confidence, errors))


@given(CONFIDENCE, ERRORS, COUNTS)
def test_the_area_of_resampled_photos(
    confidence: np.ndarray, errors: np.ndarray, counts: np.ndarray
) -> None:
    found = area_of(confidence, errors)(counts)
    for column, number in zip(found, counts.T.astype(int), strict=True):
        if number.sum():
            repeated = np.repeat(confidence, number), np.repeat(errors, number)
            assert column == pytest.approx(defined_area(*repeated))
        else:
            assert math.isnan(column)


def test_the_area_of_photos_that_are_all_told_apart() -> None:
    rng = np.random.default_rng(0)
    confidence, errors = rng.permutation(500) / 500, rng.random(500)
    counts = rng.integers(0, 3, (500, 4)).astype(np.float64)
    found = area_of(confidence, errors)(counts)
    for column, number in zip(found, counts.T.astype(int), strict=True):
        repeated = np.repeat(confidence, number), np.repeat(errors, number)
        assert column == pytest.approx(defined_area(*repeated))


@given(CONFIDENCE, ERRORS, st.permutations(range(9)))
def test_the_order_of_the_rows_does_not_matter(
    confidence: np.ndarray, errors: np.ndarray, order: list[int]
) -> None:
    shuffled = confidence[order], errors[order]
    assert area(*shuffled) == pytest.approx(area(confidence, errors))
    np.testing.assert_allclose(
        column(risk_coverage(*shuffled), "risk"), column(risk_coverage(confidence, errors), "risk")
    )


def test_one_confidence_for_all_risks_the_mean_error() -> None:
    assert area(np.full(4, 0.5), np.array([0, 0, 0, 1])) == 0.25


def test_no_confidences_do_better_than_the_best() -> None:
    rng = np.random.default_rng(1)
    errors = (rng.random(300) < 0.3).astype(np.float64)
    surest_first = -np.argsort(np.argsort(errors, kind="stable")).astype(np.float64)
    assert area(surest_first, errors) == pytest.approx(best_area(errors))
    assert area(rng.random(300), errors) > 2 * best_area(errors)
    share = errors.mean()  # the textbook's approximation of the best area
    assert best_area(errors) == pytest.approx(share + (1 - share) * math.log(1 - share), abs=0.01)


def test_a_long_curve_is_thinned_and_keeps_its_end() -> None:
    rng = np.random.default_rng(2)
    confidence, errors = rng.random(5000), rng.random(5000)
    whole = risk_coverage(confidence, errors, points=5000)
    thin = risk_coverage(confidence, errors, points=20)
    np.testing.assert_allclose(column(thin, "coverage"), np.arange(1, 21) / 20)
    kept = np.isin(column(whole, "threshold"), column(thin, "threshold"))
    np.testing.assert_array_equal(column(whole, "risk")[kept], column(thin, "risk"))
    assert len(column(whole, "coverage")) == 5000
    assert column(thin, "risk")[-1] == pytest.approx(errors.mean())


def test_a_curve_with_heavy_ties_is_not_thinned_twice() -> None:
    confidence = np.repeat([0.9, 0.5, 0.4, 0.1], [1, 96, 1, 2])
    curve = risk_coverage(confidence, np.zeros(100), points=3)
    np.testing.assert_allclose(column(curve, "coverage"), [0.97, 1.0])


def test_photos_without_an_error_are_left_out_of_the_area() -> None:
    confidence = np.array([0.2, 0.9, 0.6, 0.6, 0.4])
    errors = np.array([1.0, math.nan, 1.0, 0.0, 0.0])
    known = np.isfinite(errors)
    assert area(confidence, errors) == pytest.approx(area(confidence[known], errors[known]))


def test_nothing_has_no_curve_and_no_area() -> None:
    nothing = np.array([])
    assert len(risk_coverage(nothing, nothing)) == 0
    assert math.isnan(area(nothing, nothing))
    assert math.isnan(best_area(nothing))
