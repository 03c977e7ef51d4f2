"""Speed of training beside busy processes, of its speed alone.

    python benchmarks/busy.py [--busy 1] [--seconds 30] [--rounds 2] [-- OPTIONS of geoguess train]

The sample world is trained by the command line, first alone, then beside processes that keep a core
busy each, in turn. Prints the photos a second of each round, and at last their best ratio. Run it
alone: it measures what other programs cost.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def spin() -> None:
    """Keep a core busy."""
    number = 1
    while True:
        number = number * 48271 % 2147483647


@contextlib.contextmanager
def busy(processes: int) -> Iterator[None]:
    """The context in which some processes keep a core busy each."""
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=spin, daemon=True) for _ in range(processes)]
    for other in others:
        other.start()
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.join()


def geoguess(*arguments: str, code: int) -> None:
    """Run the command line in the repository; its exit code is checked."""
    command = [sys.executable, "-m", "geoguess_cli", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode != code:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}")


def photos_per_second(folder: Path, seconds: int, options: list[str]) -> float:
    """Train from the start for a time; photos a second of all epochs, whole or not."""
    out = ("--artifacts", str(folder))
    geoguess(
        "train", *out, "--name", "busy", "--force", "--stop-after", f"{seconds}s", *options, code=75
    )
    newest = max((folder / "runs" / "busy" / "snapshots").glob("0*"))
    state = json.loads((newest / "state.json").read_text())
    tally = state["tallies"].get("train", {"photos": 0, "earlier": 0.0})
    if not tally["earlier"]:
        raise SystemExit("no step was done: give it more --seconds")
    photos = sum(line["photos_per_second"] for line in state["metrics"])
    return (photos + tally["photos"] / tally["earlier"]) / (len(state["metrics"]) + 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busy", type=int, default=1, help="processes beside the training")
    parser.add_argument("--seconds", type=int, default=30, help="time of each training")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("options", nargs="*", help="options of geoguess train")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        geoguess("cells", "build", "--artifacts", place, code=0)
        speeds: dict[int, list[float]] = {0: [], options.busy: []}
        for _ in range(options.rounds):
            for count, own in speeds.items():
                with busy(count):
                    own.append(photos_per_second(folder, options.seconds, options.options))
                print(json.dumps({"busy": count, "photos_per_second": round(own[-1], 1)}))
        ratio = max(speeds[options.busy]) / max(speeds[0])
        print(json.dumps({"busy": options.busy, "beside_of_alone": round(ratio, 2)}))


if __name__ == "__main__":
    main()
