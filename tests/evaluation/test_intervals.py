"""Bootstrap intervals: scipy's as the reference, and how often they hold the truth."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binom, bootstrap

from geoguess_cli.evaluation.definitions import plain
from geoguess_cli.evaluation.intervals import (
    Bootstrap,
    Interval,
    Statistic,
    difference_of,
    mean_of,
    median_of,
    ratio_of,
    sequence_groups,
)

VALUES = arrays(np.float64, 8, elements=st.sampled_from([math.nan, 0.0, 1.0, 2.5, 7.0]))
COUNTS = arrays(np.float64, (8, 4), elements=st.integers(0, 3).map(float))


def interval(statistic: Statistic, groups: np.ndarray, **options: float) -> Interval:
    return Bootstrap(groups, **options).intervals({"it": statistic})["it"]


@given(VALUES, COUNTS)
def test_weights_count_photos_as_if_repeated(values: np.ndarray, counts: np.ndarray) -> None:
    means, medians = mean_of(values)(counts), median_of(values)(counts)
    for column, number in enumerate(counts.T.astype(int)):
        repeated = np.repeat(values, number)
        known = repeated[~np.isnan(repeated)]
        if len(known):
            assert means[column] == pytest.approx(known.mean())
            assert medians[column] == np.median(known)
        else:
            assert math.isnan(means[column])
            assert math.isnan(medians[column])


def test_the_median_of_resamples_far_from_the_middle() -> None:
    values = np.random.default_rng(0).permutation(5000).astype(np.float64)
    weights = np.ones((5000, 3))
    weights[values < 4900, 1] = 0  # only the largest hundred
    weights[values < 10, 2] = 1e6  # almost only the smallest ten
    found = median_of(values)(weights)
    assert found.tolist() == [2499.5, 4949.5, 5.0]


def test_ratios_by_hand() -> None:
    above, below = np.array([1.0, 2.0, 0.0]), np.array([2.0, 2.0, 0.0])
    weights = np.array([[1.0, 0.0], [3.0, 0.0], [1.0, 5.0]])
    found = ratio_of(above, below)(weights)
    assert found[0] == 7 / 8
    assert math.isnan(found[1])


@pytest.mark.parametrize(("statistic", "reference"), [(mean_of, np.mean), (median_of, np.median)])
def test_intervals_of_single_photos_are_those_of_scipy(
    statistic: Statistic, reference: Statistic
) -> None:
    rng = np.random.default_rng(3)
    values = rng.lognormal(3, 1, 400)
    found = interval(statistic(values), np.arange(400), resamples=4000)
    theirs = bootstrap(
        (values,), reference, method="percentile", n_resamples=4000, rng=rng
    ).confidence_interval
    width = theirs.high - theirs.low
    assert found.value == pytest.approx(reference(values))
    assert found.low == pytest.approx(theirs.low, abs=0.06 * width)
    assert found.high == pytest.approx(theirs.high, abs=0.06 * width)


def simulated(rng: np.random.Generator, sequences: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Right and wrong answers, 2/5 right on average, alike within a drive of 1 to 20 photos."""
    sizes = rng.integers(1, 21, sequences)
    skill = rng.beta(0.8, 1.2, sequences)
    drives = np.repeat(np.arange(sequences), sizes)
    return drives, (rng.random(len(drives)) < skill[drives]).astype(np.float64)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(8)
    trials, by_drive, by_photo = 200, 0, 0
    for trial in range(trials):
        drives, right = simulated(rng)
        for groups in (drives, np.arange(len(drives))):
            found = interval(mean_of(right), groups, resamples=300, seed=trial)
            held = found.low <= 0.4 <= found.high
            if groups is drives:
                by_drive += held
            else:
                by_photo += held
    # 60 drives and 300 resamples cost a point or two of the 95 %: tested against 93 %.
    low, high = binom.interval(0.999, trials, 0.93)
    assert low <= by_drive <= high
    # Photos of one drive taken as independent: the error that drawing whole drives avoids.
    assert by_photo / trials < 0.75


def test_the_same_seed_draws_the_same_resamples() -> None:
    drives, right = simulated(np.random.default_rng(0))
    one = interval(mean_of(right), drives, seed=1)
    assert interval(mean_of(right), drives, seed=1) == one
    assert interval(mean_of(right), drives, seed=2) != one


def test_resamples_do_not_depend_on_how_many_are_held_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drives, right = simulated(np.random.default_rng(0))
    statistics = {"mean": mean_of(right), "median": median_of(right + drives)}
    whole = Bootstrap(drives).intervals(statistics)
    monkeypatch.setattr("geoguess_cli.evaluation.intervals._CHUNK", 2 * len(drives))
    for name, found in Bootstrap(drives).intervals(statistics).items():
        ends = (whole[name].value, whole[name].low, whole[name].high)
        assert (found.value, found.low, found.high) == pytest.approx(ends, rel=1e-12)


def test_few_resamples_are_held_at_once() -> None:
    shapes = []

    def watched(weights: np.ndarray) -> np.ndarray:
        shapes.append(weights.shape)
        return weights.sum(axis=0)

    interval(watched, np.arange(300_000), resamples=20)
    assert shapes[0] == (300_000, 1)
    assert sum(columns for _, columns in shapes[1:]) == 20
    assert max(rows * columns for rows, columns in shapes) <= 2_000_000


def test_groups_are_drawn_whole() -> None:
    drives = np.repeat([7, 3, 5], [4, 2, 3])
    seen = []

    def watched(weights: np.ndarray) -> np.ndarray:
        seen.append(weights)
        return weights.sum(axis=0)

    interval(watched, drives, resamples=500)
    drawn = np.concatenate(seen[1:], axis=1)
    for drive in (3, 5, 7):
        assert (np.ptp(drawn[drives == drive], axis=0) == 0).all()
    firsts = drawn[[0, 4, 6]]
    assert (firsts.sum(axis=0) == 3).all()  # as many drives as there are
    assert firsts.mean(axis=1) == pytest.approx([1, 1, 1], abs=0.15)


@pytest.mark.parametrize("groups", [np.zeros(5, dtype=np.int64), np.arange(1)])
def test_one_drive_says_nothing_of_how_much_drives_differ(groups: np.ndarray) -> None:
    found = interval(mean_of(np.arange(len(groups))), groups)
    assert found.value == (len(groups) - 1) / 2
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert plain(found) == {"value": found.value, "low": None, "high": None}


def test_figures_of_nothing_are_undefined_and_silent() -> None:
    nothing = np.array([])
    for statistic in (mean_of, median_of):
        found = interval(statistic(nothing), np.empty(0, dtype=np.int64))
        assert plain(found) == {"value": None, "low": None, "high": None}
        found = interval(statistic(np.full(3, math.nan)), np.arange(3))
        assert plain(found) == {"value": None, "low": None, "high": None}


def test_resamples_without_a_covered_photo_are_left_out() -> None:
    covered = np.array([0.2, math.nan, math.nan])
    found = interval(mean_of(covered), np.arange(3))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.2, 0.2))


def test_the_level_and_the_resamples_are_asked_for() -> None:
    drives, right = simulated(np.random.default_rng(1))
    wide, narrow = (interval(mean_of(right), drives, level=level) for level in (0.95, 0.5))
    assert wide.low < narrow.low < wide.value < narrow.high < wide.high
    for options in ({"resamples": 0}, {"level": 1.0}, {"level": 0.0}):
        with pytest.raises(ValueError, match="resamples must be 1 or more"):
            Bootstrap(drives, **options)


def test_paired_differences_see_what_unpaired_ones_miss() -> None:
    rng = np.random.default_rng(5)
    drives, _ = simulated(rng)
    hard = rng.random(len(drives)) + rng.random(60)[drives]
    first, second = hard, hard + 0.02 + 0.01 * rng.normal(size=len(hard))
    paired = interval(difference_of(mean_of(second), mean_of(first)), drives)
    assert paired.value == pytest.approx(second.mean() - first.mean())
    assert 0.015 < paired.low < paired.high < 0.025
    alone = interval(mean_of(first), drives)
    assert alone.high - alone.low > 20 * (paired.high - paired.low)
    medians = interval(difference_of(median_of(second), median_of(first)), drives)
    assert medians.value == pytest.approx(np.median(second) - np.median(first))
    assert medians.low <= medians.value <= medians.high


def test_no_difference_between_a_model_and_itself() -> None:
    drives, right = simulated(np.random.default_rng(5))
    found = interval(difference_of(mean_of(right), mean_of(right)), drives)
    assert found == Interval(0.0, 0.0, 0.0)


def test_photos_share_a_group_with_their_sequence() -> None:
    names = pl.DataFrame({"sequence": ["b", "a", None, "b", None, "a", "c"]})
    assert sequence_groups(names).tolist() == [0, 1, 2, 0, 4, 1, 6]
    many = np.random.default_rng(0).integers(0, 50, 400)
    groups = sequence_groups(pl.DataFrame({"sequence": many.astype(str)}))
    np.testing.assert_array_equal(groups[:, None] == groups[None], many[:, None] == many[None])


def test_without_sequences_each_photo_is_a_group() -> None:
    assert sequence_groups(pl.DataFrame({"photo": ["x", "y"]})).tolist() == [0, 1]
    unknown = pl.DataFrame({"sequence": pl.Series([None, None], dtype=pl.String)})
    assert sequence_groups(unknown).tolist() == [0, 1]
