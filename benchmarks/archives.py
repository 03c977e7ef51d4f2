"""Photos a second from zips read in place, against the same photos as loose files.

    python benchmarks/archives.py [--photos 2000] [--workers 0] [--rounds 5]

Writes JPEGs to a temporary folder, once as files and once into stored zips, and reads both through
the loader of training, in turns. Without workers, seconds are those of the processor, which other
programs do not disturb. Prints a JSON line a round, then the ratio of the medians.
"""

import argparse
import json
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.sources.packed import photos_in

SPEC = ImageSpec(224, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
ORIGINALS, ZIPS = 32, 10


def jpegs() -> list[bytes]:
    """Different photos of 512 × 384 pixels, about 40 kB each."""
    rng, files = np.random.default_rng(0), []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.jpg")
        for _ in range(ORIGINALS):
            coarse = Image.fromarray(rng.integers(0, 255, (24, 32, 3)).astype(np.uint8))
            image = coarse.resize((512, 384), Image.Resampling.BICUBIC)
            noise = rng.normal(0, 12, (384, 512, 3))
            pixels = (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(path, quality=85)
            files.append(path.read_bytes())
    return files


def photos_per_s(files: PhotoList, workers: int) -> float:
    """How many of the photos are read, decoded and fitted in a second."""
    clock = time.perf_counter if workers else time.process_time
    with PhotoLoader(files, spec=SPEC, batch_size=64, workers=workers) as loader:
        start = clock()
        read = sum(len(batch.rows) for batch in loader)
        seconds = clock() - start
    assert read == len(files)
    return read / seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    contents = jpegs()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(arguments.photos):
            (folder / f"{number}.jpg").write_bytes(contents[number % ORIGINALS])
        archives = [folder / f"{number:02}.zip" for number in range(ZIPS)]
        for part, path in enumerate(archives):
            with zipfile.ZipFile(path, "w") as archive:
                for number in range(part, arguments.photos, ZIPS):
                    archive.writestr(f"{number}.jpg", contents[number % ORIGINALS])
        packed = photos_in(archives)
        numbers = [int(Path(file.name).stem) for file in packed]
        loose = PhotoList.of_files([folder / f"{number}.jpg" for number in numbers])
        photos_per_s(loose, arguments.workers)  # both are in the cache of the system from here on
        rounds = []
        for _ in range(arguments.rounds):
            figures = {
                "loose_per_s": photos_per_s(loose, arguments.workers),
                "zips_per_s": photos_per_s(packed, arguments.workers),
            }
            rounds.append(figures)
            print(json.dumps({key: round(value, 1) for key, value in figures.items()}), flush=True)
    medians = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
    ratio = medians["zips_per_s"] / medians["loose_per_s"]
    print(json.dumps({"photos": arguments.photos, "zips_of_loose": round(ratio, 3)}))


if __name__ == "__main__":
    main()
