"""An ONNX file beside its model folder: the first answer, and photos a second, in fp32.

    python benchmarks/onnx_file.py [--photos 1000] [--side 512] [--rounds 5]

The model has the sample world's architecture, random weights and statistics of training photos.
Both take turns. The first answer is a whole process, `geoguess predict FILE`; the photos a second
are those of `predict` in one process, decoding included, and those of the network alone on arrays
in memory. It prints a JSON line a round, then the medians; with --small it takes seconds.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import calm  # noqa: F401  (before numpy)
import numpy as np
from predicting import PHOTO, as_installed, seconds_of, write_model
from training import write_photos


def first_answers(folder: Path, rounds: int) -> dict[str, float]:
    """Seconds to the first answer of either model, the median of the rounds."""
    environment = as_installed(folder)

    def ask(model: str) -> None:
        command = [sys.executable, "-m", "geoguess_cli", "predict", str(PHOTO), "--model", model]
        subprocess.run(
            [*command, "--precision", "fp32", "--device", "cpu"],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
        )

    models = {"onnx_first_s": "model.onnx", "torch_first_s": "model"}
    # The first round reads the libraries from the disk, and compiles modules.
    return in_turns({key: lambda name=name: ask(name) for key, name in models.items()}, rounds)


def photos_a_second(folder: Path, side: int, photos: int, rounds: int) -> dict[str, float]:
    """Photos a second of either model, with decoding and without, the median of the rounds."""
    from geoguess_cli.api.opening import predictor_at
    from geoguess_cli.config import Config

    files = write_photos(folder, side, photos)
    config = Config(device="cpu", precision="fp32")
    predictors = {
        name: predictor_at(folder / path, config)
        for name, path in (("onnx", "model.onnx"), ("torch", "model"))
    }
    size = predictors["onnx"].spec.size
    images = np.random.default_rng(0).normal(size=(32, 3, size, size)).astype(np.float32)
    work: dict[str, Callable[[], object]] = {}
    for name, own in predictors.items():
        work[f"{name}_predict"] = lambda own=own: list(own.predict(files, workers=-1))
        work[f"{name}_network"] = lambda own=own: [own.look(images) for _ in range(photos // 32)]
    took = in_turns(work, rounds)
    done = {"predict": photos, "network": photos // 32 * 32}
    return {
        f"{name}_a_second": done[name.partition("_")[2]] / seconds for name, seconds in took.items()
    }


def in_turns(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median of the seconds that each work takes, after a round that does not count."""
    took: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        row = {name: seconds_of(own) for name, own in work.items()}
        print(json.dumps({name: round(seconds, 3) for name, seconds in row.items()}), flush=True)
        if number:
            for name, seconds in row.items():
                took[name].append(seconds)
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--side", type=int, default=512, help="width of the JPEGs, in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="seconds, to see that it works")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.photos, arguments.rounds = 64, 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(folder / "model")
        from geoguess_cli.inference.exporting import export_onnx
        from geoguess_cli.model.checkpoint import load_model

        exported = export_onnx(load_model(folder / "model"), folder / "model.onnx")
        figures = {"onnx_difference": exported.difference}
        figures |= first_answers(folder, arguments.rounds)
        figures |= photos_a_second(folder, arguments.side, arguments.photos, arguments.rounds)
    for part in ("predict", "network"):
        ratio = figures[f"onnx_{part}_a_second"] / figures[f"torch_{part}_a_second"]
        figures[f"onnx_{part}_of_torch"] = ratio
    print(json.dumps({key: float(f"{figure:.4g}") for key, figure in figures.items()}))


if __name__ == "__main__":
    main()
