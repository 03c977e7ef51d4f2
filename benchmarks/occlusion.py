"""The speed of an occlusion map, compared with Captum's and with the model's forward passes alone.

    python benchmarks/occlusion.py [--model DIR] [--window 16] [--stride 8] [--batch-size 32]
    python benchmarks/occlusion.py --paper [--window 64] [--stride 40] [--steps 4]

The photo is noise. The model comes from a folder; with --paper it has the paper's architecture and
random weights. The output is JSON lines: one line per measurement, then the ratios and the greatest
difference between the maps. Seconds are processor time, which other programs do not disturb.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import Occlusion

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.model.geolocator import build_geolocator
from geoguess_cli.occlusion.faithfulness import curve_passes, faithfulness
from geoguess_cli.occlusion.grid import window_count
from geoguess_cli.occlusion.occlusion_map import occlusion_map

PAPER_CELLS, PAPER_SIZE = 2199, 224


class Meter:
    """A model that counts its images and the seconds of processor time inside it.

    Args:
        model: From images (b, 3, h, w) to logits (b, c).
    """

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model.eval()
        self.seconds, self.images = 0.0, 0

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities as an occlusion map asks for them."""
        return self(torch.from_numpy(images)).numpy()

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Probabilities as Captum asks for them."""
        start = time.process_time()
        with torch.inference_mode():
            probabilities = self._model(images).softmax(dim=1)
        self.seconds += time.process_time() - start
        self.images += len(images)
        return probabilities


def timed(name: str, meter: Meter, work: Callable[[], Any]) -> tuple[Any, float]:
    """The result of `work` and its seconds of processor time; the measurement is printed."""
    meter.seconds, meter.images = 0.0, 0
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    row = {
        "what": name,
        "cpu_s": round(seconds, 3),
        "images": meter.images,
        "images_per_cpu_s": round(meter.images / seconds, 1),
        "share_in_model": round(meter.seconds / seconds, 4),
    }
    print(json.dumps(row), flush=True)
    return result, seconds


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("artifacts/model"))
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--window", type=int, default=16)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--steps", type=int, default=16)
    return parser.parse_args()


def network(arguments: argparse.Namespace) -> tuple[torch.nn.Module, int]:
    """The model to measure, and the side of its photos in pixels."""
    if arguments.paper:
        recipe = ModelConfig(weights="none")
        return build_geolocator(recipe, cells=PAPER_CELLS, image_size=PAPER_SIZE), PAPER_SIZE
    trained = load_model(arguments.model)
    return trained.geolocator, trained.spec.size


def main() -> None:
    """Measure, compare, print."""
    arguments = parsed()
    torch.manual_seed(0)
    geolocator, size = network(arguments)
    meter, tensor = Meter(geolocator), torch.randn(3, size, size)
    image = tensor.numpy()
    window, stride = arguments.window, arguments.stride
    batch, steps = arguments.batch_size, arguments.steps
    target = int(meter(tensor.repeat(batch, 1, 1, 1))[0].argmax())  # the first call also warms up

    def captum(per_call: int) -> np.ndarray:
        attribution = Occlusion(meter).attribute(
            tensor[None],
            sliding_window_shapes=(3, window, window),
            strides=(3, stride, stride),
            target=target,
            perturbations_per_eval=per_call,
        )
        return attribution[0, 0].numpy()

    ours, ours_s = timed(
        "map, geoguess",
        meter,
        lambda: occlusion_map(
            meter.predict, image, target, window=window, stride=stride, batch_size=batch
        ),
    )
    one, one_s = timed("map, Captum, one window a call", meter, lambda: captum(1))
    many, many_s = timed(f"map, Captum, {batch} windows a call", meter, lambda: captum(batch))
    _, judged_s = timed(
        "judgement of the map",
        meter,
        lambda: faithfulness(meter.predict, image, ours, steps=steps, batch_size=batch),
    )
    print(
        json.dumps(
            {
                "windows": window_count(size, size, window=window, stride=stride),
                "curve_images": curve_passes(steps),
                "captum_times_ours": round(one_s / ours_s, 2),
                "captum_batched_times_ours": round(many_s / ours_s, 2),
                "judgement_times_map": round(judged_s / ours_s, 2),
                "greatest_difference": float(
                    max(np.abs(ours.drop - one).max(), np.abs(ours.drop - many).max())
                ),
                "greatest_drop": float(np.abs(ours.drop).max()),
            }
        )
    )


if __name__ == "__main__":
    main()
