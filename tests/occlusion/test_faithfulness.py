"""Deletion and insertion curves: areas known by hand, and the honesty of the verdict."""

import numpy as np
import pytest

from geoguess_cli.errors import ConfigError
from geoguess_cli.occlusion.faithfulness import (
    Curves,
    Faithfulness,
    curve_passes,
    deletion_and_insertion,
    faithfulness,
    moved,
    ranks,
)
from geoguess_cli.occlusion.grid import spread, window_means
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_map
from geoguess_cli.occlusion.targets import Target, cell_target


def uniform(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random(shape).astype(np.float32)


def reader_of(region: tuple[slice, slice]):  # type: ignore[no-untyped-def]
    """A model of two cells whose second has the mean brightness of a region as probability."""

    def predict(images: np.ndarray) -> np.ndarray:
        second = images[(..., *region)].mean(axis=(1, 2, 3))
        return np.stack([1 - second, second], axis=1)

    return predict


CORNER = (slice(0, 8), slice(0, 8))


def a_map(drop: np.ndarray, *, window: int = 8, target: Target | None = None) -> OcclusionMap:
    return OcclusionMap(
        drop=drop.astype(np.float32),
        window_drops=drop[::window, ::window].astype(np.float32),
        target=target or cell_target(1),
        value=1.0,
        window=window,
        stride=window,
        baselines=("mean",),
        done=drop.size,
        total=drop.size,
    )


def test_the_areas_of_a_model_that_reads_one_window_are_known() -> None:
    """A 16th of the photo counts: taken first it is gone after the first of 16 steps."""
    image, veiled = np.ones((3, 32, 32), np.float32), np.zeros((3, 32, 32), np.float32)
    drop = np.zeros((32, 32))
    drop[CORNER] = 1.0
    first, last = ranks(drop), ranks(-drop)
    curves = deletion_and_insertion(
        reader_of(CORNER), image, [first, last], cell_target(1), veiled, steps=16, batch_size=7
    )
    assert curves[0].deletion.tolist() == [1.0] + [0.0] * 16
    assert curves[0].insertion.tolist() == [0.0] + [1.0] * 16
    assert curves[0].deletion_area == pytest.approx(1 / 32)
    assert curves[0].insertion_area == pytest.approx(31 / 32)
    # Taken last it is there until the last step.
    assert curves[1].deletion.tolist() == [1.0] * 16 + [0.0]
    assert curves[1].deletion_area == pytest.approx(31 / 32)
    assert curves[1].insertion_area == pytest.approx(1 / 32)


def test_curves_count_pixels_exactly() -> None:
    """A model of all pixels falls by the share that is gone, also where steps do not divide it."""
    image, veiled = np.ones((3, 7, 9), np.float32), np.zeros((3, 7, 9), np.float32)
    whole = (slice(None), slice(None))
    order = ranks(np.random.default_rng(0).normal(size=(7, 9)))
    (curves,) = deletion_and_insertion(
        reader_of(whole), image, [order], cell_target(1), veiled, steps=5
    )
    gone = np.array([0, 13, 25, 38, 50, 63]) / 63
    assert curves.insertion == pytest.approx(gone, abs=1e-6)
    assert curves.deletion == pytest.approx(1 - gone, abs=1e-6)


def linear_model(seed: int, side: int = 24):  # type: ignore[no-untyped-def]
    """A model whose second cell is a weighted sum of blocks of the photo, and these weights."""
    rng = np.random.default_rng(seed)
    blocks = rng.exponential(size=(side // 4, side // 4))
    weight = np.kron(blocks / blocks.sum(), np.ones((4, 4))) / 16

    def predict(images: np.ndarray) -> np.ndarray:
        second = (images.mean(axis=1) * weight).sum(axis=(1, 2))
        return np.stack([1 - second, second], axis=1)

    return predict, weight


@pytest.mark.parametrize("seed", range(5))
def test_the_true_order_dominates_every_other(seed: int) -> None:
    predict, weight = linear_model(seed)
    image, veiled = np.ones((3, 24, 24), np.float32), np.zeros((3, 24, 24), np.float32)
    rng = np.random.default_rng(seed)
    others = [ranks(rng.normal(size=(24, 24))), ranks(-weight), moved(ranks(weight), rng)]
    best, *rest = deletion_and_insertion(
        predict, image, [ranks(weight), *others], cell_target(1), veiled, steps=12
    )
    for other in rest:
        assert (best.deletion <= other.deletion + 1e-6).all()
        assert (best.insertion >= other.insertion - 1e-6).all()
        assert best.deletion_area < other.deletion_area
        assert best.insertion_area > other.insertion_area


def test_a_map_that_is_right_is_better_than_random() -> None:
    image = uniform(3, 32, 32) + 0.5
    image[(..., *CORNER)] = 1.0
    predict = reader_of(CORNER)
    found = faithfulness(predict, image, occlusion_map(predict, image, 1, window=8, stride=2))
    assert found.better_than_random
    assert found.own.deletion_area < min(one.deletion_area for one in found.random)
    assert found.score(found.own) > found.score(found.edges)
    assert len(found.random) == 19
    assert found.shares.tolist() == [step / 16 for step in range(17)]


def test_a_map_that_is_wrong_is_not() -> None:
    image = np.ones((3, 32, 32), np.float32) + 0.1 * uniform(3, 32, 32)
    predict, wrong = reader_of(CORNER), np.zeros((32, 32))
    wrong[24:, 24:] = 1.0
    wrong[CORNER] = -1.0
    found = faithfulness(predict, image, a_map(wrong))
    assert not found.better_than_random
    assert found.score(found.own) < found.random_scores.mean()


def test_a_flat_map_has_no_order_to_be_judged_by() -> None:
    found = faithfulness(
        reader_of(CORNER), np.ones((3, 16, 16), np.float32), a_map(np.zeros((16, 16)))
    )
    assert found.flat
    assert found.beaten == 0
    assert not found.better_than_random


def test_a_random_map_is_called_better_as_often_as_chance_has_it() -> None:
    """Once in twenty; of 200 maps at most 18 (the 98th percentile of the binomial is 17)."""
    image, called, scores = np.ones((3, 24, 24), np.float32), 0, []
    for seed in range(200):
        predict, _ = linear_model(seed)
        windows = np.random.default_rng(1000 + seed).normal(size=(6, 6))
        drop = np.kron(windows, np.ones((4, 4)))
        found = faithfulness(
            predict, image, a_map(drop, window=4), steps=9, seed=seed, batch_size=512
        )
        called += found.better_than_random
        scores.append(found.score(found.own) - found.random_scores.mean())
    assert 2 <= called <= 18
    assert abs(np.mean(scores)) < 3 * np.std(scores) / np.sqrt(200)


def test_kilometres_are_turned() -> None:
    """The expected distance rises as evidence for the answer is covered; the score is positive."""
    image = np.ones((3, 32, 32), np.float32)
    image[:, 8:, 8:] = 0.3
    km = Target(np.arange(2), np.array([1000.0, 0.0]), "km", "a distance")
    predict = reader_of(CORNER)
    found = occlusion_map(predict, image, km, window=8, stride=2)
    judged = faithfulness(predict, image, found)
    assert judged.own.deletion[0] == pytest.approx(0)
    assert judged.own.deletion[-1] == pytest.approx(1000)
    assert judged.own.deletion_area > judged.own.insertion_area
    assert judged.score(judged.own) > 0
    assert judged.better_than_random


def test_it_takes_as_many_images_as_it_says() -> None:
    seen: list[int] = []

    def predict(images: np.ndarray) -> np.ndarray:
        seen.append(len(images))
        return np.full((len(images), 2), 0.5)

    progress: list[tuple[int, int]] = []
    faithfulness(
        predict,
        uniform(3, 16, 16),
        a_map(np.eye(16)),
        steps=5,
        random_orders=3,
        batch_size=11,
        on_batch=lambda done, total: progress.append((done, total)),
    )
    assert sum(seen) == curve_passes(5, 3) == 3 + 2 * 4 * 5
    assert progress[-1] == (43, 43)
    assert [done for done, _ in progress] == [14, 25, 36, 43]


def test_the_same_seed_gives_the_same_rivals() -> None:
    image, predict = uniform(3, 16, 16), reader_of(CORNER)
    made = occlusion_map(predict, image, 1, window=4, stride=2)
    scores = [faithfulness(predict, image, made, seed=s).random_scores.tolist() for s in (3, 3, 4)]
    assert scores[0] == scores[1] != scores[2]


def test_the_edges_are_where_the_photo_changes() -> None:
    """A reader of the one edge of a photo: the order of edges finds it as well as the map."""
    image = np.zeros((3, 32, 32), np.float32)
    image[:, 8:16, 8:16] = 1.0
    edge = (slice(8, 16), slice(8, 16))
    predict = reader_of(edge)
    judged = faithfulness(predict, image, occlusion_map(predict, image, 1, window=8, stride=8))
    assert judged.score(judged.edges) > np.quantile(judged.random_scores, 0.7)


def test_moving_keeps_every_rank_once() -> None:
    rng = np.random.default_rng(0)
    order = ranks(rng.normal(size=(9, 13)))
    seen = {moved(order, rng).tobytes() for _ in range(40)}
    assert len(seen) > 30
    assert sorted(moved(order, rng).ravel().tolist()) == list(range(9 * 13))


def test_moving_keeps_to_the_grid() -> None:
    order = ranks(np.kron(np.arange(12.0).reshape(3, 4), np.ones((4, 4))))
    rng = np.random.default_rng(1)
    for _ in range(20):
        blocks = moved(order, rng, stride=4).reshape(3, 4, 4, 4).swapaxes(1, 2).reshape(12, 16)
        assert {(block.max() // 16) for block in blocks} == set(range(12))
        assert (np.ptp(blocks, axis=1) == 15).all()


def test_window_means_are_what_windows_cover() -> None:
    values = np.random.default_rng(0).normal(size=(10, 13))
    means = window_means(values, window=4, stride=3)
    for i, top in enumerate(range(0, 7, 3)):
        for j, left in enumerate(range(0, 10, 3)):
            expected = values[top : top + 4, left : left + 4].mean()
            assert means[i, j] == pytest.approx(expected)
    assert (
        spread(np.ones_like(means), 10, 13, window=4, stride=3).tolist()
        == np.ones((10, 13)).tolist()
    )


@pytest.mark.parametrize("wrong", [{"steps": 1}, {"random_orders": 0}, {"batch_size": 0}])
def test_too_few_of_anything(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="at least"):
        faithfulness(
            reader_of(CORNER), np.ones((3, 16, 16), np.float32), a_map(np.eye(16)), **wrong
        )


def test_scores_are_the_difference_of_the_areas() -> None:
    steep, slow = np.array([1.0, 0.0, 0.0]), np.array([1.0, 1.0, 0.0])
    own, other = Curves(steep, slow[::-1].copy()), Curves(slow, slow[::-1].copy())
    best = Curves(steep, np.array([1.0, 1.0, 1.0]))
    judged = Faithfulness(own, other, (other, other), cell_target(0), flat=False)
    assert judged.score(own) == pytest.approx(0.75 - 0.25)
    assert judged.random_scores.tolist() == [0.0, 0.0]
    assert judged.better_than_random
    beaten_once = Faithfulness(own, other, (other, best, own), cell_target(0), flat=False)
    assert beaten_once.beaten == 1  # an equal is not beaten
    assert not beaten_once.better_than_random
