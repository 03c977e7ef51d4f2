"""What a split by photo hides: one model validated on its own drives, one on drives of others.

    python benchmarks/leakage.py [--config geoguess.toml] [--seeds 0 1 2] [--artifacts DIR]

The test photos of the table stay what they are. The others are divided into train and val twice, by
photo at random and by drive, with the same share of val; each division gets its own cells and its
own training by the same recipe. A validation figure is worth something if it says what the test
will say: the script prints, one JSON line a seed and division, top-1 over all photos of val and of
test, each with its 95 % interval over whole drives, and what `geoguess data leaks` says of it.

The last line gives, for each division, how many times the test top-1 the validation top-1 is. Needs
a photo table with drives and a test split, such as the sample world's; a training of it takes a few
minutes on two cores.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from geoguess_cli.config import load_config
from geoguess_cli.photos.leaks import find_leaks
from geoguess_cli.photos.splits import assign_splits
from geoguess_cli.photos.table import PhotoTable, read_photo_table, write_photo_table

DIVISIONS = ("random", "sequence")


def divided(table: PhotoTable, by: str, seed: int) -> PhotoTable:
    """The table with its test photos as they are, and train and val divided anew."""
    test = table.only("test")
    others = PhotoTable(table.frame.filter(pl.col("split") != "test").drop("split"), table.root)
    share = len(table.only("val")) / len(others)
    again = assign_splits(others, by=by, val=share, test=0.0, seed=seed)
    columns = test.frame.columns
    return PhotoTable(pl.concat([again.frame.select(columns), test.frame]), table.root)


def geoguess(*arguments: object) -> str:
    """What a verb prints."""
    command = [sys.executable, "-m", "geoguess_cli", *map(str, arguments), "--quiet"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def measure(table: PhotoTable, by: str, seed: int, config: Path, folder: Path) -> dict[str, Any]:
    """Train on one division, and evaluate on its val and on the test photos."""
    table = divided(table, by, seed)
    photos = folder / "photos.parquet"
    write_photo_table(table, photos)
    places = ("--config", config, "--artifacts", folder)
    geoguess("cells", "build", "--photos", photos, *places)
    geoguess("train", "--photos", photos, "--seed", seed, *places)
    figures = {}
    for split in ("val", "test"):
        options = ("--photos", photos, "--split", split, "--json", *places)
        report = json.loads(geoguess("eval", *options))
        figures[split] = {
            "photos": report["counts"]["photos"],
            "top_1": report["all"]["top_1"],
            "median_km": report["median_km"],
        }
    verdict = find_leaks(table, between=("train", "val")).verdict
    return {"by": by, "seed": seed, "splits": table.splits, **figures, "train_and_val": verdict}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("geoguess.toml"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--artifacts", type=Path, help="Keep what is written here.")
    arguments = parser.parse_args()
    table = read_photo_table(load_config(arguments.config, environment={}).photos)
    ratios: dict[str, list[float]] = {by: [] for by in DIVISIONS}
    with tempfile.TemporaryDirectory() as scratch:
        for seed in arguments.seeds:
            for by in DIVISIONS:
                folder = (arguments.artifacts or Path(scratch)) / f"{by}-{seed}"
                row = measure(table, by, seed, arguments.config, folder)
                print(json.dumps(row), flush=True)
                val, test = (row[split]["top_1"]["value"] for split in ("val", "test"))
                ratios[by].append(val / test)
    means = {by: round(sum(found) / len(found), 2) for by, found in ratios.items()}
    print(json.dumps({"val_top_1_over_test_top_1": means}))


if __name__ == "__main__":
    main()
