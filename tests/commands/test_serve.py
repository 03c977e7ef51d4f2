"""`geoguess serve` as a process: its address, its answers, how it ends, what it warns of."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra `serve`")
pytest.importorskip("bokeh", reason="needs the extra `serve`")


@contextmanager
def served(world: Any, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and the first line that it prints."""
    command = [sys.executable, "-m", "geoguess_cli", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command,
        cwd=world.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
    )
    watchdog = threading.Timer(90, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
        watchdog.cancel()
        process.communicate()


def test_the_page_answers_as_predict_does_and_ends_cleanly(trained_world: Any) -> None:
    photo = trained_world.photo("dallas")
    result = trained_world.run("predict", photo, "--format", "jsonl", "--precision", "fp32").stdout
    expected = json.loads(result)
    content = (trained_world.folder / photo).read_bytes()
    with served(trained_world) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(f"{url}api/photos?name=dallas.jpg", data=content) as answer:
            found = json.load(answer)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert out == ""
    assert err.splitlines() == ["photos stay in memory; Ctrl-C stops the server", "stopped"]
    for key in ("latitude", "longitude", "expected_km", "radius_90_km"):
        assert found[key] == pytest.approx(expected[key], rel=1e-5)
    ours = [(guess["token"], guess["probability"]) for guess in found["guesses"]]
    theirs = [(guess["token"], guess["probability"]) for guess in expected["guesses"]]
    assert [token for token, _ in ours] == [token for token, _ in theirs]
    assert [p for _, p in ours] == pytest.approx([p for _, p in theirs], rel=1e-5)


def test_a_server_that_others_reach_is_warned_of(trained_world: Any) -> None:
    with served(trained_world, "--host", "0.0.0.0", "--json") as (process, line):
        assert json.loads(line)["url"].startswith("http://localhost:")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=120)
    assert "warning: other machines can reach 0.0.0.0" in err
    assert "no password" in err


def test_no_model_and_wrong_usage(world: Any) -> None:
    assert "no model at" in world.run("serve", "--port", "0", code=1).stderr
    assert "--port" in world.run("serve", "--port", "70000", code=2).stderr
    assert "--keep" in world.run("serve", "--keep", "0", code=2).stderr


def test_a_missing_extra_is_named(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fastapi", "uvicorn"):
        monkeypatch.setitem(sys.modules, name, None)
    result = world.run("serve", code=1)
    assert result.stderr == (
        "error: the page needs FastAPI and uvicorn: pip install 'geoguess-cli[serve]'\n"
    )
