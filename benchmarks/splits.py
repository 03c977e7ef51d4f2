"""Seconds and memory of a split without leaks, and of its leak check, by table size.

    python benchmarks/splits.py [--sizes 129000 5000000] [--hashed 300] [--workers 0]

Prints JSON lines: one for each size, measured in a process of its own, then the speed of hashing
and comparing photos in the search for near-duplicates. The last line is the ratio of the largest to
the smallest size in photos, seconds and memory: if the ratios are about equal, nothing grows with
the square of the size.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from geoguess_cli.photos.hashes import find_twins, hash_photos
from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.splits import assign_splits, set_aside
from geoguess_cli.photos.table import PhotoTable


def drives(photos: int) -> PhotoTable:
    """Drives of eight photos 300 m apart, dense in towns and sparse between, with creators."""
    rng = np.random.default_rng(0)
    count = -(-photos // 8)
    towns = np.column_stack(
        [rng.uniform(-45, 65, count // 300 + 1), rng.uniform(-180, 180, count // 300 + 1)]
    )
    starts = towns[rng.zipf(1.5, count) % len(towns)] + rng.normal(0, 0.2, (count, 2))
    steps = rng.normal(0, 0.003, (count, 8, 2)).cumsum(axis=1)
    latlng = (starts[:, None] + steps).reshape(-1, 2)[:photos]
    latlng[:, 0] = latlng[:, 0].clip(-89, 89)
    latlng[:, 1] = (latlng[:, 1] + 180) % 360 - 180
    sequence = np.arange(photos) // 8
    creator = rng.zipf(1.3, count)[sequence] % (count // 10 + 1)
    frame = pl.DataFrame(
        {
            "photo": np.arange(photos),
            "latitude": latlng[:, 0],
            "longitude": latlng[:, 1],
            "sequence": sequence,
            "creator": creator,
        }
    )
    names = (
        pl.format("images/{}.jpg", "photo").alias("photo"),
        pl.format("drive-{}", "sequence").alias("sequence"),
        pl.format("creator-{}", "creator").alias("creator"),
    )
    return PhotoTable(frame.with_columns(names), Path("/photos"))


def measure(photos: int) -> dict[str, Any]:
    """Seconds and memory of one split by drive with a buffer of 1 km, and of its check."""
    table = drives(photos)
    before = peak_mb()
    start = time.perf_counter()
    done = assign_splits(table, by="sequence", buffer_km=1.0)
    split_s = time.perf_counter() - start
    start = time.perf_counter()
    report = find_leaks(done)
    check_s = time.perf_counter() - start
    seconds = {}
    for by in ("creator", "cell", "random"):
        start = time.perf_counter()
        assign_splits(table, by=by)
        seconds[f"split_by_{by}_without_buffer_s"] = round(time.perf_counter() - start, 2)
    return {
        "photos": photos,
        "split_s": round(split_s, 2),
        "check_s": round(check_s, 2),
        "split_and_check_s": round(split_s + check_s, 2),
        **seconds,
        "table_mb": round(table.frame.estimated_size("mb")),
        "peak_before_mb": round(before),
        "peak_mb": round(peak_mb()),
        "shares": {name: round(count / photos, 4) for name, count in done.splits.items()},
        "set_aside": round(len(set_aside(done)) / photos, 4),
        "verdict": report.verdict,
    }


def peak_mb() -> float:
    """Peak memory of this process in MB, on Linux."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_hashing(photos: int, workers: int) -> dict[str, Any]:
    """JPEGs of 1024 × 768 pixels hashed in a second, and the seconds to compare hashes."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{row}.jpg" for row in range(photos)]
        for path in paths:
            coarse = Image.fromarray((rng.random((96, 128, 3)) * 255).astype(np.uint8))
            coarse.resize((1024, 768), Image.Resampling.BICUBIC).save(path, quality=85)
        start = time.perf_counter()
        hash_photos(paths, workers=workers)
        seconds = time.perf_counter() - start
    # The sizes of OSV-Mini; random words stand for different photos.
    train = rng.integers(0, 2**64, (103_000, 5), dtype=np.uint64)
    start = time.perf_counter()
    find_twins(train[:13_000] ^ np.uint64(1), train)
    return {
        "hashed": photos,
        "workers": workers,
        "photos_per_s": round(photos / seconds, 1),
        "compare_13000_with_103000_s": round(time.perf_counter() - start, 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[129_000, 5_000_000])
    parser.add_argument("--hashed", type=int, default=300)
    parser.add_argument("--workers", type=int, default=0)
    arguments = parser.parse_args()
    rows = []
    for size in arguments.sizes:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, (size,)))
        print(json.dumps(rows[-1]), flush=True)
    if arguments.hashed:
        print(json.dumps(measure_hashing(arguments.hashed, arguments.workers)))
    first, last = rows[0], rows[-1]
    ratios = {key: round(last[key] / first[key], 1) for key in ("photos", "split_and_check_s")}
    print(json.dumps({"ratio_of": ratios, "peak_mb": round(last["peak_mb"] / first["peak_mb"], 1)}))


if __name__ == "__main__":
    main()
