"""What chance a step has: its own, the same again, and none left for the caller."""

import torch

from geoguess_cli.training.randomness import seeded


def test_each_process_has_its_own_randomness_and_the_first_that_of_one_alone() -> None:
    def draw(*rank: int) -> float:
        with seeded(5, 1, 2, torch.device("cpu"), *rank):
            return torch.rand(()).item()

    assert draw() == draw(0)
    assert len({draw(0), draw(1), draw(2)}) == 3


def test_a_step_has_the_same_chance_again_and_the_caller_keeps_its_own() -> None:
    torch.manual_seed(9)
    expected = torch.rand(3)
    torch.manual_seed(9)
    draws = []
    for epoch, step in ((1, 2), (1, 2), (1, 3), (2, 2)):
        with seeded(5, epoch, step, torch.device("cpu")):
            draws.append(torch.rand(()).item())
    assert torch.equal(torch.rand(3), expected)
    assert draws[0] == draws[1]
    assert len(set(draws)) == 3
