"""Try the targets with as many inputs as there is time for, guided by coverage (by atheris).

    python tests/fuzz/run.py [TARGET …] [--minutes 5] [--corpus FOLDER]

Without names all targets are tried, one after the other. An input that raises an error which is not
our own is kept in `tests/fuzz/finds/TARGET/`: mend the reader, and the file stays as its test. A
line of JSON for each target says how many inputs were tried in how much time of a core, and
`tests/fuzz/tried.json` adds it up. With --corpus, inputs that reached new code are kept for later.
"""

import argparse
import contextlib
import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PLACES = (HERE.parents[1], HERE.parent)
"""Where the package and the helpers of the tests are."""

TRIED = HERE / "tried.json"
LIMITS = ("-timeout=60", "-rss_limit_mb=3072", "-max_len=65536", "-print_final_stats=1")


def main() -> int:
    """Fuzz; the exit code is 1 if something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    parser.add_argument("--minutes", type=float, default=5.0, help="time for each target")
    parser.add_argument("--corpus", type=Path, help="folder for inputs that reached new code")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options, libfuzzer = parser.parse_known_args()
    sys.path[:0] = map(str, PLACES)
    if options.alone:
        fuzz(options.targets[0], libfuzzer)
    from fuzz.targets import TARGETS

    unknown = set(options.targets) - set(TARGETS)
    if unknown:
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    records = [tried(name, options.minutes, options.corpus) for name in options.targets or TARGETS]
    return int(any(record["found"] for record in records))


def tried(name: str, minutes: float, kept: Path | None) -> dict[str, Any]:
    """Fuzz one target in a process of its own, print what came of it, and return it."""
    from fuzz.targets import FINDS, TARGETS

    place = FINDS / name
    place.mkdir(parents=True, exist_ok=True)
    before = set(place.iterdir())
    with tempfile.TemporaryDirectory() as folder:
        corpus = (kept or Path(folder)) / name
        corpus.mkdir(parents=True, exist_ok=True)
        words = Path(folder, "words")
        for number, content in enumerate(TARGETS[name].seeds()):
            (corpus / f"seed-{number}").write_bytes(content)
        words.write_text("".join(f'"{_quoted(word)}"\n' for word in TARGETS[name].words or (b"0",)))
        command = [sys.executable, __file__, name, "--alone", str(corpus), f"-dict={words}"]
        command += [*LIMITS, f"-max_total_time={60 * minutes:.0f}", f"-artifact_prefix={place}/"]
        before_s = cpu_seconds()
        done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    found = sorted(path.name for path in set(place.iterdir()) - before)
    if not any(place.iterdir()):
        place.rmdir()
    executions = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
    record = {
        "target": name,
        "executions": int(executions[1]) if executions else 0,
        "cpu_s": round(cpu_seconds() - before_s, 1),
        "found": found,
    }
    print(json.dumps(record), flush=True)
    add_up(record)
    if found or done.returncode:
        print(done.stdout[-3000:], done.stderr[-1000:], file=sys.stderr)
    return record


def cpu_seconds() -> float:
    """Time of a core that the processes took that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def add_up(record: dict[str, Any]) -> None:
    """Add what a target has tried to `tried.json`."""
    sums = json.loads(TRIED.read_text()) if TRIED.is_file() else {}
    own = sums.setdefault(record["target"], {"executions": 0, "cpu_s": 0.0})
    for key in own:
        own[key] = round(own[key] + record[key], 1)
    TRIED.write_text(json.dumps(dict(sorted(sums.items())), indent=1) + "\n")


def _quoted(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def fuzz(name: str, arguments: list[str]) -> None:
    """Fuzz a target in this process, which ends with it."""
    try:
        import atheris
    except ImportError:
        sys.exit("fuzzing needs atheris: pip install --group fuzz")
    with atheris.instrument_imports(include=["geoguess_cli"]):
        from fuzz.targets import TARGETS

    from geoguess_cli.errors import GeoguessError

    def one(content: bytes) -> None:
        folder = tempfile.TemporaryDirectory(dir=_memory())
        with folder as place, contextlib.suppress(GeoguessError):
            TARGETS[name].read(content, Path(place))

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def _memory() -> str | None:
    """A folder in memory, if the system has one: it is faster than a disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


if __name__ == "__main__":
    sys.exit(main())
