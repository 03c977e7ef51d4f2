"""Speed of answers: of many photos beside model and decoding, and of the first one.

    python benchmarks/predicting.py many [--photos 2000] [--side 512] [--rounds 4]
    python benchmarks/predicting.py first [--photo FILE] [--rounds 9]

The model has the sample world's architecture, random weights and statistics of training photos.

`many` takes turns of three: decoding alone in as many processes as there are cores, the network
alone on tensors in memory with as many threads, and `Predictor.predict` with its answers written as
JSON lines. Its limit is the sum of the first two. `first` takes turns of whole processes: `geoguess
predict FILE`, and one that only imports torch and timm. Both print a JSON line a round, then the
median of the ratios; with --small they take seconds.
"""

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import calm  # noqa: F401  (before numpy)
import numpy as np
from training import SAMPLE_CELLS, cells_of, write_photos

from geoguess_cli.photos.images import ImageSpec, decode_photo, pixels_needed, to_array

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "sample_data" / "photos" / "d165-00.jpg"
IN_MEMORY = 4
"""Different batches, which take turns."""
IMPORTS = "import torch; from geoguess_cli.model._timm import timm"
"""timm through its door, since a torchvision for another torch stops `import timm`."""


def write_model(folder: Path) -> None:
    """A model folder with all that `geoguess train` puts into it, but random weights."""
    import torch
    from bare_loop import configuration

    from geoguess_cli.model.checkpoint import save_model
    from geoguess_cli.model.familiarity import Familiarity
    from geoguess_cli.model.geolocator import build_geolocator, image_spec
    from geoguess_cli.model.trained import TrainedModel

    config, rng = configuration(paper=False), np.random.default_rng(0)
    spec, cells = image_spec(config.model, config.images), cells_of(SAMPLE_CELLS, rng)
    torch.manual_seed(0)
    network = build_geolocator(config.model, cells=len(cells), image_size=spec.size)
    with torch.inference_mode():
        pooled = network.eval().look(torch.randn(256, 3, spec.size, spec.size)).pooled.numpy()
    familiarity = Familiarity.of(pooled)
    familiarity = familiarity.judged(familiarity.distances_of(pooled), "val")
    save_model(folder, TrainedModel(network, cells, config.model, spec, familiarity=familiarity))


def decode(file: Path, spec: ImageSpec) -> None:
    """Read a photo as the model sees it."""
    to_array(decode_photo(file, at_least=pixels_needed(spec)), spec)


def seconds_of(work: Callable[[], object]) -> float:
    """How long some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def many(arguments: argparse.Namespace, folder: Path) -> None:
    """Measure the answers to many photos."""
    import torch

    from geoguess_cli.inference.files import answer_lines
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.model.device import autocast

    predictor = Predictor.load(folder / "model", device="cpu", precision=arguments.precision)
    network, spec, batch = predictor.trained.geolocator, predictor.spec, arguments.batch_size
    files = write_photos(folder, arguments.side, arguments.photos)
    tensors = [torch.randn(batch, 3, spec.size, spec.size) for _ in range(IN_MEMORY)]

    def model() -> None:
        with torch.inference_mode(), autocast(predictor.device, predictor.precision):
            for number in range(0, len(files), batch):
                network.look(tensors[number // batch % IN_MEMORY])

    def answers() -> None:
        given = predictor.predict(files, batch_size=batch, workers=-1)
        for line in answer_lines(given, predictor.partition, "jsonl"):
            len(line)

    ratios = []
    with multiprocessing.get_context("spawn").Pool() as pool:
        read = partial(pool.map, partial(decode, spec=spec), files, chunksize=16)
        for work in (read, model, answers):
            work()  # starts processes, prepares kernels, fills the system's cache of files
        for number in range(arguments.rounds):
            # Each second round the other way round: a machine that slows down favours nobody.
            turns = [("decoding_s", read), ("model_s", model), ("answers_s", answers)]
            took = {name: seconds_of(work) for name, work in turns[:: (-1) ** number]}
            ratios.append((took["decoding_s"] + took["model_s"]) / took["answers_s"])
            print(json.dumps({key: round(value, 3) for key, value in took.items()}), flush=True)
    print(json.dumps({"photos": len(files), "of_limit": round(statistics.median(ratios), 3)}))


def as_installed(folder: Path) -> dict[str, str]:
    """Environment variables of a program that was installed: its modules are compiled before.

    With PYTHONDONTWRITEBYTECODE each process would compile the package anew.

    Args:
        folder: Where the compiled modules are kept.
    """
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")}


def first(arguments: argparse.Namespace, folder: Path) -> None:
    """Measure the first answer."""
    bare = [sys.executable, "-c", IMPORTS]
    predict = [sys.executable, "-m", "geoguess_cli", "predict", str(arguments.photo)]
    predict += ["--model", str(folder / "model")]
    environment = as_installed(folder)

    def run(command: list[str]) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=folder, env=environment)

    importing, answering = [], []
    for number in range(arguments.rounds + 1):
        own = seconds_of(partial(run, bare)), seconds_of(partial(run, predict))
        print(json.dumps({"import_s": round(own[0], 3), "answer_s": round(own[1], 3)}), flush=True)
        if number:  # the first reads the libraries from the disk
            importing.append(own[0])
            answering.append(own[1])
    ratio = statistics.median(answering) / statistics.median(importing)
    print(json.dumps({"first_of_import": round(ratio, 3)}))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["many", "first"])
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--side", type=int, default=512, help="width of the JPEGs, in pixels")
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--photo", type=Path, default=PHOTO)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="seconds, to see that it works")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.photos, arguments.rounds = 48, 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "model")
        {"many": many, "first": first}[arguments.what](arguments, folder)


if __name__ == "__main__":
    main()
