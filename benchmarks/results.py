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
from pathlib import Path
from typing import Any

from claims import CLAIMS, Claim

HERE = Path(__file__).resolve().parent
RESULTS = HERE / "RESULTS.md"
COLUMNS = ("name", "claim", "figure", "limit", "met", "measured", "machine")


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
