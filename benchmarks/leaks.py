"""Seconds of a leak check that reads photos: the first look against the second.

    python benchmarks/leaks.py [--photos 20000] [--change 200] [--workers -1]

Writes that many photos to a temporary folder and prints JSON lines: the first look, which reads
every photo; the second, which reads none; and a third after some photos have changed. The last line
is the ratio of the first look to the others.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from geoguess_cli.photos.hash_store import HashStore, kept_beside
from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.table import PhotoTable

ORIGINALS = 64


def write_photos(folder: Path, photos: int) -> PhotoTable:
    """A table of photos of 512 × 384 pixels; most are copies, because only reading them counts."""
    rng = np.random.default_rng(0)
    for number in range(min(ORIGINALS, photos)):
        coarse = rng.integers(0, 255, (24, 32, 3)).astype(np.uint8)
        image = Image.fromarray(coarse).resize((512, 384), Image.Resampling.BICUBIC)
        noise = rng.normal(0, 12, (384, 512, 3))
        pixels = (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.jpg", quality=85)
    for number in range(ORIGINALS, photos):
        shutil.copy(folder / f"{number % ORIGINALS}.jpg", folder / f"{number}.jpg")
    frame = pl.DataFrame(
        {
            "photo": [f"{number}.jpg" for number in range(photos)],
            "latitude": rng.uniform(-60, 70, photos),
            "longitude": rng.uniform(-180, 180, photos),
            "split": ["train" if number % 5 else "test" for number in range(photos)],
        }
    )
    return PhotoTable(frame, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--change", type=int, default=200, help="photos that change")
    parser.add_argument("--workers", type=int, default=-1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        table = write_photos(folder, arguments.photos)
        path = kept_beside(folder / "photos.parquet")
        seconds = {}
        for look in ("first", "second", "after a change"):
            if look == "after a change":
                for number in range(arguments.change):
                    os.utime(folder / f"{number}.jpg", ns=(1, 1))
            started = time.perf_counter()
            find_leaks(table, photos=True, workers=arguments.workers, kept=HashStore(path))
            seconds[look] = time.perf_counter() - started
            record = {"look": look, "photos": len(table), "seconds": round(seconds[look], 2)}
            print(json.dumps({**record, "kept_bytes": path.stat().st_size}), flush=True)
        ratios = {look: round(seconds["first"] / own, 1) for look, own in seconds.items()}
        print(json.dumps({"first_look_over": ratios}))


if __name__ == "__main__":
    main()
