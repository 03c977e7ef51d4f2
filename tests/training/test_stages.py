"""Frozen parts do not change at all, and weight decay applies to the right parameters."""

import itertools
from collections.abc import Callable

import pytest
import torch
from torch import nn

from geoguess_cli.config import PAPER_STAGES, StageConfig
from geoguess_cli.errors import ConfigError
from geoguess_cli.model.geolocator import Geolocator
from geoguess_cli.model.layers import layer_numbers
from geoguess_cli.training.stages import (
    CosineSchedule,
    cosine_share,
    parameter_groups,
    plan,
    set_stage,
)


def _step(geolocator: Geolocator) -> set[str]:
    """The parts that one step of learning, weight decay included, changes."""
    before = {name: value.clone() for name, value in geolocator.state_dict().items()}
    optimizer = torch.optim.AdamW(
        parameter_groups(geolocator, weight_decay=0.5, learning_rate=1e-2)
    )
    photos = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    nn.functional.cross_entropy(geolocator(photos), torch.arange(4)).backward()
    optimizer.step()
    after = geolocator.state_dict()
    return {name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])}


@pytest.mark.parametrize(
    ("freeze", "learning"),
    [
        (("backbone", "vit"), {"projection", "head"}),
        (("backbone",), {"projection", "vit", "head"}),
        ((), {"backbone", "projection", "vit", "head"}),
        (("head", "vit", "projection"), {"backbone"}),
    ],
)
def test_only_the_stage_s_parts_change(
    freeze: tuple[str, ...], learning: set[str], build: Callable[..., Geolocator]
) -> None:
    geolocator = build()
    set_stage(geolocator, StageConfig("all", 1))  # whatever the stage before was
    set_stage(geolocator, StageConfig("one", 1, freeze=freeze))
    assert _step(geolocator) == learning


def test_a_frozen_part_stands_in_evaluation_mode(build: Callable[..., Geolocator]) -> None:
    geolocator = build().eval()
    set_stage(geolocator, StageConfig("heads", 1, freeze=("backbone", "head")))
    frozen = [*geolocator.backbone.modules(), *geolocator.head.modules()]
    assert not any(module.training for module in frozen)
    assert all(module.training for module in geolocator.vit.modules())
    set_stage(geolocator, StageConfig("all", 1))
    assert all(module.training for module in geolocator.modules())


def test_only_matrices_and_kernels_decay(build: Callable[..., Geolocator]) -> None:
    geolocator = build(vit="test_vit3")  # with layer scale
    groups = parameter_groups(geolocator, weight_decay=0.1, learning_rate=1e-2)
    assert [group["weight_decay"] for group in groups] == [0.1, 0.0]
    decaying, resting = ({id(p) for p in group["params"]} for group in groups)
    kinds: dict[int, bool] = {}
    for module in geolocator.modules():
        for name, parameter in module.named_parameters(recurse=False):
            kinds[id(parameter)] = isinstance(module, nn.Linear | nn.Conv2d) and name == "weight"
    assert decaying == {key for key, matrix in kinds.items() if matrix}
    assert resting == {key for key, matrix in kinds.items() if not matrix}
    assert id(geolocator.vit.position) in resting


def test_layers_near_the_photo_learn_more_slowly(build: Callable[..., Geolocator]) -> None:
    geolocator = build()
    set_stage(geolocator, StageConfig("all", 1))
    same = parameter_groups(geolocator, weight_decay=0.1, learning_rate=1e-2)
    assert [group["lr"] for group in same] == [1e-2, 1e-2]
    groups = parameter_groups(geolocator, weight_decay=0.1, learning_rate=1e-2, layer_decay=0.5)
    names = {id(parameter): name for name, parameter in geolocator.named_parameters()}
    numbers = layer_numbers(geolocator)
    last = max(numbers.values())
    given = [
        (names[id(parameter)], group["lr"], group["weight_decay"])
        for group in groups
        for parameter in group["params"]
    ]
    assert sorted(name for name, _, _ in given) == sorted(names.values())
    for name, rate, _ in given:
        assert rate == pytest.approx(1e-2 * 0.5 ** (last - numbers[name]))
    decays = {name for name, _, decay in given if decay}
    assert decays == {names[id(parameter)] for parameter in same[0]["params"]}


def test_frozen_parameters_are_not_given_to_the_optimiser(
    build: Callable[..., Geolocator],
) -> None:
    geolocator = build()
    set_stage(geolocator, StageConfig("heads", 1, freeze=("backbone", "vit")))
    given = {
        id(p)
        for g in parameter_groups(geolocator, weight_decay=0.1, learning_rate=1e-2)
        for p in g["params"]
    }
    assert given == {
        id(p) for part in (geolocator.projection, geolocator.head) for p in part.parameters()
    }


def test_the_paper_s_recipe() -> None:
    stages = plan(PAPER_STAGES)
    assert [(s.number, s.first, s.end) for s in stages] == [(1, 0, 3), (2, 3, 20), (3, 20, 23)]
    assert plan(PAPER_STAGES, 2) == [stages[1]]
    with pytest.raises(ConfigError, match=r"no stage 4; train.stages has 1 \(heads\), 2"):
        plan(PAPER_STAGES, 4)


def test_the_rate_rises_and_falls_in_a_cosine() -> None:
    shares = [cosine_share(epoch, epochs=6, warmup=2) for epoch in range(7)]
    assert shares[:3] == pytest.approx([1 / 3, 2 / 3, 1.0])
    assert shares[4] == pytest.approx(0.5)  # half of the way down
    assert shares[6] == pytest.approx(0.0)
    assert all(a > b for a, b in itertools.pairwise(shares[2:]))


def test_a_cosine_goes_on_where_it_was() -> None:
    def start() -> tuple[torch.optim.Optimizer, CosineSchedule]:
        groups = [{"params": [nn.Parameter(torch.ones(1))], "lr": lr} for lr in (0.1, 0.2)]
        optimizer = torch.optim.AdamW(groups)
        return optimizer, CosineSchedule(optimizer, epochs=5, warmup=1)

    optimizer, schedule = start()
    rates = []
    for _ in range(5):
        rates.append([group["lr"] for group in optimizer.param_groups])
        schedule.step(1.0)
        if len(rates) == 3:
            kept = (optimizer.state_dict(), schedule.state_dict())
            optimizer, schedule = start()
            optimizer.load_state_dict(kept[0])
            schedule.load_state_dict(kept[1])
    shares = [cosine_share(epoch, epochs=5, warmup=1) for epoch in range(5)]
    assert rates == [[0.1 * share, 0.2 * share] for share in shares]
