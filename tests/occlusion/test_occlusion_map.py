"""Occlusion maps: known answers, and Captum's as the reference."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from captum.attr import Occlusion
from torch import nn

from geoguess_cli.errors import CellError, ConfigError, ModelError
from geoguess_cli.occlusion.baselines import baseline_images
from geoguess_cli.occlusion.occlusion_map import (
    Predict,
    occlusion_map,
    occlusion_maps,
)
from geoguess_cli.occlusion.targets import Target, cell_target

BLACK = np.zeros((3, 16, 16), np.float32)


def in_two_cells(probability: np.ndarray) -> np.ndarray:
    """The (b, 2) probabilities of a model of two cells, given those of the second."""
    return np.stack([1 - probability, probability], axis=1)


def on_arrays(model: nn.Module) -> Predict:
    """A network as occlusion maps call it: from arrays to arrays."""

    @torch.inference_mode()
    def predict(images: np.ndarray) -> np.ndarray:
        return model(torch.from_numpy(images)).numpy()

    return predict


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def random_classifier(seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1),
        nn.GELU(),
        nn.Conv2d(6, 8, 3, stride=2, padding=1),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(72, 5),
        nn.Softmax(dim=1),
    ).eval()


@torch.inference_mode()
def captum_drop(
    model: nn.Module,
    image: np.ndarray,
    cell_index: int | None,
    window: int,
    stride: int,
    baseline: float | torch.Tensor = 0.0,
) -> np.ndarray:
    """Captum's map of a column of the answer; of the whole answer where there is but a number."""
    attribution = Occlusion(model).attribute(
        torch.from_numpy(image)[None],
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
        baselines=baseline,
        target=cell_index,
    )
    return attribution[0, 0].numpy()


@pytest.mark.parametrize(
    ("height", "width", "window", "stride"),
    [
        (32, 32, 8, 4),  # the last window ends at the edge
        (32, 32, 8, 8),  # windows side by side
        (30, 30, 8, 8),  # the last window is cut
        (33, 33, 10, 7),  # neither divides anything
        (24, 40, 9, 5),  # not square
        (40, 23, 16, 3),
        (20, 20, 20, 20),  # one window, the whole image
        (20, 31, 20, 6),  # the window is as high as the image
        (12, 12, 1, 1),  # a window a pixel
    ],
)
def test_equals_captum(height: int, width: int, window: int, stride: int) -> None:
    model = random_classifier(height * width)
    image = noise(3, height, width)
    found = occlusion_map(on_arrays(model), image, 2, window=window, stride=stride, batch_size=7)
    expected = captum_drop(model, image, 2, window, stride)
    assert found.drop.shape == (height, width)
    assert np.abs(expected).max() > 1e-4  # the maps that are compared are not empty
    np.testing.assert_allclose(found.drop, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("shape", [(3, 1, 1), (3, 21, 18), ()])
def test_equals_captum_for_another_baseline(shape: tuple[int, ...]) -> None:
    model, image = random_classifier(1), noise(3, 21, 18)
    baseline = noise(*shape, seed=2) if shape else 0.7
    reference = torch.from_numpy(baseline)[None] if isinstance(baseline, np.ndarray) else baseline
    found = occlusion_map(
        on_arrays(model), image, 4, window=6, stride=4, baselines={"own": baseline}
    )
    expected = captum_drop(model, image, 4, 6, 4, reference)
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(found.drop, expected, rtol=0, atol=1e-6)


def test_a_model_that_reads_the_top_left_window_lights_only_that_window() -> None:
    def predict(images: np.ndarray) -> np.ndarray:
        return in_two_cells(images[:, :, :8, :8].mean(axis=(1, 2, 3)))

    found = occlusion_map(predict, np.ones((3, 32, 24), np.float32), 1, window=8, stride=8)
    expected = np.zeros((32, 24), dtype=np.float32)
    expected[:8, :8] = 1.0
    np.testing.assert_array_equal(found.drop, expected)
    assert found.window_drops.shape == (4, 3)
    assert np.flatnonzero(found.window_drops).tolist() == [0]
    assert found.value == 1.0


def test_evidence_against_the_cell_is_negative() -> None:
    def predict(images: np.ndarray) -> np.ndarray:
        return in_two_cells(images[:, 0, :4, :4].mean(axis=(1, 2)))

    image = np.ones((3, 8, 8), np.float32)
    for_it = occlusion_map(predict, image, 1, window=4, stride=4)
    against = occlusion_map(predict, image, 0, window=4, stride=4)
    np.testing.assert_array_equal(against.drop, -for_it.drop)
    assert against.drop[0, 0] == -1.0


def test_a_linear_model_has_a_closed_form() -> None:
    """Covering a window of a linear model takes away the sum of weight × (image - baseline)."""
    height, width, window, stride, baseline = 11, 14, 4, 3, 0.25
    rng = np.random.default_rng(5)
    weight = rng.random((3, height, width)) / 1000
    image = rng.standard_normal((3, height, width))

    def predict(images: np.ndarray) -> np.ndarray:
        return in_two_cells((images * weight).sum(axis=(1, 2, 3)))

    covers = {"quarter": baseline}
    found = occlusion_map(predict, image, 1, window=window, stride=stride, baselines=covers)

    lost = (weight * (image - baseline)).sum(axis=0)
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for i, top in enumerate(range(0, 10, 3)):  # 0, 3, 6, 9: the last is cut to 2 rows
        for j, left in enumerate(range(0, 13, 3)):  # 0 … 12: the last is cut to 2 columns
            region = np.s_[top : top + window, left : left + window]
            assert found.window_drops[i, j] == pytest.approx(lost[region].sum(), abs=1e-7)
            total[region] += lost[region].sum()
            count[region] += 1
    assert found.window_drops.shape == (4, 5)
    np.testing.assert_allclose(found.drop, total / count, rtol=0, atol=1e-7)


def test_a_region_equals_captum_s_map_of_the_sum() -> None:
    model, image = random_classifier(9), noise(3, 22, 27)
    region = Target(np.array([0, 3, 4]), np.ones(3), "probability", "a region")
    found = occlusion_map(on_arrays(model), image, region, window=7, stride=3)
    value = float(on_arrays(model)(image[None])[0, [0, 3, 4]].sum())
    expected = captum_drop(lambda images: model(images)[:, [0, 3, 4]].sum(1), image, None, 7, 3)
    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(found.drop, expected, rtol=0, atol=1e-6)
    assert found.value == pytest.approx(value, abs=1e-6)


def test_a_distance_equals_captum_s_map_of_its_negative() -> None:
    model, image = random_classifier(2), noise(3, 18, 18)
    km = torch.tensor([0.0, 10.0, 200.0, 3000.0, 500.0])
    distance = Target(np.arange(5), km.double().numpy(), "km", "a distance")
    found = occlusion_map(on_arrays(model), image, distance, window=5, stride=4)
    expected = captum_drop(lambda images: -(model(images) @ km), image, None, 5, 4)
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(found.drop, expected, rtol=0, atol=2e-3)


def test_log_odds_equal_captum_s_map_of_the_logit() -> None:
    model, image = random_classifier(4), noise(3, 18, 20)
    target = cell_target(1, measure="log-odds")
    found = occlusion_map(on_arrays(model), image, target, window=5, stride=5)
    expected = captum_drop(lambda images: model(images).logit()[:, 1], image, None, 5, 5)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found.drop, expected, rtol=0, atol=1e-5)
    assert found.value == pytest.approx(float(on_arrays(model)(image[None])[0, 1]), abs=1e-6)


def test_several_baselines_give_the_mean_of_their_maps() -> None:
    model, image = random_classifier(6), noise(3, 24, 20)
    options = {"window": 8, "stride": 3, "batch_size": 5}
    covers = baseline_images(["mean", "blur", "noise"], image, window=8)
    together = occlusion_map(on_arrays(model), image, 1, baselines=covers, **options)
    alone = [
        occlusion_map(on_arrays(model), image, 1, baselines={name: cover}, **options)
        for name, cover in covers.items()
    ]
    assert together.baselines == ("mean", "blur", "noise")
    assert together.total == 3 * alone[0].total
    assert np.abs(alone[0].drop - alone[1].drop).max() > 1e-4
    for name in ("drop", "window_drops"):
        mean = np.mean([getattr(one, name) for one in alone], axis=0)
        np.testing.assert_allclose(getattr(together, name), mean, rtol=0, atol=1e-6)


def test_the_map_fills_in_coarse_first() -> None:
    model, image = random_classifier(8), noise(3, 40, 40)
    made = list(occlusion_maps(on_arrays(model), image, 3, window=8, stride=2, batch_size=10))
    whole = occlusion_map(on_arrays(model), image, 3, window=8, stride=2)
    assert [one.done for one in made[:2]] == [9, 19]  # the photo itself is in the first batch
    assert made[-1].done == made[-1].total == 17 * 17
    np.testing.assert_allclose(made[-1].drop, whole.drop, rtol=0, atol=1e-6)
    first = made[0]
    seen = ~np.isnan(first.window_drops)
    assert np.argwhere(seen).tolist() == [[i, j] for i in (0, 8, 16) for j in (0, 8, 16)]
    covered = ~np.isnan(first.drop)
    assert covered.any()
    assert not covered.all()
    np.testing.assert_allclose(first.window_drops[seen], whole.window_drops[seen], atol=1e-6)
    known = [int((~np.isnan(one.drop)).sum()) for one in made]
    assert known == sorted(known)
    assert not np.isnan(whole.drop).any()


class Keeping:
    """A model that answers copies of one image; it holds each to the window that it is told."""

    def __init__(self, predict: Predict) -> None:
        self.predict, self.unchanged = predict, 0

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return self.predict(images)

    def keeping(self, image: np.ndarray, *, window: int) -> Callable[..., np.ndarray]:
        def predict(images: np.ndarray, corners: np.ndarray) -> np.ndarray:
            for one, (top, left) in zip(images, corners, strict=True):
                changed = (one != image).any(axis=0)
                self.unchanged += not changed.any()
                changed[top : top + window, left : left + window] = False
                assert not changed.any()
            return self.predict(images)

        return predict


def test_a_model_that_keeps_maps_is_told_where_each_window_lies() -> None:
    model, image = on_arrays(random_classifier(11)), noise(3, 23, 30)
    settings = {"window": 7, "stride": 4, "batch_size": 5}
    keeping = Keeping(model)
    found = occlusion_map(keeping, image, 1, **settings)
    np.testing.assert_array_equal(found.drop, occlusion_map(model, image, 1, **settings).drop)
    assert keeping.unchanged == 1  # the photo itself


def test_the_paper_s_setting_takes_625_windows() -> None:
    seen: list[int] = []

    def predict(images: np.ndarray) -> np.ndarray:
        seen.append(len(images))
        return np.full((len(images), 2), 0.5, dtype=np.float32)

    progress: list[tuple[int, int]] = []
    found = occlusion_map(
        predict,
        np.zeros((3, 224, 224), np.float32),
        0,
        batch_size=200,
        on_batch=lambda done, total: progress.append((done, total)),
    )
    assert seen == [200, 200, 200, 26]  # the photo itself is in the first batch
    assert progress == [(199, 625), (399, 625), (599, 625), (625, 625)]
    assert found.window_drops.shape == (25, 25)
    assert not found.drop.any()


def test_a_model_that_works_in_place_changes_neither_image_nor_map() -> None:
    model = nn.Sequential(nn.ReLU(inplace=True), random_classifier(3))
    image = noise(3, 20, 20)
    before = image.copy()
    found = occlusion_map(on_arrays(model), image, 0, window=6, stride=5, batch_size=64)
    careful = occlusion_map(
        lambda images: on_arrays(model)(images.copy()), image, 0, window=6, stride=5, batch_size=1
    )
    np.testing.assert_array_equal(image, before)
    assert np.abs(careful.drop).max() > 1e-4
    np.testing.assert_allclose(found.drop, careful.drop, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"window": 33, "stride": 8}, r"window is 33.*40×32 pixels.*\[1, 32\]"),
        ({"window": 0, "stride": 1}, "window is 0"),
        ({"window": 8, "stride": 0}, "stride is 0"),
        ({"window": 8, "stride": 9}, r"stride is 9.*\[1, 8\]"),
        ({"window": 8, "stride": 8, "batch_size": 0}, "batch size is 0"),
        ({"window": 8, "baselines": {"odd": np.zeros((2, 1, 1))}}, r"baseline has shape"),
        ({"window": 8, "baselines": {}}, "baselines is empty"),
    ],
)
def test_settings_that_do_not_fit_are_refused(options: dict, words: str) -> None:
    def predict(_images: np.ndarray) -> np.ndarray:
        raise AssertionError("no image may be predicted")

    with pytest.raises(ConfigError, match=words):
        occlusion_map(predict, np.zeros((3, 32, 40), np.float32), 0, **options)


@pytest.mark.parametrize("cell_index", [-1, 5])
def test_a_cell_the_model_lacks_is_refused(cell_index: int) -> None:
    with pytest.raises(CellError, match=r"must lie in \[0, 4\]"):
        occlusion_map(on_arrays(random_classifier(0)), BLACK, cell_index, window=8)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda images: images.mean(axis=(1, 2, 3)), r"shape \(5,\)"),
        (lambda images: np.ones((3, 5)), r"shape \(3, 5\) for 5 images"),  # noqa: ARG005
        (lambda images: np.full((len(images), 5), np.nan), "not finite"),
    ],
)
def test_an_answer_that_is_no_probability_is_refused(answer, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        occlusion_map(answer, BLACK, 0, window=8)
