"""How near maps in bf16 and adaptive maps are to exact ones, over several photos.

    python benchmarks/occlusion_ranks.py [--model DIR] [--table FILE] [--photos 12]
                                         [--window 32] [--stride 8]

The model must be trained; `make demo` trains one. The photos are test photos of the table: the
first of each drive, then the second of each. The exact map is ours in fp32, which `occlusion.py`
compares with Captum's. The output is JSON lines: for each photo the rank correlations of its maps
with the exact one; then their means, the least of each, and the share of the windows that the
adaptive maps covered.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import spearmanr

from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.occlusion.adaptive import adaptive_map
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_map
from geoguess_cli.photos.listing import PhotoList
from geoguess_cli.photos.table import PhotoTable, read_photo_table


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("artifacts/model"))
    parser.add_argument("--table", type=Path, default=Path("sample_data/photos.csv"))
    parser.add_argument("--photos", type=int, default=12)
    parser.add_argument("--window", type=int, default=32)
    parser.add_argument("--stride", type=int, default=8)
    return parser.parse_args()


def test_photos(table: PhotoTable, count: int) -> PhotoList:
    """The first test photo of each drive, then the second of each, and so on."""
    photos = table.only("test")
    turns = pl.int_range(pl.len()).over("sequence")
    ordered = photos.frame.with_columns(turn=turns).sort("turn", maintain_order=True)
    return PhotoTable(ordered.drop("turn").head(count), photos.root).files


def rank(found: OcclusionMap, exact: OcclusionMap) -> float:
    """Rank correlation of the pixels of two maps."""
    return float(spearmanr(found.drop.ravel(), exact.drop.ravel()).statistic)


def main() -> None:
    """Measure and print."""
    arguments = parsed()
    trained = load_model(arguments.model)
    exact, half = (
        Predictor(trained, device="cpu", precision=precision) for precision in ("fp32", "bf16")
    )
    how = {"window": arguments.window, "stride": arguments.stride}
    ranks: dict[str, list[float]] = {"bf16": [], "adaptive": []}
    shares = []
    for file in test_photos(read_photo_table(arguments.table), arguments.photos):
        image = exact.image(file)
        target = int(exact.probabilities(image[None])[0].argmax())
        whole = occlusion_map(exact.for_windows, image, target, **how)
        ranks["bf16"].append(rank(occlusion_map(half.for_windows, image, target, **how), whole))
        coarse = adaptive_map(exact.for_windows, image, target, **how)
        ranks["adaptive"].append(rank(coarse, whole))
        shares.append(coarse.total / whole.total)
        row = {name: round(values[-1], 4) for name, values in ranks.items()}
        print(json.dumps({"photo": str(file), **row, "greatest_drop": float(whole.drop.max())}))
    print(
        json.dumps(
            {
                "photos": len(shares),
                "windows": whole.total,
                "adaptive_share": round(max(shares), 4),
                **{f"{name}_rank": round(float(np.mean(of)), 4) for name, of in ranks.items()},
                **{f"{name}_least": round(min(of), 4) for name, of in ranks.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
