"""What a split by photo hides: a model validated on its own drives, and one on other drives.

    python benchmarks/leakage.py [--config geoguess.toml] [--seeds 0 1 2] [--artifacts DIR]

The test photos of the table stay the same. The other photos are divided into train and val twice,
by photo at random and by drive, with the same share of val. Each division gets its own cells and
its own training by the same recipe. A validation statistic is useful if it predicts the test: for
each seed and division the script prints one JSON line with top-1 over all photos of val and test,
each with its 95 % interval over whole drives, and the verdict of `geoguess data leaks`.

The last line gives the ratio of validation top-1 to test top-1 for each division. The script needs
a photo table with drives and a test split, such as the sample world's; one training takes a few
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
    """The table with the same test photos, and train and val divided again."""
    test = table.only("test")
    others = PhotoTable(table.frame.filter(pl.col("split") != "test").drop("split"), table.root)
    share = len(table.only("val")) / len(others)
    again = assign_splits(others, by=by, val=share, test=0.0, seed=seed)
    columns = test.frame.columns
    return PhotoTable(pl.concat([again.frame.select(columns), test.frame]), table.root)


def geoguess(*arguments: object) -> str:
    """The standard output of a verb."""
    command = [sys.executable, "-m", "geoguess_cli", *map(str, arguments), "--quiet"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def measure(table: PhotoTable, by: str, seed: int, config: Path, folder: Path) -> dict[str, Any]:
    """Train on one division, and evaluate on its val and on the test photos."""
    table = divided(table, by, seed)
    photos = folder / "photos.parquet"
    write_photo_table(table, photos)
    places = ("--config", config, "--artifacts", folder)
    geoguess("cells", "build", "--photos", photos, *places)
    geoguess("train", "--photos", photos, "--seed", seed, *places)
    statistics = {}
    for split in ("val", "test"):
        options = ("--photos", photos, "--split", split, "--json", *places)
        report = json.loads(geoguess("eval", *options))
        statistics[split] = {
            "photos": report["counts"]["photos"],
            "top_1": report["all"]["top_1"],
            "median_km": report["median_km"],
        }
    verdict = find_leaks(table, between=("train", "val")).verdict
    return {"by": by, "seed": seed, "splits": table.splits, **statistics, "train_and_val": verdict}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("geoguess.toml"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--artifacts", type=Path, help="Folder that keeps the models and reports.")
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
    means = {by: round(sum(of) / len(of), 2) for by, of in ratios.items()}
    print(json.dumps({"val_top_1_over_test_top_1": means}))


if __name__ == "__main__":
    main()
