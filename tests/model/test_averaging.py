"""The average of the weights beside its definition."""

from collections.abc import Callable

import pytest
import torch

from geoguess_cli.model.averaging import AveragedWeights
from geoguess_cli.model.geolocator import Geolocator


def test_the_average_is_that_of_its_definition(build: Callable[..., Geolocator]) -> None:
    geolocator = build()
    average = AveragedWeights(geolocator, 0.6)
    expected = geolocator.head.get_submodule("linear").get_parameter("weight").detach().clone()
    for step in range(1, 8):
        torch.manual_seed(step)
        with torch.no_grad():
            for parameter in geolocator.parameters():
                parameter.add_(torch.randn_like(parameter))
        learned = geolocator.state_dict()["head.linear.weight"]
        kept = min(0.6, 1 - step ** (-2 / 3))
        expected = kept * expected + (1 - kept) * learned
        average.update(geolocator, step)
        found = average.geolocator.state_dict()["head.linear.weight"]
        assert torch.allclose(found, expected, atol=1e-6)
    assert not average.geolocator.training


def test_the_first_step_forgets_the_first_weights(build: Callable[..., Geolocator]) -> None:
    geolocator = build()
    average = AveragedWeights(geolocator, 0.999)
    geolocator.load_state_dict(build(seed=1).state_dict())
    average.update(geolocator, 1)
    learned = geolocator.state_dict()
    for name, value in average.geolocator.state_dict().items():
        assert value.float().numpy() == pytest.approx(learned[name].float().numpy())
