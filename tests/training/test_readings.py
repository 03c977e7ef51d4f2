"""Numbers are read together, each is taken once and in order, and none is forgotten."""

import pytest
import torch

from geoguess_cli.training.readings import READ_EVERY, Readings


@pytest.mark.parametrize("every", [1, 3, 10])
def test_all_numbers_are_taken_in_order(every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    tolist = torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda one: reads.append(1) or tolist(one))
    taken: list[tuple[int, list[float]]] = []
    readings = Readings(every)
    for step in range(7):
        numbers = torch.arange(step % 3 + 1, dtype=torch.float32) + 10 * step
        readings.put(numbers, lambda own, step=step: taken.append((step, own)))
        assert len(taken) == (step + 1) // every * every
    readings.read()
    assert len(reads) == -(-7 // every)
    assert taken == [(step, [10.0 * step + n for n in range(step % 3 + 1)]) for step in range(7)]
    readings.read()
    assert len(taken) == 7


def test_an_error_while_one_is_taken_does_not_bring_it_back() -> None:
    def refuse(_: list[float]) -> None:
        raise ValueError("no")

    readings = Readings(2)
    readings.put(torch.zeros(1), refuse)
    with pytest.raises(ValueError, match="no"):
        readings.put(torch.zeros(1), refuse)
    readings.read()


def test_only_a_device_that_computes_by_itself_is_read_seldom() -> None:
    for device, reads in (("cpu", 2), ("cuda", 0), ("mps", 0)):
        taken: list[list[float]] = []
        readings = Readings.from_device(torch.device(device))
        for _ in range(2):
            readings.put(torch.zeros(1), taken.append)
        assert len(taken) == reads
        for _ in range(READ_EVERY):
            readings.put(torch.zeros(1), taken.append)
        assert len(taken) >= READ_EVERY
