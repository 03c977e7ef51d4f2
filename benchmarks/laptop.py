"""From JPEGs to a calibrated model and its report by the recipe `laptop`, beside one encoder pass.

    python benchmarks/laptop.py [--photos 97000] [--test 10000] [--paper 64] [--folder DIR]

A folder of the layout and size of OSV-Mini is generated: drives in ten states, photos of 512 px.
Each verb of the recipe runs in a process of its own. The pass is the work that cannot be left out:
every photo decoded and put once through the encoder, in a process that does nothing else; it is
measured on up to 2,000 of the photos, and scaled. Prints a JSON line for each verb, then the sum in
minutes, the pass, their ratio, and with --paper the hours that the paper's recipe takes on so many
photos, measured on a step of it.

With --photos 97000 it needs about 6 GB of disk. Without the weights of the CNN (extra
`offline-weights`) use --weights none: random weights take the same time.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter

from geoguess_cli.config import Config, load_config
from geoguess_cli.features.encoder import Encoder
from geoguess_cli.geo.partition import read_partition
from geoguess_cli.model.device import autocast, resolve_precision
from geoguess_cli.model.geolocator import build_geolocator, image_spec
from geoguess_cli.photos.dataset import PhotoLoader
from geoguess_cli.photos.table import read_photo_table
from geoguess_cli.recipes.catalog import read_recipe

STATES = {
    "Texas": (31.5, -99.0),
    "Kansas": (38.5, -98.4),
    "Oregon": (44.0, -120.5),
    "Nevada": (39.3, -116.6),
    "Oklahoma": (35.6, -97.5),
    "Montana": (47.0, -109.6),
    "Idaho": (44.4, -114.6),
    "Nebraska": (41.5, -99.8),
    "New Mexico": (34.4, -106.1),
    "Wyoming": (43.0, -107.5),
}
SIDE = (512, 384)
PICTURES = 200
"""Different pictures; photos share them, since decoding takes as long."""
DRIVE = 12
COLUMNS = (
    "id",
    "latitude",
    "longitude",
    "sequence",
    "captured_at",
    "country",
    "region",
    "creator_username",
    "creator_id",
)
SAMPLE = 2000
"""Most photos of which the pass is measured."""


def pictures(rng: np.random.Generator) -> list[bytes]:
    """JPEG files with the detail of a photo: noise at many scales."""
    files = []
    for _ in range(PICTURES):
        layers = np.zeros((SIDE[1], SIDE[0], 3), dtype=np.float32)
        for step in (4, 16, 64, 128):
            shape = (SIDE[1] // step, SIDE[0] // step, 3)
            noise = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
            layers += np.asarray(noise.resize(SIDE, Image.Resampling.BICUBIC), dtype=np.float32) / 4
        buffer = io.BytesIO()
        image = Image.fromarray(layers.astype(np.uint8)).filter(ImageFilter.SHARPEN)
        image.save(buffer, "JPEG", quality=88)
        files.append(buffer.getvalue())
    return files


def generate(folder: Path, photos: int, test: int) -> None:
    """The tables and photos of `osv5m`, as OSV-Mini has them."""
    rng = np.random.default_rng(0)
    files, names = pictures(rng), list(STATES)
    home = folder / "osv5m"
    for split, count in (("train", photos), ("test", test)):
        for state in names:
            (home / f"{split}_images" / state).mkdir(parents=True, exist_ok=True)
        with open(home / f"{split}_mini.csv", "w", newline="") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for number in range(count):
                if number % DRIVE == 0:
                    state = names[rng.integers(len(names))]
                    place = np.array(STATES[state]) + rng.normal(0, 1.5, 2)
                place = place + rng.normal(0, 0.004, 2)
                own = 10**14 + number + (split == "test") * 10**9
                sequence = f"{split}-{number // DRIVE}"
                row = (own, *place.round(6), sequence, 1_500_000_000_000, "US", state, "a", "1.0")
                table.writerow(row)
                path = home / f"{split}_images" / state / f"{own}.jpg"
                path.write_bytes(files[rng.integers(PICTURES)])


def configure(folder: Path, weights: str) -> Config:
    """The recipe as the folder's configuration."""
    text = read_recipe("laptop").text.replace('weights = "imagenet"', f'weights = "{weights}"')
    (folder / "geoguess.toml").write_text(text, encoding="utf-8")
    return load_config(folder / "geoguess.toml", environment={})


def run(folder: Path, *arguments: str) -> float:
    """Seconds of a verb in a process of its own."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "geoguess_cli", *arguments]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - started
    print(json.dumps({"verb": " ".join(arguments[:2]), "s": round(seconds, 1)}), flush=True)
    return seconds


def pass_rate(config: Config) -> float:
    """Photos a second that are decoded and go through the encoder."""
    table = read_photo_table(config.photos)
    files = table.files.take(np.linspace(0, len(table) - 1, min(SAMPLE, len(table))).astype(int))
    spec, device = image_spec(config.model, config.images), torch.device("cpu")
    geolocator = build_geolocator(config.model, cells=1, image_size=spec.size)
    precision = resolve_precision(config.precision, device)
    encoder = Encoder(geolocator, config.model, spec, device, precision)
    with PhotoLoader(files, spec=spec, batch_size=config.train.batch_size, workers=-1) as loader:
        batches = iter(loader)
        encoder.features(next(batches).images)  # starting the workers is no part of the pass
        started, photos = time.perf_counter(), 0
        for batch in batches:
            encoder.features(batch.images)
            photos += len(batch.images)
        return photos / (time.perf_counter() - started)


def paper_hours(photos: int, cells: int, measured: int) -> float:
    """Hours of the 23 epochs of the paper's recipe, from a few steps of each stage."""
    config = Config()
    batch = min(measured, config.train.batch_size)
    geolocator = build_geolocator(config.model, cells=cells, image_size=224)
    device = torch.device("cpu")
    precision = resolve_precision("auto", device)
    rates = {}
    for stage in config.train.stages:
        geolocator.train().requires_grad_(True)
        for part in stage.freeze:
            geolocator.get_submodule(part).eval().requires_grad_(False)
        started, steps = time.perf_counter(), max(1, measured // batch)
        for _ in range(steps):
            with autocast(device, precision):
                loss = geolocator(torch.randn(batch, 3, 224, 224)).logsumexp(1).mean()
            loss.backward()
        rates[stage.name] = steps * batch / (time.perf_counter() - started)
    return sum(stage.epochs * photos / rates[stage.name] for stage in config.train.stages) / 3600


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        "--photos", type=int, default=97_000, help="training photos, val among them"
    )
    parser.add_argument("--test", type=int, default=10_000)
    parser.add_argument("--cells", type=int, default=60, help="split a cell that holds more photos")
    parser.add_argument("--weights", default="imagenet", choices=["imagenet", "none"])
    parser.add_argument(
        "--paper", type=int, default=0, help="photos to measure the paper's step on"
    )
    parser.add_argument("--folder", type=Path, help="keep the generated folder here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not (folder / "osv5m" / "test_mini.csv").is_file():
            generate(folder, options.photos, options.test)
        config = configure(folder, options.weights)
        prepared = run(folder, "data", "import", ".", "-o", "photos.parquet")
        prepared += run(folder, "data", "split", "photos.parquet", "--buffer-km", "auto")
        prepared += run(folder, "cells", "build", "--max-photos", str(options.cells))
        trained = run(folder, "train", "--name", "first")
        trained += run(folder, "eval")
        again = run(folder, "train", "--name", "second")
        rate = pass_rate(config)
        table = read_photo_table(config.photos)
        used = len(table.only("train")) + len(table.only("val")) + len(table.only("test"))
        cells = len(read_partition(config.cells_path))
        passed = used / rate
        total = prepared + trained
        result = {
            "photos": used,
            "cells": cells,
            "photos_per_second": round(rate, 1),
            "minutes": round(total / 60, 2),
            "pass_minutes": round(passed / 60, 2),
            "times_the_pass": round(total / passed, 3),
            "second_training_minutes": round(again / 60, 2),
        }
        if options.paper:
            photos = len(table.only("train"))
            result["paper_hours"] = round(paper_hours(photos, cells, options.paper), 1)
        print(json.dumps(result))


if __name__ == "__main__":
    main()
