"""Private memory of a worker of the loader, by the number of photos in the table.

    python benchmarks/worker_memory.py [--photos 5000000] [--zips 98]

A table of photos in zips is opened, and a worker is started with its list of files by each start
method. The worker asks for photos all over the list and then reads its private memory from
`/proc/self/smaps_rollup` (Linux only). A worker of a list of ten photos tells what the imports
take. Prints a JSON line for each method, and at last the greatest difference in MB.
"""

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import polars as pl
import torch
from torch.utils.data import Dataset

from geoguess_cli.photos.dataset import Item, PhotoLoader
from geoguess_cli.photos.images import ImageSpec
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.table import PhotoTable

SPEC = ImageSpec(224, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
TOUCHED = 20_000


def table(photos: int, zips: int) -> PhotoTable:
    """Photos that do not exist, in zips that do not exist."""
    row = np.arange(photos)
    frame = pl.DataFrame({"row": row, "latitude": row % 90 * 1.0, "longitude": row % 180 * 1.0})
    archive = pl.format("images/train/{}.zip", pl.col("row") * zips // max(1, photos))
    frame = frame.with_columns(
        archive.alias("archive"),
        (pl.col("row") * 40_000).alias("offset"),
        pl.lit(39_000, pl.Int64).alias("length"),
        pl.lit("stored").alias("compression"),
        (pl.col("row") + 10**14).cast(pl.String).alias("id"),
    )
    photo = pl.format("{}/{}.jpg", "archive", "id").alias("photo")
    return PhotoTable(frame.with_columns(photo).drop("row", "id"), Path("/photos"))


def private_mb() -> float:
    """Memory that this process shares with no other, in MB."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def work(photos: Dataset[Item], count: int, answer: Connection) -> None:
    """Ask for photos all over the list, as a shuffled epoch does, and answer with the memory."""
    torch.set_num_threads(1)
    # As often for a short list: the errors and their garbage touch memory as well.
    for row in np.linspace(0, count - 1, TOUCHED).astype(int).tolist():
        photos[0, row, 0]
    answer.send(private_mb())


def memory_of_worker(files: PhotoList, count: int, method: str) -> float:
    """The private memory of one worker, in MB."""
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe()
    photos = PhotoLoader(files, spec=SPEC, batch_size=1, workers=0)._photos
    process = context.Process(target=work, args=(photos, count, theirs))
    process.start()
    theirs.close()  # so that the end of the worker ends the wait
    memory = float(ours.recv())
    process.join()
    return memory


def in_quiet_process(files: PhotoList, count: int, method: str) -> float:
    """The same, started from a new process that has the list and nothing else.

    What a process frees after a fork counts as private memory of its child.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as pool:
        return pool.submit(memory_of_worker, files, count, method).result()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=5_000_000)
    parser.add_argument("--zips", type=int, default=98)
    arguments = parser.parse_args()
    few = table(10, 1).files
    files = table(arguments.photos, arguments.zips).files
    greatest = 0.0
    for method in ("fork", "spawn"):
        before = in_quiet_process(few, 10, method)
        with_list = in_quiet_process(files, arguments.photos, method)
        greatest = max(greatest, with_list - before)
        figures = {"imports_mb": round(before), "with_list_mb": round(with_list)}
        print(json.dumps({"method": method, **figures}), flush=True)
    print(json.dumps({"photos": arguments.photos, "private_mb": round(greatest, 1)}))


if __name__ == "__main__":
    main()
