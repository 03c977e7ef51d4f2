"""Probabilities for windows: those of the predictor, for every setting of an occlusion map."""

import numpy as np
import pytest
import torch
from encoder_worlds import ATTENDING, PAPER, POOLED, SAMPLE, encoder

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.errors import ModelError
from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.inference.windows import WindowPredictor
from geoguess_cli.model.checkpoint import TrainedModel
from geoguess_cli.model.decision import Decision
from geoguess_cli.model.geolocator import image_spec
from geoguess_cli.occlusion.baselines import baseline_images
from geoguess_cli.occlusion.occlusion_map import occlusion_map


def predictor_of(
    config: ModelConfig, partition: Partition, *, size: int, precision: str = "fp32"
) -> Predictor:
    geolocator = encoder(config, size=size, cells=len(partition))
    with torch.no_grad():  # logits about as far apart as a trained network's
        geolocator.head.linear.weight /= geolocator(torch.randn(4, 3, size, size)).std() / 3
    trained = TrainedModel(
        geolocator=geolocator,
        partition=partition,
        config=config,
        spec=image_spec(config, ImagesConfig(size=size)),
        decision=Decision(temperature=1.7),
    )
    return Predictor(trained, device="cpu", precision=precision)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "size", "window", "stride", "baselines"),
    [
        (PAPER, 160, 48, 37, ["mean"]),
        (SAMPLE, 128, 16, 12, ["blur"]),
        (SAMPLE, 77, 20, 7, ["mean", "blur", "noise"]),
        (POOLED, 65, 11, 11, ["noise"]),
        (ATTENDING, 64, 20, 12, ["mean"]),
    ],
)
def test_maps_are_those_of_whole_passes(
    partition: Partition,
    config: ModelConfig,
    size: int,
    window: int,
    stride: int,
    baselines: list[str],
) -> None:
    predictor = predictor_of(config, partition, size=size)
    image = np.random.default_rng(size).standard_normal((3, size, size)).astype(np.float32)
    covers = baseline_images(baselines, image, window=window)
    settings = {"window": window, "stride": stride, "batch_size": 9, "baselines": covers}
    plain = occlusion_map(predictor.probabilities, image, 1, **settings)
    faster = occlusion_map(predictor.for_windows, image, 1, **settings)
    assert np.abs(plain.drop).max() > 1e-4  # the maps that are compared are not empty
    np.testing.assert_allclose(faster.drop, plain.drop, rtol=0, atol=1e-5)
    np.testing.assert_allclose(faster.window_drops, plain.window_drops, rtol=0, atol=1e-5)
    assert faster.value == pytest.approx(plain.value, abs=1e-5)


def test_the_predictor_stays_as_it_is(partition: Partition) -> None:
    predictor = predictor_of(SAMPLE, partition, size=64, precision="bf16")
    images = np.random.default_rng(0).standard_normal((2, 3, 64, 64)).astype(np.float32)
    identity, logits = predictor.identity(), predictor.logits(images)
    found = predictor.for_windows(images)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    assert predictor.for_windows is predictor.for_windows
    assert predictor.identity() == identity
    np.testing.assert_array_equal(predictor.logits(images), logits)


def test_logits_that_are_not_finite_are_refused(partition: Partition) -> None:
    predictor = predictor_of(SAMPLE, partition, size=64)
    windows: WindowPredictor = predictor.for_windows
    image = np.full((3, 64, 64), np.inf, dtype=np.float32)
    with pytest.raises(ModelError, match="not finite"):
        windows(image[None])
    with pytest.raises(ModelError, match="not finite"):
        windows.keeping(image, window=8)(image[None], np.zeros((1, 2), dtype=np.int64))
