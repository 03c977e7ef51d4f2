"""The machine: cores, memory, shared memory, disk, and whether results can be written."""

import os
import platform
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

from geoguess_cli.config import Config
from geoguess_cli.doctor.findings import Finding
from geoguess_cli.photos.workers import (
    FEW_PHOTOS,
    SHARED_MEMORY,
    automatic_workers,
    usable_cores,
    workers_that_fit,
)
from geoguess_cli.shortage import free_memory
from geoguess_cli.wording import byte_size, counted

LEAST_MEMORY = 2 * 10**9
"""Bytes with which the paper's model answers; its training in batches of 64 needs about 8 GB."""

LEAST_DISK = 2 * 10**9
"""Bytes for a training of the paper's model: its weights four times, and its figures."""

USUAL_SIDE = 224
"""Side of a photo in pixels, for the size of a batch."""

_FLOAT32_BYTES = 4


def examine_system(config: Config, *, shared_memory: Path = SHARED_MEMORY) -> Iterator[Finding]:
    """What the machine gives.

    Args:
        config: Its artifacts folder, batch size and photo size count.
        shared_memory: Where the system shows its shared memory.
    """
    yield Finding("system", "platform", platform.platform())
    cores, all_cores = usable_cores(), os.cpu_count() or 1
    of = f" of {all_cores}" if all_cores > cores else ""
    yield Finding("system", "cores", f"{cores}{of}")
    yield _memory(free_memory())
    yield _shared_memory(config, shared_memory)
    yield from _disk(config.artifacts)


def _memory(free: int | None) -> Finding:
    if free is None:
        return Finding("system", "free memory", "this system does not say")
    remedy = "end other programs, or give a smaller --batch-size" if free < LEAST_MEMORY else ""
    return Finding("system", "free memory", byte_size(free), "warning" if remedy else "ok", remedy)


def _shared_memory(config: Config, folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("system", "shared memory", "no limit on this system")
    side = config.images.size or USUAL_SIDE
    batch_bytes = config.train.batch_size * 3 * side**2 * _FLOAT32_BYTES
    wanted = config.workers if config.workers >= 0 else automatic_workers(FEW_PHOTOS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitting = workers_that_fit(wanted, batch_bytes, folder=folder)
    free = byte_size(shutil.disk_usage(folder).free)
    enough = f"{free}, enough for {fitting} of {counted(wanted, 'worker')}"
    if fitting == wanted:
        return Finding("system", "shared memory", enough)
    remedy = "start the container with --shm-size 1g, or photos are read more slowly"
    return Finding("system", "shared memory", enough, "warning", remedy)


def _disk(artifacts: Path) -> Iterator[Finding]:
    """The folder of the artifacts, or the first that exists above it."""
    place = artifacts.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    remedy = "delete old runs in ARTIFACTS/runs, or name another disk with --artifacts"
    low = free < LEAST_DISK
    yield Finding(
        "system", "free disk", byte_size(free), "warning" if low else "ok", remedy if low else ""
    )
    try:
        with tempfile.NamedTemporaryFile(dir=place):
            yield Finding("system", "artifacts", f"{artifacts} can be written")
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "name a folder of your own with --artifacts, or GEOGUESS_ARTIFACTS"
        value = f"{artifacts} cannot be written ({reason.lower()})"
        yield Finding("system", "artifacts", value, "fault", remedy)
