"""Every claim of the benchmarks measured, and written to benchmarks/RESULTS.md.

    python benchmarks/results.py [NAME …] [--list] [--small]

Without names all claims are measured, else only these; the other rows of the file stay. The file is
written after each claim, so an interrupted run loses one. With --small each runs at a small size,
which shows that it works and is not written. Run it alone: other programs change the figures.
"""

import argparse
import datetime
import json
import os
import platform
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
COLUMNS = ("name", "claim", "figure", "limit", "met", "measured", "machine")


@dataclass(frozen=True)
class Claim:
    """A figure that a script prints, and its limit.

    Attributes:
        name: What to call it on the command line.
        words: What is claimed.
        command: The script and its options.
        small: Options in their place that make it quick.
        key: The key of the figure in a line of JSON that the script prints.
        limit: What the figure is compared with.
        at_most: Whether the figure must be at most the limit, else at least.
        unit: The unit of both.
        gpu: Whether it is measured on a GPU, and left out where there is none.
    """

    name: str
    words: str
    command: str
    small: str
    key: str
    limit: float
    at_most: bool = True
    unit: str = ""
    gpu: bool = False


_ZIPS, _ZIPS_SMALL = "sources.py osv-5m", "sources.py osv-5m --rows 20000 --zips 4"
_MINI, _MINI_SMALL = "sources.py osv-mini", "sources.py osv-mini --rows 2000"
_MEMORY, _MEMORY_SMALL = "worker_memory.py", "worker_memory.py --photos 20000"


def _of_5_million(verb: str, seconds: float, gigabytes: float | None = None) -> list[Claim]:
    """The claims of one verb on five million rows."""
    words = f"{verb}, 5 million rows in 98 zips"
    claims = [Claim(f"{verb}-5m-s", words, _ZIPS, _ZIPS_SMALL, f"{verb}_s", seconds, unit="s")]
    if gigabytes is not None:
        key = f"{verb}_gb"
        claims.append(Claim(f"{verb}-5m-gb", words, _ZIPS, _ZIPS_SMALL, key, gigabytes, unit="GB"))
    return claims


_PAPER_MAP = "occlusion.py --paper --window 32 --stride 32"
_PAPER_MAP_SMALL = "occlusion.py --paper --window 112 --stride 112 --per-call 4"


def _of_maps() -> list[Claim]:
    """The claims of occlusion maps; those of ranks need a trained model in artifacts/model."""
    of_paper = [
        Claim(f"occlusion-{name}", words, _PAPER_MAP, _PAPER_MAP_SMALL, key, limit, at_most)
        for name, words, key, limit, at_most in (
            (
                "fp32",
                "exact map of the paper's model, times Captum at its best",
                "fp32_times_captum",
                1.05,
                False,
            ),
            ("bf16", "the same in bf16, times Captum in fp32", "bf16_times_captum", 3, False),
            (
                "equal",
                "greatest difference of the exact map from Captum's",
                "greatest_difference",
                1e-5,
                True,
            ),
        )
    ]
    of_sample = [
        Claim(
            f"occlusion-{name}-rank-{stride}",
            f"{words}, 12 photos, windows of {window} px every {stride}",
            f"occlusion_ranks.py --window {window} --stride {stride}",
            "occlusion_ranks.py --photos 2 --window 32 --stride 16",
            f"{name}_rank",
            limit,
            at_most=False,
        )
        for window, stride in ((32, 8), (16, 4))
        for name, words, limit in (
            ("bf16", "mean rank correlation of maps in bf16 with exact ones, sample model", 0.99),
            ("adaptive", "the same of adaptive maps of a third of the windows", 0.98),
        )
    ]
    return of_paper + of_sample


def _of_training() -> list[Claim]:
    """The claims of training beside a bare loop of the same model."""
    words = "photos a second of training, of a bare loop with tensors in memory"
    rows = (
        ("sample-bf16", "sample model, 512 px, bf16", "--precision bf16"),
        ("sample-fp32", "sample model, 512 px, fp32", "--precision fp32"),
        ("paper", "paper's model, 512 px", "--paper"),
        ("paper-2048", "paper's model, 2,048 px", "--paper --side 2048"),
    )
    return [
        Claim(
            f"training-{name}",
            f"{words}: {what}",
            f"training.py {options}",
            f"training.py {options} --small",
            "of_bare",
            0.95,
            at_most=False,
        )
        for name, what, options in rows
    ]


def _of_onnx() -> list[Claim]:
    """The claims of an ONNX file beside its model folder."""
    command, small = "onnx_file.py", "onnx_file.py --small"
    words = "photos a second by an ONNX file, of those by torch, fp32"
    return [
        Claim(
            "onnx-first",
            "first answer by an ONNX file, sample model",
            command,
            small,
            "onnx_first_s",
            1.5,
            unit="s",
        ),
        Claim("onnx-photos", words, command, small, "onnx_predict_of_torch", 0.9, at_most=False),
    ]


CLAIMS = (
    Claim(
        "archives",
        "photos a second in stored zips, of those of loose files",
        "archives.py",
        "archives.py --photos 64 --rounds 2",
        "zips_of_loose",
        0.9,
        at_most=False,
    ),
    Claim(
        "worker-memory",
        "private memory of a worker beyond its imports, 5 million photos",
        _MEMORY,
        _MEMORY_SMALL,
        "private_mb",
        300,
        unit="MB",
    ),
    *_of_5_million("import", 90, 3),
    *_of_5_million("open", 20),
    *_of_5_million("split", 20),
    *_of_5_million("cells", 12, 2),
    *(
        Claim(f"{verb}-mini", f"{verb}, 129,083 rows", _MINI, _MINI_SMALL, f"{verb}_s", 3, unit="s")
        for verb in ("inspect", "import", "split", "cells")
    ),
    Claim(
        "laptop",
        "from 107,000 JPEGs to a report by the recipe laptop, in passes of the encoder",
        "laptop.py --cells 90",
        "laptop.py --photos 300 --test 60 --weights none",
        "times_the_pass",
        1.2,
    ),
    Claim(
        "laptop-minutes",
        "from 107,000 JPEGs to a report by the recipe laptop",
        "laptop.py --cells 90",
        "laptop.py --photos 300 --test 60 --weights none",
        "minutes",
        40,
        unit="minutes",
    ),
    Claim(
        "evaluation",
        "evaluation beyond the forward passes, of 60 s, 100,000 photos",
        "evaluation.py",
        "evaluation.py --photos 2000 --cells 50",
        "of_target",
        1,
    ),
    Claim(
        "evaluation-memory",
        "memory of an evaluation, of 4 GB",
        "evaluation.py",
        "evaluation.py --photos 2000 --cells 50",
        "of_target_memory",
        1,
    ),
    *_of_maps(),
    *_of_training(),
    Claim(
        "busy",
        "training beside a busy process, of its speed alone",
        "busy.py",
        "busy.py --seconds 15 --rounds 1",
        "beside_of_alone",
        0.5,
        at_most=False,
    ),
    Claim(
        "predict",
        "2,000 photos answered, of model and decoding on the same cores",
        "predicting.py many",
        "predicting.py many --small",
        "of_limit",
        0.95,
        at_most=False,
    ),
    Claim(
        "first-answer",
        "first answer of predict, times the import of torch and timm alone",
        "predicting.py first",
        "predicting.py first --small",
        "first_of_import",
        1.25,
    ),
    Claim(
        "gpu-training",
        "photos a second of training on a GPU, paper's model, 224 px, of the bare step",
        "accelerator.py",
        "accelerator.py --small",
        "of_bare",
        0.95,
        at_most=False,
        gpu=True,
    ),
    Claim(
        "gpu-map",
        "occlusion map of the paper's model on a GPU",
        "accelerator.py",
        "accelerator.py --small",
        "map_s",
        10,
        unit="s",
        gpu=True,
    ),
    *_of_onnx(),
)
"""All claims. A script that several claims name runs once for all of them."""


NO_GPU = (
    "No GPU was at hand, so nothing is claimed of one. `python benchmarks/accelerator.py` measures "
    "it where there is one."
)


def has_gpu() -> bool:
    """Whether torch finds a GPU on this machine."""
    from geoguess_cli.model.device import resolve_device

    return resolve_device("auto").type != "cpu"


def measured(command: str) -> dict[str, Any]:
    """The values of all JSON lines that a script prints; of a key twice, the last."""
    script, *options = shlex.split(command)
    process = subprocess.run(
        [sys.executable, str(HERE / script), *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}")
    values: dict[str, Any] = {}
    for line in process.stdout.splitlines():
        if line.startswith("{"):
            values.update(json.loads(line))
    return values


def machine() -> str:
    """The processor architecture, cores and memory of this machine, and the Python."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = f"{os.cpu_count()} cores, {pages:.0f} GB"
    return f"{platform.system()} {platform.machine()}, {cores}, Python {platform.python_version()}"


def row_of(claim: Claim, figure: float) -> dict[str, str]:
    """A claim as a row of the file."""
    met = figure <= claim.limit if claim.at_most else figure >= claim.limit
    side, unit = "≤" if claim.at_most else "≥", f" {claim.unit}" if claim.unit else ""
    return {
        "name": claim.name,
        "claim": claim.words,
        "figure": f"{figure:g}{unit}",
        "limit": f"{side} {claim.limit:g}{unit}",
        "met": "yes" if met else "**no**",
        "measured": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
    }


def read_rows() -> dict[str, dict[str, str]]:
    """The rows of the file as it is, by name."""
    lines = RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
    rows = [dict(zip(COLUMNS, cells, strict=True)) for cells in table if len(cells) == len(COLUMNS)]
    return {row["name"]: row for row in rows if row["name"] != "name"}


def write_rows(rows: dict[str, dict[str, str]]) -> None:
    """Write the file, its rows in the order of the claims."""
    lines = [
        "# Results of the benchmarks",
        "",
        "Written by `make bench`; `make bench ONLY=NAME` measures one claim again.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---|' * len(COLUMNS)}",
    ]
    ordered = [rows[claim.name] for claim in CLAIMS if claim.name in rows]
    lines += [f"| {' | '.join(row[column] for column in COLUMNS)} |" for row in ordered]
    if not any(claim.gpu and claim.name in rows for claim in CLAIMS):
        lines += ["", NO_GPU]
    RESULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--small", action="store_true", help="small sizes; nothing is written")
    arguments = parser.parse_args()
    known = [claim.name for claim in CLAIMS]
    if unknown := set(arguments.names) - set(known):
        parser.error(f"no claim {', '.join(sorted(unknown))}; they are {', '.join(known)}")
    chosen = [claim for claim in CLAIMS if not arguments.names or claim.name in arguments.names]
    if arguments.list:
        print("\n".join(known))
        return
    if any(claim.gpu for claim in chosen) and not has_gpu():
        chosen = [claim for claim in chosen if not claim.gpu]
        print(NO_GPU, file=sys.stderr)
    rows, values = read_rows(), dict[str, dict[str, Any]]()
    for claim in chosen:
        command = claim.small if arguments.small else claim.command
        if command not in values:
            values[command] = measured(command)
        rows[claim.name] = row_of(claim, float(values[command][claim.key]))
        print(json.dumps(rows[claim.name], ensure_ascii=False), flush=True)
        if not arguments.small:
            write_rows(rows)


if __name__ == "__main__":
    main()
