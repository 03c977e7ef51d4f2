"""Photos in batches of arrays without torch, decoded by threads while the model computes.

Pillow leaves other threads to work while it decodes and scales a picture.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import PhotoFile
from geoguess_cli.photos.workers import PREFETCH, automatic_workers

Read = Callable[[PhotoFile], Float32[np.ndarray, "3 s s"]]
"""A photo as the model sees it; PhotoError if it cannot be decoded."""

_FEW = 2
"""A thread costs nothing to start, so that two photos are enough for several."""


@dataclass(frozen=True, eq=False)
class ArrayBatch:
    """A batch of photos.

    Attributes:
        images: The decoded photos, normalised; can be empty.
        rows: Position of each image in the list of photos.
        failures: Position and reason of each photo that cannot be decoded.
    """

    images: Float32[np.ndarray, "b 3 s s"]
    rows: Int[np.ndarray, " b"]
    failures: list[tuple[int, str]]


def batches_ahead(
    files: Sequence[PhotoFile], read: Read, *, batch_size: int, workers: int = -1
) -> Iterator[ArrayBatch]:
    """The photos in batches, in the order given.

    Args:
        files: The photos.
        read: Reads a photo; with workers, several threads call it at once.
        batch_size: Photos in a batch, including those that fail; 1 or more.
        workers: Threads that decode; 0 decodes in this thread, -1 takes one for each core.

    Raises:
        ValueError: `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; it must be 1 or more")
    threads = automatic_workers(len(files), few=_FEW) if workers < 0 else workers
    decoded = _decoded(files, read, threads, ahead=PREFETCH * batch_size)
    for start in range(0, len(files), batch_size):
        items = [(row, next(decoded)) for row in range(start, min(start + batch_size, len(files)))]
        images = {row: item for row, item in items if isinstance(item, np.ndarray)}
        yield ArrayBatch(
            np.stack(list(images.values())) if images else np.empty((0, 3, 0, 0), np.float32),
            np.array(list(images), dtype=np.int64),
            [(row, item) for row, item in items if isinstance(item, str)],
        )


def _decoded(
    files: Sequence[PhotoFile], read: Read, threads: int, *, ahead: int
) -> Iterator[np.ndarray | str]:
    """Each photo in order, or the reason why it cannot be decoded; others are decoded meanwhile."""
    if not threads:
        for file in files:
            yield _image_or_reason(read, file)
        return
    waiting: deque[Future[np.ndarray | str]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="geoguess-decode")
    try:
        for file in files:
            waiting.append(pool.submit(_image_or_reason, read, file))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _image_or_reason(read: Read, file: PhotoFile) -> np.ndarray | str:
    try:
        return read(file)
    except PhotoError as error:
        return str(error)
