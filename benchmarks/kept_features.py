"""Disk and memory of the kept features of five million photos.

    python benchmarks/kept_features.py [--photos 5000000] [--width 768] [--zips 98]

The keys of a store are written for photos that do not exist, in zips that do not exist, each with a
second key as archived photos have; the file of features is as long as it would be, but sparse. A
fresh process then does what a training does with them: it computes the key of each photo, looks for
its row, and reads a thousand shuffled batches. Its greatest anonymous memory, imports included, is
sampled from `/proc/self/status` (Linux only); pages of the mapped file can be dropped at any time
and do not count. Prints a JSON line: sizes in GB, seconds to find all rows, milliseconds a batch.
"""

import argparse
import json
import multiprocessing
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from worker_memory import table

from geoguess_cli.features.extraction import KeptPhotos
from geoguess_cli.features.loader import FeatureLoader
from geoguess_cli.features.lookup import KeyedPhotos
from geoguess_cli.features.store import ROWS_NAME, About, FeatureStore
from geoguess_cli.photos.batch_order import BatchOrder
from geoguess_cli.photos.listing import PhotoList

BATCH, BATCHES = 128, 1000


class Watch:
    """The greatest anonymous memory of this process while it is entered, in GB."""

    def __enter__(self) -> "Watch":
        self.peak, self._ended = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            lines = Path("/proc/self/status").read_text().splitlines()
            (anonymous,) = (line.split()[1] for line in lines if line.startswith("RssAnon"))
            self.peak = max(self.peak, int(anonymous) / 1e6)
            if self._ended.wait(0.02):
                return


def write_store(folder: Path, files: PhotoList, width: int) -> float:
    """A store with a row for each photo, without their features; its size in GB."""
    about = About("none", "none", "benchmark", 224, "plain", width, "float16")
    store = FeatureStore.create(folder, about)
    stamps = KeyedPhotos(files).stamps
    contents = np.roll(stamps, 1, axis=1)  # any other keys
    with open(store.folder / ROWS_NAME, "wb") as file:
        file.truncate(len(files) * store.row_bytes)
    (store.folder / "keys.bin").write_bytes(stamps.astype("<u8").tobytes())
    store.add_aliases(contents, stamps)
    assert len(FeatureStore.open(folder)) == len(files)
    return store.disk_bytes / 1e9


def use_store(folder: Path, files: PhotoList) -> dict[str, float]:
    """Find the row of each photo and read batches, as a training does."""
    with Watch() as watch:
        start = time.perf_counter()
        store = FeatureStore.open(folder)
        rows = KeyedPhotos(files).rows_in(store)
        found_s = time.perf_counter() - start
        assert np.array_equal(rows, np.arange(len(files)))
        order = BatchOrder(len(files), BATCH, 0, True)
        batches = FeatureLoader([KeptPhotos(store, rows, {})], order).epoch(0)
        start = time.perf_counter()
        count = sum(1 for _, batch in zip(range(BATCHES), batches, strict=False) if len(batch))
        batch_ms = (time.perf_counter() - start) / count * 1000
    return {"find_s": found_s, "batch_ms": batch_ms, "memory_gb": watch.peak}


def main() -> None:
    """Write, use, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=5_000_000)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--zips", type=int, default=98)
    options = parser.parse_args()
    files = table(options.photos, options.zips).files
    with tempfile.TemporaryDirectory() as folder:
        disk = write_store(Path(folder), files, options.width)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as pool:
            used = pool.submit(use_store, Path(folder), files).result()
    sizes = {"photos": options.photos, "width": options.width, "disk_gb": round(disk, 2)}
    print(json.dumps(sizes | {key: round(value, 2) for key, value in used.items()}))


if __name__ == "__main__":
    main()
