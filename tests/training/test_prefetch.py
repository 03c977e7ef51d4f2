"""Batches keep their order, and on a GPU the next one is on its way while one is used."""

import contextlib
from typing import Any

import pytest
import torch

from geoguess_cli.photos.dataset import Batch
from geoguess_cli.training import prefetch


def batches(images: torch.Tensor) -> list[Batch]:
    rows = torch.arange(2)
    return [Batch(images + number, rows, [(7, "gone")]) for number in range(4)]


def test_a_cpu_gets_the_batches_as_they_are() -> None:
    own = batches(torch.zeros(2, 3, 4, 4))
    given = list(prefetch.on_device(iter(own), torch.device("cpu")))
    assert [batch.images.data_ptr() for batch in given] == [b.images.data_ptr() for b in own]
    assert all(one.rows is other.rows for one, other in zip(given, own, strict=True))


@pytest.mark.parametrize("shape", [(2, 3, 4, 4), (2, 5)])
def test_a_gpu_gets_each_batch_before_it_is_needed(
    shape: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    log: list[str] = []

    class Stream:
        def __init__(self, _device: Any = None) -> None:
            pass

        def record_event(self) -> torch.cuda.Event:
            log.append("copied")
            return object.__new__(torch.cuda.Event)  # a machine without a GPU can make no real one

        def wait_event(self, _event: torch.cuda.Event) -> None:
            log.append("waited")

    def record(_images: torch.Tensor, stream: Stream) -> None:
        assert stream is computing

    computing = Stream()
    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda _stream: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "current_stream", lambda _device: computing)
    monkeypatch.setattr(torch.Tensor, "record_stream", record)
    monkeypatch.setattr(prefetch, "sent", lambda tensor, _device: tensor)
    own = batches(torch.rand(shape))
    given = []
    for batch in prefetch.on_device(iter(own), torch.device("cuda")):
        log.append("used")
        given.append(batch)
    first, between, last = ["copied"], ["copied", "waited", "used"] * 3, ["waited", "used"]
    assert log == first + between + last
    for one, other in zip(given, own, strict=True):
        assert torch.equal(one.images, other.images)
        assert one.failures == other.failures
        if one.images.ndim == 4:
            assert one.images.is_contiguous(memory_format=torch.channels_last)
