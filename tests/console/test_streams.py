"""No character stops an output."""

import io
import json
import subprocess
import sys

import pytest

from geoguess_cli.console.streams import prepare_streams, wait_asleep

TEXT = "Łódź −1 \U0001f30d caf\udce9"


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")


def written(monkeypatch, encoding: str, *, windows: bool, **environment: str) -> bytes:
    out = stream(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    prepare_streams(environment=environment, windows=windows)
    out.write(TEXT)
    out.flush()
    return out.buffer.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_a_code_page_gets_what_json_reads_back(monkeypatch, encoding):
    text = written(monkeypatch, encoding, windows=False).decode(encoding)
    assert json.loads(f'"{text}"') == "Łódź −1 \U0001f30d caf%E9"


def test_utf_8_gets_every_character(monkeypatch):
    assert written(monkeypatch, "utf-8", windows=False).decode() == "Łódź −1 \U0001f30d caf%E9"


def test_a_file_on_windows_is_utf_8_unless_another_encoding_is_asked_for(monkeypatch):
    assert written(monkeypatch, "cp1252", windows=True).decode() == "Łódź −1 \U0001f30d caf%E9"
    asked = written(monkeypatch, "cp1252", windows=True, PYTHONIOENCODING="cp1252")
    assert asked.startswith(b"\\u0141")


def test_a_stream_of_another_kind_is_left_alone(monkeypatch):
    other = io.StringIO()
    monkeypatch.setattr(sys, "stdout", other)
    prepare_streams(environment={}, windows=True)
    assert sys.stdout is other


def test_compute_threads_sleep_unless_the_user_chose_otherwise():
    environment = {}
    wait_asleep(environment)
    assert environment == {"OMP_WAIT_POLICY": "PASSIVE"}
    environment = {"OMP_WAIT_POLICY": "ACTIVE"}
    wait_asleep(environment)
    assert environment == {"OMP_WAIT_POLICY": "ACTIVE"}


def test_the_command_line_lets_them_sleep_before_torch_is_loaded():
    script = """
import os, sys
from geoguess_cli.app import main

sys.argv = ["geoguess", "--version"]
os.environ.pop("OMP_WAIT_POLICY", None)
try:
    main()
finally:
    print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "PASSIVE False"
