"""The verbs of `make demo` run where no network is: in a namespace of Linux without any."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_worlds import CONFIG, TOWNS, write_world

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"

SCRIPT = """
import json, socket, sys
from geoguess_cli.app import app

try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    print(error.strerror)
for command in json.loads(sys.argv[1]):
    try:
        app(command)
    except SystemExit as end:
        if end.code:
            raise SystemExit(f"{command} ended with {end.code}")
"""


def cuts_networks() -> bool:
    """Whether this system lets a user make a namespace without a network."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0


def demo() -> list[list[str]]:
    """The commands of `make demo`, about a photo of the small world."""
    recipe = MAKEFILE.read_text().split("\ndemo:")[1].split("\n\n")[0]
    photo = f"photos/{next(iter(TOWNS))}-7-0.jpg"
    lines = re.findall(r"\$\(BIN\)/geoguess (.*)", recipe)
    return [shlex.split(line.replace("$(PHOTO)", photo)) for line in lines]


@pytest.mark.skipif(not cuts_networks(), reason="no namespaces of Linux for a user here")
@pytest.mark.promise("alone", "every verb of `make demo`, in a namespace without a network")
def test_the_verbs_of_the_demo_run_without_a_network(tmp_path: Path) -> None:
    folder = write_world(tmp_path / "world")
    (folder / "geoguess.toml").write_text(re.sub("epochs = .", "epochs = 1", CONFIG))
    commands = demo()
    assert {command[0] for command in commands} >= {"cells", "train", "eval", "predict", "probmap"}
    small = ["--window", "8", "--stride", "8"]  # a photo of this world has 32 pixels
    commands = [own + small * (own[0] == "occlude") for own in commands]
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-c", SCRIPT, json.dumps(commands)],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Network is unreachable\n")
    assert (folder / "artifacts" / "figures" / "map.html").stat().st_size > 100_000
