"""A training with nothing but the model: photos a second that the loop around it can lose.

    python benchmarks/bare_loop.py [--paper] [--precision bf16] [--batch-size 32] [--steps 20]

The same modules, optimizer, compute threads and clipping as `geoguess train`. The batches are
synthetic tensors that lie in memory; nothing is decoded, reported, judged or kept. Prints the
photos a second as a JSON line. With --wait it trains that many steps for each line on standard
input, so that another training can take turns with it on one machine.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

from geoguess_cli.config import Config, load_config
from geoguess_cli.model.device import autocast, resolve_device, resolve_precision
from geoguess_cli.model.geolocator import build_geolocator, image_spec

ROOT = Path(__file__).resolve().parents[1]
IN_MEMORY = 4
"""Different batches, which take turns."""

PAPER_CELLS = 2199


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--paper", action="store_true", help="the paper's model, not the sample's")
    parser.add_argument("--cells", type=int, default=PAPER_CELLS)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto", choices=["auto", "fp32", "bf16"])
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0, help="0 takes torch's own number")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--wait", action="store_true", help="train for each line of the input")
    return parser.parse_args()


def configuration(*, paper: bool) -> Config:
    """The configuration of the sample world, or the paper's."""
    return Config() if paper else load_config(ROOT / "geoguess.toml", environment={})


def trained(config: Config, arguments: argparse.Namespace) -> Iterator[None]:
    """One step of the training at each step of the iteration."""
    device = resolve_device(arguments.device)
    precision = resolve_precision(arguments.precision, device)
    size, batch = image_spec(config.model, config.images).size, arguments.batch_size
    torch.manual_seed(0)
    geolocator = build_geolocator(config.model, cells=arguments.cells, image_size=size).to(device)
    learning = list(geolocator.parameters())
    optimizer = torch.optim.AdamW(
        learning, lr=1e-4, weight_decay=config.train.weight_decay, fused=True
    )
    batches = [
        (torch.randn(batch, 3, size, size), torch.randint(arguments.cells, (batch,)))
        for _ in range(IN_MEMORY)
    ]
    for images, cells in cycle([(a.to(device), b.to(device)) for a, b in batches]):
        optimizer.zero_grad(set_to_none=True)
        with autocast(device, precision):
            logits = geolocator(images)
        smoothing = config.train.label_smoothing
        cross_entropy(logits.float(), cells, label_smoothing=smoothing).backward()
        torch.nn.utils.clip_grad_norm_(learning, config.train.clip_norm)
        optimizer.step()
        yield


def photos_per_second(steps: Iterator[None], count: int, arguments: argparse.Namespace) -> float:
    """The speed of some steps."""
    started = time.perf_counter()
    for _ in islice(steps, count):
        pass
    if arguments.device != "cpu":
        torch.accelerator.synchronize()
    return count * arguments.batch_size / (time.perf_counter() - started)


def main() -> None:
    """Train and print."""
    arguments = parsed()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    steps = trained(configuration(paper=arguments.paper), arguments)
    next(steps)  # the first step prepares the kernels
    for _ in sys.stdin if arguments.wait else range(1):
        rate = photos_per_second(steps, arguments.steps, arguments)
        print(json.dumps({"photos_per_second": round(rate, 2)}), flush=True)


if __name__ == "__main__":
    main()
