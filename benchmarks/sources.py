"""Seconds and memory from a download to cells: inspect, import, open, split and cells.

    python benchmarks/sources.py osv-mini [--rows 129083]
    python benchmarks/sources.py osv-5m [--rows 5000000] [--zips 98] [--folder DIR]

Makes the layout of a download, whose photos have no content: OSV-Mini as files in folders of
states, OSV-5M as zips. Then each command runs in a process of its own. Prints a JSON line a
command with its seconds, those of the processor and its greatest memory, and at last all of them in
one line.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HEADER = (
    "id,latitude,longitude,thumb_original_url,country,sequence,captured_at,lon_bin,lat_bin,cell,"
    "region,sub-region,city,land_cover,road_index,drive_side,climate,soil,dist_sea,"
    "quadtree_10_5000,quadtree_10_25000,quadtree_10_1000,quadtree_10_50000,quadtree_10_12500,"
    "quadtree_10_500,quadtree_10_2500,unique_region,unique_sub-region,unique_city,unique_country,"
    "creator_username,creator_id"
)
COLUMNS = HEADER.split(",")
STATES = ("Texas", "Kansas", "Oregon", "Nevada", "Oklahoma", "Montana", "Idaho", "New Mexico")
OPEN = "import sys; from pathlib import Path; from geoguess_cli.sources.reading import read_source;"
OPEN += "print(len(read_source(Path(sys.argv[1])).table.files))"


def osv_frame(rows: int, first: int, world: bool) -> pl.DataFrame:
    """Rows of OSV in drives of eight photos 300 m apart, with all 32 columns."""
    rng = np.random.default_rng(first)
    drives = -(-rows // 8)
    low, high = ((-45, -180), (65, 180)) if world else ((26, -124), (49, -94))
    towns = rng.uniform(low, high, (drives // 300 + 1, 2))
    starts = towns[rng.zipf(1.5, drives) % len(towns)] + rng.normal(0, 0.2, (drives, 2))
    steps = rng.normal(0, 0.003, (drives, 8, 2)).cumsum(axis=1)
    latlng = (starts[:, None] + steps).reshape(-1, 2)[:rows]
    number = pl.Series(np.arange(rows))
    own = {
        "id": number + first,
        "latitude": latlng[:, 0].clip(-89, 89),
        "longitude": (latlng[:, 1] + 180) % 360 - 180,
        "thumb_original_url": pl.lit("https://example.org/a-photo-of-some-length.jpg?x=1"),
        "country": pl.lit("US"),
        "sequence": "sequence-" + (number // 8 + first).cast(pl.String),
        "captured_at": number * 1000 + 1_606_155_034_123,
        "region": pl.lit("Kansas"),
        "creator_username": "creator-" + (number // 80).cast(pl.String),
        "creator_id": pl.lit("102175308705443.0"),
    }
    frame = pl.DataFrame({"@": number}).with_columns(
        *(
            (values if isinstance(values, pl.Expr) else pl.Series(name, values)).alias(name)
            for name, values in own.items()
        )
    )
    return frame.select(
        pl.col(name) if name in own else pl.lit("7").alias(name) for name in COLUMNS
    )


def write_zip(path: Path, ids: list[int]) -> None:
    """A zip of photos without content."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in ids:
            archive.writestr(zipfile.ZipInfo(f"{number}.jpg"), b"no photo")


def make_mini(folder: Path, rows: int) -> None:
    """OSV-Mini: a tenth of the rows are of the test set."""
    for split, share in (("train", rows - rows // 12), ("test", rows // 12)):
        frame = osv_frame(share, 10**14 * (1 + (split == "test")), world=False)
        folder.mkdir(parents=True, exist_ok=True)
        frame.write_csv(folder / f"{split}_mini.csv")
        for state in STATES:
            (folder / f"{split}_images" / state).mkdir(parents=True, exist_ok=True)
        for at, number in enumerate(frame["id"].to_list()):
            state = STATES[at % len(STATES)]
            (folder / f"{split}_images" / state / f"{number}.jpg").touch()


def make_zips(folder: Path, rows: int, zips: int) -> None:
    """OSV-5M: about a twentieth of the zips are of the test set."""
    tests = max(1, zips // 20)
    jobs = []
    for split, count in (("train", zips - tests), ("test", tests)):
        share = rows * count // zips if split == "train" else rows - rows * (zips - tests) // zips
        frame = osv_frame(share, 10**14 * (1 + (split == "test")), world=True)
        home = folder / "images" / split
        home.mkdir(parents=True, exist_ok=True)
        frame.write_csv(folder / f"{split}.csv")
        parts = np.array_split(frame["id"].shuffle(seed=0).to_numpy(), count)
        jobs += [(home / f"{at:02}.zip", part.tolist()) for at, part in enumerate(parts)]
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.starmap(write_zip, jobs, chunksize=1)


def measured(name: str, *command: str) -> dict[str, Any]:
    """Seconds and greatest memory in GB of a command of geoguess, or of a script."""
    arguments = ["-c", *command] if name == "open" else ["-m", "geoguess_cli", *command]
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    figures = {f"{name}_s": round(seconds, 2), f"{name}_gb": round(usage.ru_maxrss / 2**20, 2)}
    cpu_s = round(usage.ru_utime + usage.ru_stime, 2)
    print(json.dumps({**figures, f"{name}_cpu_s": cpu_s}), flush=True)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("layout", choices=("osv-mini", "osv-5m"))
    parser.add_argument("--rows", type=int)
    parser.add_argument("--zips", type=int, default=98)
    parser.add_argument("--folder", type=Path, help="Keep the layout here, and use it again.")
    arguments = parser.parse_args()
    mini = arguments.layout == "osv-mini"
    rows = arguments.rows or (129_083 if mini else 5_000_000)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        folder = arguments.folder or work / arguments.layout
        if not folder.exists():
            start = time.perf_counter()
            make_mini(folder, rows) if mini else make_zips(folder, rows, arguments.zips)
            made = round(time.perf_counter() - start, 1)
            print(json.dumps({"rows": rows, "layout_made_s": made}), flush=True)
        table, split = str(work / "photos.parquet"), str(work / "split.parquet")
        figures: dict[str, Any] = {}
        if mini:
            figures |= measured("inspect", "data", "inspect", str(folder))
        figures |= measured("import", "data", "import", str(folder), "-o", table)
        figures |= measured("open", OPEN, table)
        figures |= measured("split", "data", "split", table, "-o", split, "--force")
        cells = str(work / "cells.parquet")
        figures |= measured("cells", "cells", "build", "--photos", split, "-o", cells)
    seconds = max(value for key, value in figures.items() if key.endswith("_s"))
    print(json.dumps({"layout": arguments.layout, "rows": rows, **figures, "slowest_s": seconds}))


if __name__ == "__main__":
    main()
