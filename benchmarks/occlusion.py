"""The speed of an occlusion map step by step, compared with Captum's.

    python benchmarks/occlusion.py [--model DIR] [--photo FILE] [--window 16] [--stride 8]
    python benchmarks/occlusion.py --paper [--window 32] [--stride 32]

The model comes from a folder; with --paper it has the paper's architecture and random weights.
Without --photo the photo is noise. Captum runs with each of --per-call windows a call, and counts
at its best. Then come our steps, each with those before it: weights in NCHW and in
channels_last, folded batch norms, feature maps kept between windows; in bf16 the casts of autocast,
weights cast once, kept maps; at last the adaptive map. The output is JSON lines: a line for each
measurement, then ratios, differences and rank correlations with Captum's map. Seconds are processor
time, which other programs disturb less. The copy of the network, made once a model, has a line of
its own. --steps N also times the judgement of the map.
"""

import argparse
import copy
import functools
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import Occlusion
from scipy.stats import spearmanr

from geoguess_cli.config import ModelConfig
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.model.folding import folded
from geoguess_cli.model.geolocator import Geolocator, build_geolocator
from geoguess_cli.model.kept_maps import WindowedGeolocator
from geoguess_cli.occlusion.adaptive import adaptive_map
from geoguess_cli.occlusion.faithfulness import curve_passes, faithfulness
from geoguess_cli.occlusion.grid import window_count
from geoguess_cli.occlusion.occlusion_map import OcclusionMap, occlusion_map
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.images import to_array

PAPER_CELLS, PAPER_SIZE = 2199, 224


def plain(
    network: Callable[[torch.Tensor], torch.Tensor], *, bf16: bool = False
) -> Callable[[np.ndarray], np.ndarray]:
    """A callable from images to probabilities that shares nothing between windows."""

    def predict(images: np.ndarray) -> np.ndarray:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = network(torch.from_numpy(images))
        return logits.float().softmax(dim=1).numpy()

    return predict


class Keeping:
    """A callable from images to probabilities that keeps feature maps between windows."""

    def __init__(self, network: WindowedGeolocator) -> None:
        self._network = network

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Probabilities of images, by whole passes."""
        return self._network.logits(torch.from_numpy(images)).softmax(dim=1).numpy()

    def keeping(
        self, image: np.ndarray, *, window: int
    ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """Probabilities of copies of the image."""
        network = self._network
        kept = network.keeping(torch.from_numpy(image), window=window)

        def predict(images: np.ndarray, corners: np.ndarray) -> np.ndarray:
            if kept is None:
                return self(images)
            logits = network.windowed_logits(kept, torch.from_numpy(images), corners)
            return logits.softmax(dim=1).numpy()

        return predict


def timed(name: str, images: int, work: Callable[[], Any]) -> tuple[Any, float]:
    """The result of `work` and its seconds of processor time; the measurement is printed."""
    start = time.process_time()
    result = work()
    seconds = time.process_time() - start
    row = {"what": name, "cpu_s": round(seconds, 3)}
    if images:
        row |= {"images": images, "images_per_cpu_s": round(images / seconds, 1)}
    print(json.dumps(row), flush=True)
    return result, seconds


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("artifacts/model"))
    parser.add_argument("--photo", type=Path)
    parser.add_argument("--paper", action="store_true")
    parser.add_argument("--window", type=int, default=16)
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--per-call", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--steps", type=int, default=0)
    return parser.parse_args()


def subject(arguments: argparse.Namespace) -> tuple[Geolocator, np.ndarray]:
    """The network to measure, and a photo as it sees it."""
    if arguments.paper:
        recipe = ModelConfig(weights="none")
        network = build_geolocator(recipe, cells=PAPER_CELLS, image_size=PAPER_SIZE)
        return network.eval(), torch.randn(3, PAPER_SIZE, PAPER_SIZE).numpy()
    trained = load_model(arguments.model)
    if arguments.photo is None:
        return trained.geolocator.eval(), torch.randn(3, *[trained.spec.size] * 2).numpy()
    return trained.geolocator.eval(), to_array(decode_photo(arguments.photo), trained.spec)


def captum(
    network: Geolocator, image: np.ndarray, target: int, per_call: int, *, window: int, stride: int
) -> np.ndarray:
    """Captum's map of the probability of a cell."""

    @torch.inference_mode()
    def probabilities(images: torch.Tensor) -> torch.Tensor:
        return network(images).softmax(dim=1)

    attribution = Occlusion(probabilities).attribute(
        torch.from_numpy(image)[None],
        sliding_window_shapes=(3, window, window),
        strides=(3, stride, stride),
        target=target,
        perturbations_per_eval=per_call,
    )
    return attribution[0, 0].numpy()


def captum_at_its_best(
    network: Geolocator, image: np.ndarray, target: int, arguments: argparse.Namespace
) -> tuple[int, np.ndarray, float]:
    """The windows a call with which Captum is fastest, its map and its seconds."""
    window, stride = arguments.window, arguments.stride
    references = {
        per_call: timed(
            f"Captum, {per_call} a call",
            window_count(*image.shape[1:], window=window, stride=stride),
            lambda n=per_call: captum(network, image, target, n, window=window, stride=stride),
        )
        for per_call in arguments.per_call
    }
    best = min(references, key=lambda per_call: references[per_call][1])
    return best, *references[best]


def steps_of(
    network: Geolocator, exact: WindowedGeolocator, size: int
) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """Our callables by name, each with one step more than the one before it."""
    nchw = copy.deepcopy(network).to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    half = WindowedGeolocator(network, image_size=size, dtype=torch.bfloat16)
    return {
        "nchw": plain(nchw),
        "channels_last": plain(network),
        "folded": plain(folded(network, image_size=size)),
        "fp32": Keeping(exact),
        "autocast": plain(network, bf16=True),
        "cast": plain(half.logits),
        "bf16": Keeping(half),
    }


def main() -> None:
    """Measure, compare, print."""
    arguments = parsed()
    torch.manual_seed(0)
    network, image = subject(arguments)
    size, window, stride = image.shape[1], arguments.window, arguments.stride
    batch = arguments.batch_size
    count = window_count(size, size, window=window, stride=stride)
    # The first calls also warm up.
    target = int(plain(network)(np.stack([image] * min(batch, count)))[0].argmax())

    best, reference, captum_s = captum_at_its_best(network, image, target, arguments)

    exact, copy_s = timed("the copy", 0, lambda: WindowedGeolocator(network, image_size=size))
    steps = steps_of(network, exact, size)
    how = {"window": window, "stride": stride, "batch_size": batch}
    maps: dict[str, OcclusionMap] = {}
    ratios: dict[str, float] = {}
    for name, predict in steps.items():
        work = functools.partial(occlusion_map, predict, image, target, **how)
        work()  # the first map of a shape prepares its kernels
        maps[name], seconds = timed(name, count, work)
        ratios[name] = captum_s / seconds
    work = functools.partial(adaptive_map, steps["fp32"], image, target, **how)
    maps["adaptive"], seconds = timed("adaptive", count, work)
    ratios["adaptive"] = captum_s / seconds
    if arguments.steps:
        judged = curve_passes(arguments.steps)
        work = functools.partial(
            faithfulness, steps["fp32"], image, maps["fp32"], steps=arguments.steps
        )
        timed("judgement of the map", judged, work)

    def rank(name: str) -> float:
        return round(float(spearmanr(maps[name].drop.ravel(), reference.ravel()).statistic), 4)

    print(
        json.dumps(
            {
                "windows": count,
                "captum_s": round(captum_s, 2),
                "captum_per_call": best,
                "copy_in_passes": round(copy_s / (captum_s / count), 1),
                **{f"{name}_times_captum": round(ratio, 2) for name, ratio in ratios.items()},
                "greatest_drop": float(np.abs(reference).max()),
                "greatest_difference": float(np.abs(maps["fp32"].drop - reference).max()),
                "bf16_rank": rank("bf16"),
                "autocast_rank": rank("autocast"),
                "adaptive_rank": rank("adaptive"),
            }
        )
    )


if __name__ == "__main__":
    main()
