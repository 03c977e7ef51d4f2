"""Write the sample world: generated photos of places in ten real states.

    python sample_data/make_world.py                      every photo, and photos.csv
    python sample_data/make_world.py --masks 20 -o DIR    20 photos, each with its label mask
    python sample_data/make_world.py --drives 930 -o DIR  a larger world of about 6,000 photos

README.md beside this file says what the pictures show and what depends on the place.
"""

import argparse
import csv
import multiprocessing
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:  # worker processes and tests import `world` from here too
    sys.path.insert(0, str(HERE))

from world import canvas, scene  # noqa: E402
from world.drives import COUNTRY, DRIVES, Shot, all_shots  # noqa: E402

COLUMNS = (
    "photo", "latitude", "longitude", "id", "sequence", "captured_at", "country", "region", "split",
)  # fmt: skip
JPEG_QUALITY = 70


def states(places: np.ndarray) -> Sequence[str]:
    """The state at each (latitude, longitude), by the borders that ship with geoguess."""
    from geoguess_cli.geo.places import locate

    return [place.region if place.country == COUNTRY else "" for place in locate(places)]


def write_table(shots: Sequence[Shot], path: Path) -> None:
    """Write the photo table of these shots, with photos in `photos/` beside it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for shot in shots:
            writer.writerow(
                [
                    f"photos/{shot.id}.jpg",
                    f"{shot.latitude:.6f}",
                    f"{shot.longitude:.6f}",
                    shot.id,
                    shot.drive.sequence,
                    shot.captured_at,
                    COUNTRY,
                    shot.state,
                    shot.split,
                ]
            )


def write_photo(shot: Shot, folder: Path, masks: Path | None, keep: bool = False) -> int:
    """Paint a photo into `folder` and its mask into `masks`; returns the photo's size in bytes.

    With `keep` a photo that is there stays. A photo is there whole or not at all.
    """
    path = folder / f"{shot.id}.jpg"
    if keep and path.is_file():
        return path.stat().st_size
    photo, labels = scene.render(shot)
    unfinished = path.with_suffix(".part")
    Image.fromarray(photo, "RGB").save(unfinished, "JPEG", quality=JPEG_QUALITY, optimize=True)
    unfinished.replace(path)
    if masks is not None:
        Image.fromarray(labels, "L").save(masks / f"{shot.id}.png", optimize=True)
    return path.stat().st_size


def masked_shots(shots: Sequence[Shot], count: int) -> list[Shot]:
    """`count` shots spread evenly over the held-out drives of the test split."""
    held_out = [shot for shot in shots if shot.split == "test"]
    rows = np.linspace(0, len(held_out) - 1, min(count, len(held_out))).round().astype(int)
    return [held_out[row] for row in rows]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the world, or some photos with their masks, as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=HERE, help="folder to write to")
    parser.add_argument(
        "--masks", type=int, metavar="N", help="write N test photos with their label masks instead"
    )
    parser.add_argument(
        "--drives",
        type=int,
        default=DRIVES,
        metavar="N",
        help=f"drives of a larger world, {DRIVES} or more; `geoguess data split --force` splits it",
    )
    parser.add_argument("--keep", action="store_true", help="paint only photos that are not there")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes to paint with"
    )
    options = parser.parse_args(arguments)
    if options.drives < DRIVES:
        parser.error(f"--drives is {options.drives}; the world has at least {DRIVES}")
    began = time.monotonic()
    shots = all_shots(states, drives=options.drives)
    masks = None
    if options.masks is not None:
        shots = masked_shots(shots, options.masks)
        masks = options.output / "masks"
        masks.mkdir(parents=True, exist_ok=True)
    folder = options.output / "photos"
    folder.mkdir(parents=True, exist_ok=True)
    write_table(shots, options.output / "photos.csv")
    tasks = [(shot, folder, masks, options.keep) for shot in shots]
    with multiprocessing.get_context("spawn").Pool(options.workers) as pool:
        sizes = pool.starmap(write_photo, tasks, chunksize=8)
    print(
        f"{len(sizes)} photos, {sum(sizes) / 1e6:.1f} MB, {time.monotonic() - began:.0f} s, "
        f"in {options.output}",
        file=sys.stderr,
    )
    if masks is not None:
        legend = ", ".join(f"{value} {name}" for value, name in enumerate(canvas.LABELS))
        print(f"masks: {legend}", file=sys.stderr)


if __name__ == "__main__":
    main()
