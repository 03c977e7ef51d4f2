"""The batches of a training on their device, where the next one arrives while it computes."""

import dataclasses
from collections.abc import Iterator

import torch

from geoguess_cli.model.device import sent
from geoguess_cli.photos.dataset import Batch


def on_device(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """The batches, their images on a device.

    On a GPU the images of the next batch are copied beside the computation of this one.

    Args:
        batches: With images on the CPU; best in pinned memory for a GPU.
        device: Where the images shall be.
    """
    if device.type == "cuda":
        return _copied_ahead(batches, device)
    return (dataclasses.replace(batch, images=batch.images.to(device)) for batch in batches)


def _copied_ahead(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """The batches, each copied on a stream of its own before the one ahead of it is used."""
    copying = torch.cuda.Stream(device)
    coming: tuple[Batch, torch.cuda.Event] | None = None
    for batch in batches:
        with torch.cuda.stream(copying):
            images = sent(batch.images, device)
            if images.ndim == 4:  # not features
                images = images.contiguous(memory_format=torch.channels_last)
            following = dataclasses.replace(batch, images=images), copying.record_event()
        if coming is not None:
            yield _arrived(*coming, device)
        coming = following
    if coming is not None:
        yield _arrived(*coming, device)


def _arrived(batch: Batch, copied: torch.cuda.Event, device: torch.device) -> Batch:
    """A batch that what is computed from now on may use."""
    computing = torch.cuda.current_stream(device)
    computing.wait_event(copied)
    # Its memory belongs to the other stream, which must not use it again before this one is done.
    batch.images.record_stream(computing)
    return batch
