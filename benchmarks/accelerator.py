"""Speed on a GPU: the paper's model at 224 px beside a bare step, and an occlusion map.

    python benchmarks/accelerator.py [--batch-size 64] [--steps 60] [--rounds 3] [--small]
                                     [--device auto]

Without a GPU it prints a line that says so, and measures nothing; `--small --device cpu` runs the
same code on the sample world's model, which says nothing of a GPU. Else `training.py` trains on
JPEGs, without and with torch.compile, beside `bare_loop.py` on the same GPU, and the map of a photo
is computed from windows of 32 px, 16 px apart. Prints JSON lines; the last has photos a second,
their ratio to the bare step and the seconds of the map.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from bare_loop import PAPER_CELLS, configuration
from training import SAMPLE_CELLS, bare_loop, cells_of, prepared, training

from geoguess_cli.model.device import resolve_device
from geoguess_cli.model.geolocator import build_geolocator, image_spec

WINDOW, STRIDE = 32, 16


def trained_beside(arguments: argparse.Namespace) -> dict[str, float]:
    """Photos a second of training, and their ratio to the bare step's, medians of the rounds."""
    cells = cells_of(PAPER_CELLS if arguments.paper else SAMPLE_CELLS, np.random.default_rng(0))
    rates, ratios = [], []
    with tempfile.TemporaryDirectory() as name, bare_loop(arguments, len(cells)) as bare:
        for rate, _ in training(*prepared(arguments, Path(name)), cells):
            rates.append(rate)
            ratios.append(rate / bare())
            print(json.dumps({"compile": arguments.compile, "photos_per_second": round(rate, 1)}))
    return {"rate": statistics.median(rates[1:]), "of_bare": statistics.median(ratios[1:])}


def map_seconds(arguments: argparse.Namespace) -> float:
    """Seconds of an occlusion map, the median of some rounds."""
    from geoguess_cli.geo.partition import build_partition
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.model.trained import TrainedModel
    from geoguess_cli.occlusion.occlusion_map import occlusion_map

    config = configuration(paper=arguments.paper)
    spec = image_spec(config.model, config.images)
    cells = build_partition(np.random.default_rng(0).uniform(30, 47, (4000, 2)), min_photos=1)
    network = build_geolocator(config.model, cells=len(cells), image_size=spec.size)
    trained = TrainedModel(network, cells, config.model, spec)
    predictor = Predictor(trained, device=arguments.device)
    image, seconds = torch.randn(3, spec.size, spec.size).numpy(), []
    for _ in range(arguments.rounds + 1):
        started = time.perf_counter()
        occlusion_map(predictor.for_windows, image, 0, window=WINDOW, stride=STRIDE, batch_size=64)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])


def parsed(options: list[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="seconds, to see that it works")
    parser.add_argument("--device", default="auto", help="auto takes a GPU, and no CPU")
    arguments = parser.parse_args(options)
    if arguments.small:
        arguments.batch_size, arguments.steps, arguments.rounds = 4, 2, 1
    return arguments


def main(options: list[str] | None = None) -> None:
    """Measure and print."""
    arguments = parsed(options)
    device = resolve_device(arguments.device)
    on_cpu = device.type == "cpu"
    if on_cpu and arguments.device == "auto":
        print(json.dumps({"gpu": None}))
        return
    vars(arguments).update(
        paper=not on_cpu, side=512, precision="auto", workers=-1, device=device.type
    )
    plain = trained_beside(argparse.Namespace(**vars(arguments), compile=False))
    # A compiler takes minutes to make kernels for a CPU, and no claim is about one.
    compiled = (
        None if on_cpu else trained_beside(argparse.Namespace(**vars(arguments), compile=True))
    )
    result = {
        "gpu": torch.cuda.get_device_name() if device.type == "cuda" else device.type,
        "photos_per_second": plain["rate"],
        "of_bare": plain["of_bare"],
        "compiled_photos_per_second": compiled and compiled["rate"],
        "map_s": map_seconds(arguments),
    }
    named = {key: round(v, 3) if isinstance(v, float) else v for key, v in result.items()}
    print(json.dumps(named))


if __name__ == "__main__":
    main()
