"""The evidence of several photos: the power of a product of their probabilities."""

import numpy as np
import pytest

from geoguess_cli.inference.evidence import combined
from geoguess_cli.inference.probabilities import softmax


@pytest.mark.parametrize("redundancy", [0.0, 0.4, 1.0])
def test_logits_add_up_to_a_power_of_the_product(redundancy: float) -> None:
    photos = np.random.default_rng(0).normal(0, 2, (3, 5))
    product = softmax(photos).astype(np.float64).prod(axis=0) ** (3**-redundancy)
    found = softmax(combined(photos.sum(axis=0, keepdims=True), np.array([3]), redundancy))
    np.testing.assert_allclose(found[0], product / product.sum(), rtol=1e-5)
